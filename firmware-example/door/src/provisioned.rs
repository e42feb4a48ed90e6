//! What this door was provisioned with, besides the root key in `root.rs`: put your own here.

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
