//! The check of a signature in steps.

use core::fmt;

use crate::authenticated::Authenticated;
use crate::error::Error;
use crate::header::Header;
use crate::jwk::Jwk;
use crate::rs256;
use crate::rsa::{Bits, Capacity};

/// The check of a token's signature in steps. Between two of them, a device feeds its watchdog, or serves its
/// radio or its motor.
///
/// [`Unverified::begin`](crate::Unverified::begin) makes it. To drop it is to give up.
///
/// ```
/// # use tokenlatch::{Authenticated, Error, JwkSet, Unverified};
/// # fn feed_the_watchdog() {}
/// fn authenticate<'t>(
///     token: &Unverified<'t>,
///     keys: &JwkSet<2>,
/// ) -> Result<Authenticated<'t>, Error> {
///     let mut check = token.begin(keys)?;
///     while !check.step() {
///         feed_the_watchdog();
///     }
///     check.finish()
/// }
/// ```
///
/// # How long a step is
///
/// A step is at most one multiplication modulo the key's modulus. With the exponent 65537 there are 19 steps,
/// with 3 there are 4, and with 2^32 - 1, the worst, 94. Instructions on a Cortex-M3, at opt-level `s`:
///
/// | bits of the key | `begin` | the longest step | `finish` after the last step |
/// |---:|---:|---:|---|
/// | 2048 | 500 | 25,000 | less than a step |
/// | 3072 | 600 | 49,000 | less than a step |
/// | 4096 | 800 | 82,000 | less than a step |
///
/// With 2048 bits, the longest step takes 18,000 instructions on a Cortex-M4 or M33, 67,000 on RISC-V (RV32IMAC), and
/// 167,000 on a Cortex-M0.
///
/// What comes before and after is not in steps. [`Unverified::parse`](crate::Unverified::parse) hashes and decodes
/// header and payload: about 55 instructions for a byte, 47,000 for a token of 1,024 bytes. [`Authenticated::verify`]
/// reads all claims. The length of the tokens that a device takes is the bound for both.
///
/// On x86-64 processors with AVX and FMA, the first step takes the whole signature, in microseconds.
///
/// # Memory
///
/// It takes 972 bytes for keys of up to 2048 bits, 1,404 for 3072 and 1,860 for 4096, on a Cortex-M3. A function
/// that gets it from `begin` and keeps it takes twice that of the stack. If the function does nothing else, as
/// above, that is free again before the claims are read: verifying a token then takes at most 2,464 bytes of the
/// stack, and [`verify_in_place`](crate::verify_in_place) 1,300.
pub struct SignatureCheck<'t, 'k, const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    pub(crate) header: Header<'t>,
    pub(crate) payload: &'t [u8],
    pub(crate) signature: &'t [u8],
    pub(crate) digest: [u8; 32],
    pub(crate) key: &'k Jwk<BITS>,
    pub(crate) check: rs256::Check<BITS>,
}

impl<'t, const BITS: usize> SignatureCheck<'t, '_, BITS>
where
    Bits<BITS>: Capacity,
{
    /// Takes the next step. Returns true once no step is left; from then on, it does nothing.
    ///
    /// It is no verdict: [`finish`](Self::finish) gives that.
    pub fn step(&mut self) -> bool {
        self.check.step(self.key.public_key(), self.signature)
    }

    /// Takes the steps that are left, if any, and gives the verdict of
    /// [`authenticate`](crate::Unverified::authenticate).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSignature`], and where the key is marked for one issuer
    /// ([`Jwk::issuer`](crate::Jwk::issuer)), the first reason found to reject the issuer.
    pub fn finish(mut self) -> Result<Authenticated<'t>, Error> {
        let key = self.key.public_key();
        let verifies = self.check.verifies(key, &self.digest, self.signature);
        Authenticated::new(verifies, self.key.mark(), &self.header, self.payload)
    }
}

/// Shows nothing of the token.
impl<const BITS: usize> fmt::Debug for SignatureCheck<'_, '_, BITS>
where
    Bits<BITS>: Capacity,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCheck").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use num_bigint::BigUint;

    use super::*;
    use crate::authenticated::tests::{KEYS, TOKEN};
    use crate::base64url;
    use crate::jwk_set::JwkSet;
    use crate::unverified::Unverified;

    /// The primes of the key in RFC 7515 appendix A.2.
    const PRIMES: [&str; 2] = [
        "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    ];

    /// Exponents, and the steps that they take: to read the signature, to square, to multiply, and to enter
    /// Montgomery form before the first square and after all but the last multiplication.
    const EXPONENTS: [(u32, usize); 5] = [
        (3, 1 + 1 + 1 + 1),
        (17, 1 + 4 + 1 + 1),
        (65537, 1 + 16 + 1 + 1),
        (0x8000_0001, 1 + 31 + 1 + 1),
        (u32::MAX, 1 + 31 + 31 + 31),
    ];

    /// Whether each multiplication is a step here, as on every microcontroller.
    const IS_PORTABLE: bool = cfg!(any(tokenlatch_portable, not(target_arch = "x86_64")));

    struct Issuer {
        primes: [BigUint; 2],
        e: u32,
    }

    impl Issuer {
        fn new(e: u32) -> Self {
            let primes = PRIMES.map(|prime| BigUint::from_bytes_be(&decode(prime)));
            Self { primes, e }
        }

        fn modulus(&self) -> BigUint {
            self.primes.iter().product()
        }

        /// A JWK Set with this member of its key.
        fn keys(&self, member: &str) -> JwkSet<2> {
            let e = self.e.to_be_bytes();
            let e = encode(&e[e.iter().position(|byte| *byte != 0).unwrap()..]);
            let n = encode(&self.modulus().to_bytes_be());
            let document = format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"{e}"{member}}}]}}"#);
            JwkSet::from_json(document.as_bytes()).unwrap()
        }

        /// The signing input of [`TOKEN`] with this issuer's signature (RFC 8017 section 8.2.1).
        fn token(&self) -> Vec<u8> {
            let signing_input = &TOKEN[..TOKEN.len() - 343];
            let [p, q] = self.primes.each_ref().map(|prime| prime - 1_u32);
            // A multiple of the order of every number.
            let d = BigUint::from(self.e).modinv(&(p * q)).unwrap();
            let digest = rs256::digest(signing_input);
            let encoded = [
                &[0, 1][..],
                &[0xff; 202],
                &[0],
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
                &digest,
            ];
            let number = BigUint::from_bytes_be(&encoded.concat());
            with_signature(&number.modpow(&d, &self.modulus()).to_bytes_be())
        }
    }

    /// The signing input of [`TOKEN`] with this signature.
    fn with_signature(signature: &[u8]) -> Vec<u8> {
        let signing_input = &TOKEN[..TOKEN.len() - 343];
        [signing_input, b".", encode(signature).as_bytes()].concat()
    }

    fn encode(bytes: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let chunks = bytes.chunks(3).flat_map(|chunk| {
            let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            let character = move |at| char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]);
            (0..=chunk.len()).map(character)
        });
        chunks.collect()
    }

    fn decode(text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        base64url::decode_in_place(&mut bytes).unwrap().to_vec()
    }

    /// How many steps the check takes.
    fn count(check: &mut SignatureCheck<'_, '_>) -> usize {
        let mut count = 1;
        while !check.step() {
            count += 1;
        }
        count
    }

    /// Checks that the steps give the verdict of `authenticate`, however many of them are taken before the end,
    /// and returns it.
    fn verdict(token: &[u8], keys: &JwkSet<2>) -> Result<(), Error> {
        let mut token = token.to_vec();
        let token = Unverified::parse(&mut token).unwrap();
        let verdict = |result: Result<Authenticated<'_>, Error>| {
            result.map(|authenticated| authenticated.payload().to_vec())
        };
        let expected = verdict(token.authenticate(keys));
        for taken in [0, 1, 2, 3, 10, 18, 19, 20, 94, 95] {
            let in_steps = token.begin(keys).and_then(|mut check| {
                let is_done = (0..taken).fold(false, |_, _| check.step());
                assert!(taken < 94 || is_done);
                check.finish()
            });
            assert_eq!(verdict(in_steps), expected, "after {taken} steps");
        }
        expected.map(|_| ())
    }

    #[test]
    fn the_primes_are_those_of_the_key() {
        let modulus = encode(&Issuer::new(65537).modulus().to_bytes_be());
        assert!(std::str::from_utf8(KEYS).unwrap().contains(&modulus));
        assert_eq!(Issuer::new(65537).token(), TOKEN);
    }

    #[test]
    fn a_check_in_steps_gives_the_verdict_of_one_at_once() {
        for (e, _) in EXPONENTS {
            let issuer = Issuer::new(e);
            let keys = issuer.keys("");
            let good = issuer.token();
            assert_eq!(verdict(&good, &keys), Ok(()), "e = {e}");
            // Of the claims, of the signature's first byte, and of its last.
            for at in [30, 116, 456] {
                let mut token = good.clone();
                token[at] = if token[at] == b'A' { b'B' } else { b'A' };
                assert_eq!(verdict(&token, &keys), Err(Error::InvalidSignature));
            }
        }
    }

    #[test]
    fn hostile_signatures_are_rejected_in_steps() {
        let issuer = Issuer::new(17);
        let keys = issuer.keys("");
        let token = issuer.token();
        let good = decode(std::str::from_utf8(&token[token.len() - 342..]).unwrap());
        let n = issuer.modulus();
        let above = (&n + 1_u32).to_bytes_be();
        let below = (&n - 1_u32).to_bytes_be();
        // The same number modulo n. With most exponents it is longer than n.
        let wrapped = (&n + BigUint::from_bytes_be(&good)).to_bytes_be();
        assert_eq!(wrapped.len(), 256);
        for signature in [
            &[][..],
            &[0],
            &[0; 255],
            &[0; 256],
            &[0; 257],
            &[0xff; 256],
            &[0xff; 512],
            &good[1..],
            &[&[0], &*good].concat(),
            &[&*good, &[0]].concat(),
            &n.to_bytes_be(),
            &above,
            &below,
            &wrapped,
        ] {
            let token = with_signature(signature);
            assert_eq!(verdict(&token, &keys), Err(Error::InvalidSignature));
        }
        assert_eq!(verdict(&with_signature(&good), &keys), Ok(()));
    }

    #[test]
    fn a_marked_key_and_a_key_that_is_not_found_are_the_same_in_steps() {
        let issuer = Issuer::new(65537);
        for (member, expected) in [
            (r#","issuer":"joe""#, Ok(())),
            (r#","issuer":"jane""#, Err(Error::WrongKeyIssuer)),
        ] {
            assert_eq!(verdict(&TOKEN, &issuer.keys(member)), expected);
        }
        let none = JwkSet::from_json(br#"{"keys":[]}"#).unwrap();
        assert_eq!(verdict(&TOKEN, &none), Err(Error::MissingKeyId));
        let other = Issuer::new(3);
        let [key, other] = [issuer, other].map(|issuer| issuer.keys("").keys()[0]);
        let both = JwkSet::from_keys([key, other]);
        assert_eq!(verdict(&TOKEN, &both), Err(Error::MissingKeyId));
    }

    #[test]
    fn a_step_is_one_multiplication() {
        for (e, steps) in EXPONENTS {
            let issuer = Issuer::new(e);
            let keys = issuer.keys("");
            let mut token = issuer.token();
            let token = Unverified::parse(&mut token).unwrap();
            let mut check = token.begin(&keys).unwrap();
            let count = count(&mut check);
            assert!(count == steps || !IS_PORTABLE && count == 1, "{e}: {count}");
            assert!(check.step() && check.finish().is_ok());
        }
        // What cannot be a signature costs no multiplication.
        let keys = Issuer::new(65537).keys("");
        for signature in [&[0; 255], &[0xff; 256][..]] {
            let mut token = with_signature(signature);
            let token = Unverified::parse(&mut token).unwrap();
            assert_eq!(count(&mut token.begin(&keys).unwrap()), 1);
        }
    }

    /// Two checks of one token by turns, a third that is given up, and then all once more.
    #[test]
    fn checks_do_not_affect_one_another() {
        let (issuer, other) = (Issuer::new(65537), Issuer::new(3));
        let (keys, others) = (issuer.keys(""), other.keys(""));
        let mut token = issuer.token();
        let token = Unverified::parse(&mut token).unwrap();
        for _ in 0..2 {
            let mut good = token.begin(&keys).unwrap();
            let mut bad = token.begin(&others).unwrap();
            let mut given_up = token.begin(&keys).unwrap();
            for _ in 0..4 {
                good.step();
                bad.step();
                given_up.step();
            }
            assert_eq!(bad.finish().err(), Some(Error::InvalidSignature));
            assert!(good.finish().is_ok());
        }
    }

    #[test]
    fn shows_nothing_of_the_token() {
        let keys = Issuer::new(65537).keys("");
        let mut token = TOKEN;
        let token = Unverified::parse(&mut token).unwrap();
        let check = token.begin(&keys).unwrap();
        assert_eq!(format!("{check:?}"), "SignatureCheck { .. }");
    }
}
