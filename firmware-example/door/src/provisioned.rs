//! What this door was provisioned with, all of it public: put your own here.
//!
//! `tokenlatch pack` prints the key, and `tokenlatch provision` goes the whole way from a server to a device.

use tokenlatch::{JwkSet, jwk};

/// This door: the audience of its tokens.
pub(crate) const DEVICE: &str = "door-1";

/// All doors: the audience of the documents that the root key signs.
pub(crate) const FLEET: &str = "doors";

/// Who issues tokens and documents.
pub(crate) const ISSUER: &str = "https://issuer.example/";

/// The scope of a token that opens the door.
pub(crate) const OPEN: &str = "door:open";

/// The scope of a token that opens the door without an answer to a challenge where the time is uncertain.
pub(crate) const OPEN_AT_ANY_TIME: &str = "door:open-at-any-time";

/// 2026-11-21T00:00:00Z: it is later than this, whatever the clock says.
pub(crate) const BUILD_TIME: u64 = 1_795_219_200;

/// What the nonces of challenges are made of: a secret of 32 random bytes, for each door its own.
///
/// NEVER use this one: it is printed here.
pub(crate) const NONCE_SEED: [u8; 32] = *b"a secret seed of this door of 32";

/// The root key: it signs the key sets and the revocations.
///
/// NEVER use it outside this example. Its private half is in the tests, so anybody can sign with it.
pub(crate) static ROOT_KEYS: JwkSet<1> = JwkSet::from_keys([
    jwk!("U-ITEHoPax-KeRmtuB75HJywKUdLjT1PN9uI_qHzH3A", n: "0Okh_tLzUhBBac4tCMYCuSRk5wbNHdHSYDKsXQb25IdrU9nZ3hApEr0Bl8MrVfMfZvEVSiGHpG7zGb7n8hRGNMtZosXtF-ywDWbPFbk3x9taG6PKnJMNHK3LZK1nnetaG4YRuOL8gpY5gv9P3dkofYz2KdLG29vG7uBA4FZAVp1U0WpHgtgmJKHBgsIpFWLvZ3AUZ-qdVHgiIVeHz2PJ8NaUJOSB-IYNUh4OLfj4NC0Zk-AiTuI8fW8VddxWOSt27XbL7ga7zw08b94jaNGlKaLAl_Yen3i3ODzpAPPz_BjrC3B5n-JQVtJG85d8krJyHqQv0addpip5YgECJWfLSQ", e: "AQAB"),
]);
