//! EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 9.2).

use super::digits::{BITS, Digit, MASK, Word};

/// The DER encoding of SHA-256's DigestInfo up to the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// Whether `message` is the one encoded message of `len` bytes for the digest.
///
/// EM = 0x00 || 0x01 || PS || 0x00 || T, where PS is 0xff as often as needed. A signature is checked
/// by comparing with it, never by parsing what the signature holds: that is how forgeries passed
/// (Bleichenbacher 2006).
// Not inlined, so that its stack is not in use while the power is computed.
#[inline(never)]
pub(super) fn is_encoded_message(message: &[Digit], len: usize, digest: &[u8; 32]) -> bool {
    message
        .iter()
        .zip((0..).step_by(BITS as usize))
        .all(|(digit, bit): (_, usize)| {
            // A digit lies within a word that starts with its first byte.
            let first = bit / 8;
            // Most of it is padding, which is built by the word.
            let word = if first > 51 && first + size_of::<Word>() + 2 <= len {
                Word::MAX
            } else {
                (0..size_of::<Word>()).rev().fold(0, |word, at| {
                    word << 8 | Word::from(encoded_message_byte(first + at, len, digest))
                })
            };
            *digit == (word >> (bit % 8)) as Digit & MASK
        })
}

/// Byte `i` of the encoded message, counted from the last; 0 beyond the first.
fn encoded_message_byte(i: usize, len: usize, digest: &[u8; 32]) -> u8 {
    let t = match i {
        0..32 => digest.get(31 - i),
        _ => DIGEST_INFO.get(50_usize.wrapping_sub(i)),
    };
    match t {
        Some(byte) => *byte,
        None if i == 51 || i + 1 >= len => 0x00,
        None if i + 2 == len => 0x01,
        None => 0xff,
    }
}
