//! Proves that the verifier cannot panic: this program links.
//!
//! The program calls all that the core offers without its optional features, with input that an attacker
//! controls. Its panic handler calls a function that does not exist. If the optimiser leaves one path to a
//! panic, the linker cannot find that function and fails. To find the path, link with
//! `-C link-arg=--defsym=the_verifier_can_panic=0` and look for the callers of `core::panicking`.
//!
//! The whole-system tests link the program twice: as it is, and with the feature `deliberate-panic`, which
//! adds one unchecked index. Nothing runs the program.
#![no_std]
#![no_main]

use core::fmt::{self, Write as _};
use core::hint::black_box;
use core::panic::PanicInfo;
use core::time::Duration;

use tokenlatch::json::{self, Text, Value};
use tokenlatch::{
    Bits, Capacity, Error, Jwk, JwkSet, Policy, PublicKey, Time, Unverified, Verified, verify,
    verify_in_place,
};
use tokenlatch_device_image::entry;

#[panic_handler]
#[expect(
    unsafe_code,
    reason = "only a foreign function can be declared without a definition"
)]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: a program that calls the function does not link.
    unsafe extern "C" {
        safe fn the_verifier_can_panic() -> !;
    }
    the_verifier_can_panic()
}

#[entry]
fn main() -> ! {
    static mut TOKEN: [u8; 1024] = [0; 1024];
    static mut SCRATCH: [u8; 1024] = [0; 1024];
    loop {
        // The compiler must assume that `black_box` returns any bytes, of any length.
        let token: &mut [u8] = black_box(TOKEN);
        let scratch: &mut [u8] = black_box(SCRATCH);
        for result in [
            with_capacity::<2048>(token, scratch),
            with_capacity::<3072>(token, scratch),
            with_capacity::<4096>(token, scratch),
            with_json(token),
        ] {
            if let Err(error) = result {
                see((error.number(), error.code(), error.remedy()));
                see(write!(Sink, "{error}"));
            }
        }
    }
}

/// Calls all that takes keys and tokens.
fn with_capacity<const BITS: usize>(token: &mut [u8], scratch: &mut [u8]) -> Result<(), Error>
where
    Bits<BITS>: Capacity,
{
    let key = PublicKey::<BITS>::from_be_bytes(token, black_box(65537))?;
    see(signature::Verifier::verify(&key, token, &&*scratch));
    see((Jwk::anonymous(key), Jwk::new(black_box("kid"), key)));

    let mut keys = JwkSet::<2, BITS>::from_json(scratch)?;
    keys.read_json(scratch)?;
    see(keys.unusable());
    #[cfg(feature = "deliberate-panic")]
    see(token[keys.unusable()]);
    for key in keys.keys() {
        see((key.key_id(), key.public_key().bits()));
    }

    let unverified = Unverified::parse(token)?;
    see((unverified.key_id(), unverified.token_type()));
    see(unverified.unverified_issuer());
    see(unverified.unverified_claim(black_box("signed_jwks")));
    let authenticated = unverified.authenticate(&keys)?;
    see((authenticated.payload(), authenticated.token_type()));
    see(authenticated.key_id());
    let mut check = unverified.begin(&keys)?;
    see(check.step());
    see(check.finish()?.payload());

    let policy = policy();
    let time = Time::between(black_box(1), black_box(2));
    with_verified(&verify(token, scratch, &keys, &policy, time)?);
    let time = Time::at_least(black_box(1));
    with_verified(&verify_in_place(token, &keys, &policy, time)?);
    Ok(())
}

/// A policy that requires all that a policy can.
fn policy() -> Policy<'static> {
    let policy = Policy::rfc9068("issuer", "audience")
        .or_issuers(&["other issuer"])
        .or_audiences(&["other audience"])
        .require_subject("subject")
        .require_client("client")
        .require_scopes(&["scope"])
        .require_claims(&["claim"])
        .leeway(Duration::from_secs(1))
        .max_age(Duration::from_secs(2))
        .accept_uncertain();
    black_box(policy)
}

/// Reads all that a verified token says.
fn with_verified(verified: &Verified<'_>) {
    see((verified.is_certainly_valid(), verified.expiry()));
    see((verified.not_before(), verified.issued_at()));
    let texts = [verified.subject(), verified.token_id(), verified.client()];
    let texts = texts.into_iter().chain([verified.key_id()]).flatten();
    let texts = texts.chain([verified.issuer()]).chain(verified.audiences());
    let texts = texts.chain(verified.scopes()).chain(verified.permissions());
    texts.for_each(with_text);
    see(verified.claim(black_box(&["scope", "email"])));
    see(verified.claims().as_str());
}

fn with_text(text: Text<'_>) {
    see((text.as_str(), text == *black_box("text")));
    see(text.chars().count());
    see(text.copy_to(black_box(&mut [0; 16])));
    see(write!(Sink, "{text}"));
}

/// Calls the JSON reader by itself.
fn with_json(document: &[u8]) -> Result<(), Error> {
    match json::parse(document)? {
        Value::Null => {}
        Value::Bool(bool) => see(bool),
        Value::Number(number) => see(number.as_str()),
        Value::String(text) => with_text(text),
        Value::Array(array) => array.elements().for_each(see),
        Value::Object(object) => object.members().for_each(see),
    }
    Ok(())
}

/// Uses a value, so that the compiler cannot leave out the code that computes it.
fn see<T>(seen: T) {
    black_box(seen);
}

/// Uses what is displayed.
struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        see(text);
        Ok(())
    }
}
