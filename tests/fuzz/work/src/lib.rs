//! The readers whose work is counted. This crate counts its blocks; the program that counts them cannot.

use std::hint::black_box;

use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, Unverified, verify};
use tokenlatch_tests::device;
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::issuer::Issuer;

/// As a service has it.
type KeySet = JwkSet<64, 4096>;

/// Reads documents as `hostile-work` does.
pub struct Reader(KeySet);

impl Default for Reader {
    fn default() -> Self {
        let keys = Issuer::rfc7515().jwk_set();
        Self(KeySet::from_json(keys.as_bytes()).expect("a key set"))
    }
}

impl Reader {
    /// Reads a token that nobody has signed.
    pub fn read_token(&self, token: &[u8]) {
        let mut copy = token.to_vec();
        let verdict = Unverified::parse(&mut copy).and_then(|token| token.authenticate(&self.0));
        drop(black_box(verdict));
    }

    /// Reads a JWK Set.
    pub fn read_key_set(&self, document: &[u8]) {
        drop(black_box(KeySet::from_json(document)));
    }

    /// Verifies a good token.
    pub fn verify(&self, token: &[u8]) {
        let policy = Policy::new("https://issuer.example/", "https://device.example/");
        let mut scratch = [0; MAX_TOKEN_LEN];
        let verdict = verify(token, &mut scratch, &self.0, &policy, Time::exactly(NOW));
        assert!(black_box(verdict).is_ok());
    }
}

/// A token as issuers issue it.
pub fn good_token() -> String {
    Issuer::rfc7515().token(&device::claims())
}
