//! Verifies RS256 access tokens (JWT, RFC 7519) without heap, without panics, anywhere.
//!
//! A token's way is one straight line: split, header, key, signature, claims, policy, [`Verified`].
//!
//! ```
//! use tokenlatch::{Error, JwkSet, Policy, Time, verify_in_place};
//!
//! /// What the device accepts: this issuer's tokens, for this API.
//! const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/");
//!
//! fn may_write(token: &mut [u8], keys: &JwkSet<2>, now: Time) -> Result<bool, Error> {
//!     let verified = verify_in_place(token, keys, &POLICY, now)?;
//!     Ok(verified.has_scope("write"))
//! }
//! # let keys = JwkSet::from_json(br#"{"keys":[]}"#)?;
//! # assert_eq!(
//! #     may_write(&mut Vec::from(b"e30.e30."), &keys, Time::exactly(0)),
//! #     Err(Error::UnsupportedAlgorithm)
//! # );
//! # Ok::<(), Error>(())
//! ```
//!
//! # Step by step
//!
//! | what one has | what is known | the next step |
//! |---|---|---|
//! | bytes | nothing | [`Unverified::parse`]: split, header |
//! | [`Unverified`] | which key the token asks for | [`authenticate`](Unverified::authenticate): key, signature |
//! | | | or [`begin`](Unverified::begin): key |
//! | [`SignatureCheck`] | nothing more | [`step`](SignatureCheck::step) after step; [`finish`](SignatureCheck::finish): signature |
//! | [`Authenticated`], a JWS (RFC 7515) | the payload is what the key's owner signed | [`verify`](Authenticated::verify): claims, policy |
//! | [`Verified`], a JWT (RFC 7519) | the token is good | |
//!
//! There is no other way to any of these types. [`verify_in_place`] and [`verify()`] take all of these steps.
//!
//! A signature takes 10 to 100 milliseconds on a microcontroller. [`SignatureCheck`] takes them a few at a time,
//! for a device that has more to do, and takes 1 % more instructions in all.
//!
//! # Limits
//!
//! Every input has a limit, except the length of a document for [`json::parse`], [`Jwk::from_json`] and
//! [`Jwk::check_json`]: they take time in proportion to it. An input beyond its limit is rejected with an error of
//! its own.
//!
//! | what | limit | error |
//! |---|---|---|
//! | token | [`MAX_TOKEN_LEN`], 16,384 bytes | [`Error::TokenTooLong`] |
//! | header | [`MAX_HEADER_LEN`], 2,048 bytes once decoded | [`Error::HeaderTooLong`] |
//! | claims, payload | what the token's length allows | |
//! | JSON nesting | [`MAX_JSON_DEPTH`], 16 objects and arrays | [`Error::JsonTooDeep`] |
//! | members of a JSON object and of those that it lies in | [`MAX_JSON_MEMBERS`], 96 | [`Error::TooManyMembers`] |
//! | the same, in a header | [`MAX_HEADER_MEMBERS`], 32 | [`Error::TooManyMembers`] |
//! | names of a JSON object with one hash | two in a document, each of up to 128 bytes | [`Error::TooManyMembers`] |
//! | dates | 0 to 253402300799, the year 9999 | [`Error::InvalidClaim`] |
//! | JWK Set document | [`MAX_KEY_SET_LEN`], 262,144 bytes | [`Error::KeySetTooLong`] |
//! | modulus | 2048 bits to the capacity, `BITS` | [`Error::ModulusTooShort`], [`Error::ModulusTooLong`] |
//! | public exponent | odd, 3 to 2^32 - 1 | [`Error::InvalidExponent`] |
//! | `kid` of a key | [`MAX_KEY_ID_LEN`], 128 bytes | [`Error::KeyIdTooLong`] |
//! | `issuer` of a key | the same | [`Error::KeyIssuerTooLong`] |
//! | usable keys in a set | the capacity, `N` | [`Error::KeySetFull`] |
//! | keys in a set, usable or not | [`MAX_KEYS`], 1,024 | [`Error::KeySetFull`] |
//! | key in PEM (`der`) | 640 bytes of DER | [`Error::InvalidKey`] |
//! | lists of a policy | 4 of each kind | [`Error::PolicyTooLarge`] |
//! | claims of a policy, by value | 8 | [`Error::PolicyTooLarge`] |
//! | text with escapes for `deserialize` (`serde`) | 256 bytes | [`Error::UnexpectedClaims`] |
//!
//! Keys in constants beyond a limit do not compile. [`jwk!`] also checks that a modulus has no factor below 752.
//!
//! The memory needed is fixed: the token's own buffer, and a stack that depends on the capacity in
//! bits alone. [`JwkSet::from_json`] and [`JwkSet::from_keys`] return a set by value, which comes on top;
//! [`JwkSet::read_json`] reads into a set in a `static`. Nothing here recurses, allocates or panics. Every change is
//! tested by linking firmware in which a panic does not link. (This proves the default features. `der` and `serde`
//! read with the code of other crates, and only what you give them yourself.)
//!
//! SHA-256 is that of the crate `sha2`, unrolled for speed. Built with `--cfg sha2_backend_soft="compact"` in
//! `RUSTFLAGS`, a program takes 7 KB of flash less, and a token of 1,024 bytes 20,000 instructions more.
//!
//! # Features
//!
//! None is on by default. `serde`: [`Verified`]'s `deserialize`. `der`: keys from DER and PEM.
//! `defmt`: `Format` for [`Error`].
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

mod authenticated;
mod base64url;
mod claim;
mod claims;
#[doc(hidden)]
pub mod constant;
#[cfg(feature = "defmt")]
mod defmt;
mod error;
mod header;
pub mod json;
mod jwk;
mod jwk_set;
mod numeric_date;
mod policy;
mod rs256;
mod rsa;
mod signature_check;
mod tenant;
mod time;
mod uint;
mod unverified;
mod verified;

pub use authenticated::Authenticated;
pub use claim::Claim;
pub use error::{Error, Remedy, Unusable};
pub use header::{MAX_HEADER_LEN, MAX_HEADER_MEMBERS};
pub use json::{MAX_JSON_DEPTH, MAX_JSON_MEMBERS};
pub use jwk::{Jwk, MAX_KEY_ID_LEN};
pub use jwk_set::{JwkSet, MAX_KEY_SET_LEN, MAX_KEYS, for_each_jwk};
pub use policy::{ClaimValue, ISSUED_AHEAD, Policy};
#[cfg(all(any(test, tokenlatch_highest_columns), not(products = "rows")))]
#[doc(hidden)]
pub use rsa::highest_columns_are_right;
pub use rsa::{Bits, Capacity, PublicKey};
pub use signature_check::SignatureCheck;
pub use time::Time;
pub use unverified::{MAX_TOKEN_LEN, Unverified};
pub use verified::Verified;

/// Verifies a token in its own place, without another buffer.
///
/// `token` is a JWT in compact serialization (RFC 7519 section 7.2). Each part of it is decoded in its own
/// place, and the result borrows it. After an error the contents of the buffer are unspecified: to try
/// again, with other keys for example, keep a copy or use [`verify()`].
///
/// # Errors
///
/// The first reason found to reject the token, in the order split, header, key, signature, claims,
/// policy.
pub fn verify_in_place<'t, const N: usize, const BITS: usize>(
    token: &'t mut [u8],
    keys: &JwkSet<N, BITS>,
    policy: &Policy<'_>,
    now: Time,
) -> Result<Verified<'t>, Error>
where
    Bits<BITS>: Capacity,
{
    Unverified::parse(token)?
        .authenticate(keys)?
        .verify(policy, now)
}

/// As [`verify_in_place`], on a copy of `token` in `scratch`, which must be at least as long
/// ([`MAX_TOKEN_LEN`] always is enough).
///
/// # Errors
///
/// As [`verify_in_place`], and [`Error::ScratchTooSmall`].
pub fn verify<'s, const N: usize, const BITS: usize>(
    token: &[u8],
    scratch: &'s mut [u8],
    keys: &JwkSet<N, BITS>,
    policy: &Policy<'_>,
    now: Time,
) -> Result<Verified<'s>, Error>
where
    Bits<BITS>: Capacity,
{
    Unverified::parse_copy(token, scratch)?
        .authenticate(keys)?
        .verify(policy, now)
}
