//! A verdict that one disturbed instruction does not turn round.

use core::hint::black_box;

use tokenlatch::Verified;

use crate::hash::{Hasher, Kind};

/// Whether the bolt moves: one of two values that differ in all of their 32 bits, and every other value is a
/// rejection.
///
/// Faults in voltage, clock or light can make a processor skip an instruction or read a wrong bit. A `bool` is
/// then easily true. So firmware that guards something checks twice, with values that are far apart, as OpenTitan
/// (`hardened_bool_t`) and MCUboot (`fih_int`) do.
///
/// ```
/// use tokenlatch_device::{Fingerprint, Verdict};
///
/// # fn open(first: &tokenlatch::Verified<'_>, second: &tokenlatch::Verified<'_>) {
/// // The token was verified twice, from two copies of what came over the wire.
/// let verdict = Verdict::confirm(&Fingerprint::of(first), &Fingerprint::of(second));
/// if verdict.is_accepted() {
///     // The bolt moves.
/// }
/// # }
/// ```
///
/// Whatever rejects must do so in both verifications: revocation, replay and challenge too. Look at the verdict once
/// more where the bolt moves, in a function that is not inlined.
///
/// # What this does not cover
///
/// - Two disturbances, each at the right instruction: one in each verification, or in both of the comparisons.
/// - A disturbance after the last comparison: of the instruction that switches the pin, or of the pin.
/// - A change of the memory that both verifications read: the keys, the policy, or the token itself. A token that is
///   changed fails its signature twice, but a key that is changed in memory does not.
/// - The compiler: `black_box` hides a value from its optimizer as well as it can, and promises nothing. Look at
///   the instructions of the release that you ship.
#[derive(Clone, Copy)]
pub struct Verdict(u32);

impl Verdict {
    /// The bolt stays.
    pub const REJECTED: Self = Self(!ACCEPTED);

    /// Accepts what two verifications of a token agree on.
    #[must_use]
    #[inline(never)]
    pub fn confirm(first: &Fingerprint, second: &Fingerprint) -> Self {
        // Forwards, by what differs; and a loop that ended early is found out by its count.
        let (mut differences, mut count) = (0, 0);
        for (one, other) in first.0.iter().zip(&second.0) {
            differences |= black_box(*one) ^ black_box(*other);
            count += 1;
        }
        if black_box(differences) != 0 || black_box(count) != FINGERPRINT_LEN {
            return Self::REJECTED;
        }
        // Backwards, by what is the same.
        let (mut same, mut count) = (0xff, FINGERPRINT_LEN);
        for (one, other) in first.0.iter().zip(&second.0).rev() {
            same &= !(black_box(*one) ^ black_box(*other));
            count = count.wrapping_sub(1);
        }
        if black_box(same) != 0xff || black_box(count) != 0 {
            return Self::REJECTED;
        }
        // A fingerprint of nothing agrees with itself.
        if black_box(first) == &Fingerprint::NONE || black_box(second) == &Fingerprint::NONE {
            return Self::REJECTED;
        }
        Self(black_box(ACCEPTED))
    }

    /// Whether the bolt moves: the value is compared three times, each time read anew.
    #[must_use]
    #[inline(always)]
    pub fn is_accepted(&self) -> bool {
        black_box(self.0) == ACCEPTED
            && black_box(self.0) != !ACCEPTED
            && black_box(!self.0) == !ACCEPTED
    }
}

/// What a verification found: a hash of the token's `iss`, `aud`, `sub`, `exp`, `iat` and `jti`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; FINGERPRINT_LEN]);

impl Fingerprint {
    /// Of no token: nothing is accepted with it.
    pub const NONE: Self = Self([0; FINGERPRINT_LEN]);

    /// Of a verified token.
    #[must_use]
    #[inline(never)]
    pub fn of(token: &Verified<'_>) -> Self {
        let mut hasher = Hasher::new(Kind::Token);
        let texts = [Some(token.issuer()), token.subject(), token.token_id()];
        for text in texts {
            hasher.bytes(&[u8::from(text.is_some())]);
            if let Some(text) = text {
                hasher.text(text);
            }
        }
        for audience in token.audiences() {
            hasher.text(audience);
        }
        hasher.bytes(&token.expiry().to_le_bytes());
        hasher.bytes(&token.issued_at().unwrap_or(u64::MAX).to_le_bytes());
        Self(hasher.finish())
    }

    /// The fingerprint with every bit turned round, and back.
    ///
    /// The second verification gives it in this form, once it has used the token up. Then what is left of the first one
    /// in memory is no result of the second one, if that is skipped as a whole.
    #[must_use]
    pub fn inverted(&self) -> Self {
        Self(self.0.map(|byte| !byte))
    }
}

/// Half of its bits are one, and no pattern that a bus or an erased memory shows.
const ACCEPTED: u32 = 0x3A5C_96E1;

const FINGERPRINT_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_all_values_is_accepted() {
        assert!(Verdict(ACCEPTED).is_accepted());
        assert_eq!((ACCEPTED.count_ones(), (!ACCEPTED).count_ones()), (16, 16));
        for bit in 0..32 {
            assert!(!Verdict(ACCEPTED ^ 1 << bit).is_accepted());
            assert!(!Verdict(!ACCEPTED ^ 1 << bit).is_accepted());
        }
        for value in [0, 1, u32::MAX, !ACCEPTED] {
            assert!(!Verdict(value).is_accepted());
        }
    }

    #[test]
    fn what_is_left_of_the_first_verification_confirms_nothing() {
        let first = Fingerprint([0x5a; FINGERPRINT_LEN]);
        let second = first.inverted();
        assert!(Verdict::confirm(&first, &second.inverted()).is_accepted());
        for stale in [first, Fingerprint::NONE, Fingerprint::NONE.inverted()] {
            assert!(!Verdict::confirm(&first, &stale.inverted()).is_accepted());
        }
    }

    #[test]
    fn every_bit_of_a_fingerprint_counts() {
        let first = Fingerprint([0x5a; FINGERPRINT_LEN]);
        assert!(Verdict::confirm(&first, &first).is_accepted());
        for bit in 0..8 * FINGERPRINT_LEN {
            let mut second = first;
            second.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!Verdict::confirm(&first, &second).is_accepted());
            assert!(!Verdict::confirm(&second, &first).is_accepted());
        }
    }
}
