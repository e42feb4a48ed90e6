//! Public keys as constants of a program: source text for firmware.

mod c;
mod rust;

use tokenlatch_host::device::VerifyingKey;

pub(crate) use self::c::c;
pub(crate) use self::rust::rust;

use crate::date::date;

/// Public keys as constants of a program.
pub(crate) struct Constants<'c> {
    /// The name of the constants: an identifier.
    pub(crate) name: &'c str,
    /// Where the keys come from, for people.
    pub(crate) source: &'c str,
    /// When they were read, in seconds since 1970.
    pub(crate) time: u64,
    /// The bits that a key has room for: 2048, 3072 or 4096.
    pub(crate) capacity: usize,
    pub(crate) keys: &'c [VerifyingKey],
}

impl Constants<'_> {
    /// What a person should know, one line each.
    fn introduction(&self) -> [String; 3] {
        [
            "Public keys for Tokenlatch.".into(),
            format!(
                "Written by `tokenlatch` at {} from {}.",
                date(self.time),
                shown(self.source)
            ),
            "Compare each thumbprint (RFC 7638, SHA-256) with that of the key's owner.".into(),
        ]
    }
}

/// The bits that a key may have room for: the capacities of `tokenlatch::PublicKey`.
pub(crate) const CAPACITIES: [usize; 3] = [2048, 3072, 4096];

/// The capacity that the longest of these keys needs.
pub(crate) fn capacity_for(keys: &[VerifyingKey]) -> usize {
    let fits = |capacity: &usize| keys.iter().all(|key| key.bits() <= *capacity);
    CAPACITIES.into_iter().find(fits).unwrap_or(CAPACITIES[2])
}

/// What a person compares.
fn description(key: &VerifyingKey) -> String {
    format!("{} bits, thumbprint {}", key.bits(), key.thumbprint())
}

/// A text that can stand in a comment of any language: in ASCII, on one line, and without the end of a comment.
fn shown(text: &str) -> String {
    let escaped = text.escape_default().to_string();
    escaped.replace("*/", "*\\/").replace("/*", "/\\*")
}
