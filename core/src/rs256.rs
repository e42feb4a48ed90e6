//! RS256 (RFC 7518 section 3.3): RSASSA-PKCS1-v1_5 with SHA-256.

use sha2::{Digest as _, Sha256};

use crate::rsa::portable::digits::{BITS, Digit, MASK, Unaligned};
use crate::rsa::{Bits, Buffer, Capacity, LANES, PublicKey, Steps, View};

/// The name of the algorithm, in a header's and in a JWK's `alg`.
pub(crate) const ALGORITHM: &str = "RS256";

/// The digest of a signing input.
///
/// Not inlined, so that what hashing takes of the stack is free again for what follows.
#[inline(never)]
pub(crate) fn digest(signing_input: &[u8]) -> [u8; 32] {
    Sha256::digest(signing_input).into()
}

/// Whether `signature` is that of a message with this digest (RFC 8017 section 8.2.2).
///
/// Not inlined, so that the buffer takes no stack while header and claims are read.
// For each capacity by itself, unlike the steps below: one frame takes less of the stack than two.
#[inline(never)]
pub(crate) fn verifies<const BITS: usize>(
    key: &PublicKey<BITS>,
    digest: &[u8; 32],
    signature: &[u8],
) -> bool
where
    Bits<BITS>: Capacity,
{
    let mut buffer = PublicKey::<BITS>::BUFFER;
    let key = key.view();
    // Step 1: the length.
    let len = key.bits.div_ceil(8);
    if signature.len() != len {
        return false;
    }
    // Steps 2a and 2b: RSAVP1. Steps 2c, 3 and 4: the encoded message, compared whole.
    key.public_operation(signature, buffer.as_mut())
        .is_some_and(|message| is_encoded_message(message, len, digest))
}

/// The check of a signature, which can rest between two steps. Key and signature have to be the same every time.
pub(crate) struct Check<const BITS: usize>
where
    Bits<BITS>: Capacity,
{
    buffer: Buffer<BITS>,
    progress: Progress,
}

/// How far a check has come.
enum Progress {
    /// Nothing is done.
    Start,
    /// These steps of the public operation are left.
    Power(Steps),
    /// The signature cannot be one: its length is not the key's, or its number is not below the modulus.
    Rejected,
}

impl<const BITS: usize> Check<BITS>
where
    Bits<BITS>: Capacity,
{
    /// Inlined, so that the buffer is made where it stays.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            buffer: PublicKey::<BITS>::BUFFER,
            progress: Progress::Start,
        }
    }

    /// Takes the next step: first reads the signature, then does one multiplication. Returns whether no step is
    /// left.
    pub(crate) fn step(&mut self, key: &PublicKey<BITS>, signature: &[u8]) -> bool {
        let buffer = self.buffer.as_mut();
        step_with(&key.view(), signature, buffer, &mut self.progress)
    }

    /// Takes the steps that are left, and returns whether the signature is that of a message with this digest.
    pub(crate) fn verifies(
        &mut self,
        key: &PublicKey<BITS>,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> bool {
        while !self.step(key, signature) {}
        is_signature(&key.view(), digest, self.buffer.as_mut(), &self.progress)
    }
}

/// Which of eight signatures are those of messages with these digests, each by its key.
///
/// Keys of the same bits and exponent are taken at once, where a backend can.
#[inline(never)]
pub(crate) fn verify_eight<const BITS: usize>(
    keys: [&PublicKey<BITS>; LANES],
    digests: [&[u8; 32]; LANES],
    signatures: [&[u8]; LANES],
) -> [bool; LANES]
where
    Bits<BITS>: Capacity,
{
    let views = keys.map(PublicKey::view);
    let mut buffers = [PublicKey::<BITS>::ZERO; LANES];
    let buffers = buffers.each_mut().map(AsMut::as_mut);
    let mut lanes = keys.iter().zip(digests).zip(signatures);
    match View::public_operations(&views, signatures, buffers) {
        Some(messages) => messages.map(|message| {
            let (Some(((key, digest), signature)), Some(message)) = (lanes.next(), message) else {
                return false;
            };
            let len = key.bits().div_ceil(8);
            signature.len() == len && is_encoded_message(message, len, digest)
        }),
        None => [(); LANES].map(|()| {
            let lane = lanes.next();
            lane.is_some_and(|((key, digest), signature)| verifies(key, digest, signature))
        }),
    }
}

/// RSASSA-PKCS1-v1_5: the key checks messages.
///
/// A signature is as long as the modulus, big-endian.
impl<'s, const BITS: usize> signature::Verifier<&'s [u8]> for PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    fn verify(&self, message: &[u8], signature: &&'s [u8]) -> Result<(), signature::Error> {
        if verifies(self, &digest(message), signature) {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

/// The next step of [`verifies`], which does them all, for a key of any capacity.
#[inline(never)]
fn step_with(
    key: &View<'_>,
    signature: &[u8],
    buffer: &mut [Digit],
    progress: &mut Progress,
) -> bool {
    let Some(mut operation) = key.operation(buffer) else {
        return true;
    };
    match progress {
        Progress::Start => {
            let is_whole = signature.len() == key.bits.div_ceil(8);
            let begun = is_whole.then(|| operation.begin(signature)).flatten();
            let is_done = begun.is_none_or(|steps| steps.are_done());
            *progress = begun.map_or(Progress::Rejected, Progress::Power);
            is_done
        }
        Progress::Power(steps) => {
            operation.step(steps);
            steps.are_done()
        }
        Progress::Rejected => true,
    }
}

/// The end of [`verifies`], after the last step.
#[inline(never)]
fn is_signature(
    key: &View<'_>,
    digest: &[u8; 32],
    buffer: &mut [Digit],
    progress: &Progress,
) -> bool {
    match (progress, key.operation(buffer)) {
        (Progress::Power(steps), Some(operation)) if steps.are_done() => {
            is_encoded_message(operation.result(), key.bits.div_ceil(8), digest)
        }
        _ => false,
    }
}

/// The DER encoding of SHA-256's DigestInfo up to the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// Whether `message` is the one encoded message of `len` bytes for the digest.
///
/// EM = 0x00 || 0x01 || PS || 0x00 || T, where PS is 0xff as often as needed. A signature is checked
/// by comparing with it, never by parsing it: parsers have accepted forgeries (Bleichenbacher 2006).
// Not inlined, so that its stack is not in use while the power is computed.
#[inline(never)]
fn is_encoded_message(message: &[Digit], len: usize, digest: &[u8; 32]) -> bool {
    message
        .iter()
        .zip((0..).step_by(BITS as usize))
        .all(|(digit, bit): (_, usize)| {
            let first = bit / 8;
            // Most of it is padding, which is built by the word.
            let word = if first > 51 && first + size_of::<Unaligned>() + 2 <= len {
                Unaligned::MAX
            } else {
                (0..size_of::<Unaligned>()).rev().fold(0, |word, at| {
                    word << 8 | Unaligned::from(encoded_message_byte(first + at, len, digest))
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

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::authenticated::tests::{TOKEN, key};
    use crate::base64url;

    /// The key of RFC 7515 appendix A.2, a message, and its signature.
    fn example() -> (PublicKey, Vec<u8>, Vec<u8>) {
        let mut token = TOKEN;
        let (signing_input, signature) = token.split_at_mut(TOKEN.len() - 342);
        let message = signing_input.strip_suffix(b".").unwrap();
        let signature = base64url::decode_in_place(signature).unwrap();
        (key(), message.to_vec(), signature.to_vec())
    }

    /// Of each byte of the encoded message, one value is right.
    #[test]
    fn exactly_one_message_is_accepted() {
        use crate::rsa::portable::digits::{set_from_be_bytes, stored_digits};

        let digest = core::array::from_fn(|at| at as u8);
        let mut counted = 0;
        // Of as many bytes as the modulus, and of one more that has few bits.
        for bits in [2048, 2049, 3072, 4096_usize] {
            let len = bits.div_ceil(8);
            let padding = std::vec![0xff; len - 54];
            let message = [&[0, 1], &*padding, &[0], &DIGEST_INFO, &digest].concat();
            let mut digits = std::vec![0; stored_digits(bits)];
            let mut is_accepted = |message: &[u8]| {
                set_from_be_bytes(&mut digits, message);
                is_encoded_message(&digits, len, &digest)
            };
            assert!(is_accepted(&message));
            for at in 0..len {
                let mut changed = message.clone();
                for value in 0..=u8::MAX {
                    changed[at] = value;
                    let is_right = value == message[at];
                    assert_eq!(is_accepted(&changed), is_right, "{bits}: {at}, {value}");
                    counted += 1;
                }
            }
        }
        std::println!("exhaustive: {counted} encoded messages with one byte of any value");
    }

    #[test]
    fn a_key_is_a_verifier_of_messages() {
        use signature::Verifier;

        let (key, message, signature) = example();
        assert!(key.verify(&message, &&*signature).is_ok());
        assert!(key.verify(&message[1..], &&*signature).is_err());
    }

    /// Of eight that are checked at once, too: a longer one can be the same number.
    #[test]
    fn a_signature_has_to_be_as_long_as_the_modulus() {
        let (key, message, good) = example();
        let (key, digest, good) = (&key, digest(&message), &*good);
        let longer = [&[0][..], good].concat();
        let signatures = [
            good,
            &longer,
            good,
            &longer,
            &good[1..],
            good,
            &good[..255],
            &[],
        ];
        let other = &[0; 32];
        let digests = [
            &digest, &digest, other, other, &digest, &digest, &digest, &digest,
        ];
        let verdicts = [true, false, false, false, false, true, false, false];
        assert_eq!(verify_eight([key; 8], digests, signatures), verdicts);
        for ((signature, digest), verdict) in signatures.iter().zip(digests).zip(verdicts) {
            assert_eq!(verifies(key, digest, signature), verdict);
        }
    }
}
