//! A verdict that one disturbed instruction does not turn round.

use tokenlatch_device::{Fingerprint, Verdict};

use crate::code::Code;
use crate::slot::{self, Slot};
use crate::verified::tl_verified;

/// The verdict that moves the bolt. Every other number is a rejection.
pub const TL_ACCEPTED: u32 = 0x3A5C_96E1;

/// The size of a `tl_fingerprint` in words of 8 bytes: enough on every target.
pub const TL_FINGERPRINT_WORDS: usize = 5;

/// What a verification found: a hash of the token's `iss`, `aud`, `sub`, `exp`, `iat` and `jti`. Before each token,
/// fill both fingerprints with zeros: one of an old token would still be good. Do not read or write its member.
#[repr(C)]
pub struct tl_fingerprint {
    /// Opaque.
    pub opaque: [u64; TL_FINGERPRINT_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_fingerprint {
    type Value<'a> = Fingerprint;
    const MARK: u32 = 0xf109_e4f1;
}

const _: () = slot::assert_fits::<tl_fingerprint>();

/// The fingerprint of a verified token.
///
/// @param verified    The token, verified.
/// @param fingerprint Where it goes. After an error, it is empty, and agrees with none.
/// @return `TL_OK`, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_fingerprint_of(
    verified: *const tl_verified,
    fingerprint: *mut tl_fingerprint,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to claims and to a struct, and the token's buffer is as
    // it was.
    Code::of(unsafe {
        slot::clear(fingerprint).and_then(|()| {
            let verified = slot::get(verified)?;
            slot::put(fingerprint, Fingerprint::of(verified))
        })
    })
}

/// Accepts what two verifications of a token agree on, from two copies of what came over the wire.
///
/// Whatever rejects must do so in both: `tl_revocation_check`, and `tl_challenge_compare` and `tl_replay_check` in the
/// first one, `tl_challenge_check` and `tl_replay_accept` in the second one. (A clock or used tokens that could not be
/// loaded reject in `tl_replay_accept` alone.)
///
/// Compare the result with `TL_ACCEPTED` twice, and not with zero. One disturbed instruction in the verifications or in
/// the comparison then moves no bolt. core/capi/README.md says what this does not cover.
///
/// @param first  The fingerprint of the first verification.
/// @param second The fingerprint of the second one.
/// @return `TL_ACCEPTED`, or its complement.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_confirm(
    first: *const tl_fingerprint,
    second: *const tl_fingerprint,
) -> u32 {
    // SAFETY: the caller gives pointers to fingerprints, and nothing changes them now.
    let (first, second) = unsafe { (slot::get(first), slot::get(second)) };
    match (first, second) {
        (Ok(first), Ok(second)) if Verdict::confirm(first, second).is_accepted() => TL_ACCEPTED,
        _ => !TL_ACCEPTED,
    }
}
