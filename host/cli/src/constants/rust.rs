//! Constants in Rust.

use std::fmt::Write;

use tokenlatch_host::device::VerifyingKey;

use super::{Constants, description};

/// A module with a `JwkSet`, in the formatting of `rustfmt`.
pub(crate) fn rust(constants: &Constants<'_>) -> String {
    let mut text = String::new();
    for line in constants.introduction() {
        text += &format!("// {line}\n");
    }
    let name = constants.name.to_ascii_uppercase();
    let count = constants.keys.len();
    // 2048 is the default of `JwkSet` and of `jwk!`.
    let bits = Some(constants.capacity).filter(|bits| *bits != 2048);
    let parameters = bits.map_or(String::new(), |bits| format!(", {bits}"));
    let keys = constants.keys.iter();
    let keys: String = keys.map(|key| one_key(key, &parameters)).collect();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\nuse tokenlatch::{{JwkSet, jwk}};\n\n\
         /// In flash, with all that verifying needs.\n\
         pub static {name}: JwkSet<{count}{parameters}> = JwkSet::from_keys([\n{keys}]);\n"
    );
    text
}

fn one_key(key: &VerifyingKey, bits: &str) -> String {
    let (description, n, e) = (description(key), key.n(), key.e());
    // With escapes that Rust reads: `kid` may be any text.
    let key_id = key.key_id().escape_default();
    format!("    // {description}\n    jwk!(\"{key_id}\", n: \"{n}\", e: \"{e}\"{bits}),\n")
}
