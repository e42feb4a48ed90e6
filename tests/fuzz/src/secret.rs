//! The secret that no error shows, and the members of TOML files that have it.

/// The secret.
pub const SECRET: &str = "hush-hush-secret";

/// The secret of a client of the authorization server.
pub const CLIENT_SECRET: &str = "client_secret = \"hush-hush-secret\"";

/// A header for the server of a key set.
pub const HEADER: &str = "header = \"X-Api-Key: hush-hush-secret\"";

/// Whether the secret stands in this member alone, and the member is in no claims. Errors may show what else has its
/// text: a name, or a claim.
#[must_use]
pub fn is_only_in(member: &str, toml: &str) -> bool {
    let is_long_text = toml.contains("'''") || toml.contains("\"\"\"");
    let (before, _) = toml.rsplit_once(member).unwrap_or_default();
    // An escape may spell the name.
    let may_be_a_claim = before.contains("claims") || before.contains('\\');
    !is_long_text
        && !may_be_a_claim
        && toml.lines().all(|line| {
            let parts: Vec<_> = line.split(member).collect();
            let (_, before) = parts.split_last().expect("a part");
            let is_outside =
                |part: &&str| !part.contains('\'') && part.matches('"').count().is_multiple_of(2);
            before.iter().all(is_outside) && !parts.concat().contains(SECRET)
        })
}
