//! A key that cannot be used does not compile, and the compiler says which rule it breaks.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tokenlatch_tests::cargo;

/// Constants that do not compile, and what the compiler must say.
const CONSTANTS: [(&str, &str); 16] = [
    (
        r#"jwk!("k", &[0xff; 255], 3)"#,
        "the modulus is shorter than 2048 bits",
    ),
    (
        r#"jwk!("k", &with(0, 0x7f), 3)"#,
        "the modulus is shorter than 2048 bits: are its bytes reversed?",
    ),
    (
        r#"jwk!("k", &with(255, 0x8a), 3)"#,
        "the modulus is even: are its bytes reversed?",
    ),
    (
        r#"jwk!("k", &with(255, 0xff), 3)"#,
        "the modulus has a factor below 752: are its bytes reversed, or is a digit wrong?",
    ),
    (
        r#"jwk!("k", &with(0, 0), 3)"#,
        "the modulus begins with a zero byte",
    ),
    (
        r#"jwk!("k", &[0; 257], 3)"#,
        "the modulus begins with a zero byte",
    ),
    (
        r#"jwk!("k", &[0xff; 257], 3, 2048)"#,
        "the modulus is above the capacity",
    ),
    (
        r#"jwk!("k", &ending(0xfffffff889675fb95f9e208bd75969a9), 3)"#,
        "the modulus has the fingerprint of ROCA (CVE-2017-15361)",
    ),
    (
        r#"jwk!("k", &GOOD, 1)"#,
        "the public exponent is even or out of range",
    ),
    (
        r#"jwk!("k", &GOOD, 65536)"#,
        "the public exponent is even or out of range",
    ),
    (r#"jwk!(LONG, &GOOD, 3)"#, "the kid is too long"),
    (
        r#"jwk!("k", n: "+/+/", e: "Aw")"#,
        "`n` is not strict base64url",
    ),
    (
        r#"jwk!("k", n: "Aw", e: "Aw")"#,
        "the modulus is shorter than 2048 bits",
    ),
    (r#"jwk!("k", n: N, e: "A+")"#, "`e` is not strict base64url"),
    (
        r#"jwk!("k", n: N, e: "AQAAAAE")"#,
        "the public exponent is even or out of range",
    ),
    (
        r#"jwk!("k", n: N, e: "")"#,
        "the public exponent is even or out of range",
    ),
];

/// The constants that those are made of, and some that compile.
const GOOD: &str = r#"
pub const fn with(at: usize, byte: u8) -> [u8; 256] {
    let mut modulus = GOOD;
    modulus[at] = byte;
    modulus
}
pub const fn ending(end: u128) -> [u8; 256] {
    let mut modulus = [0xff; 256];
    *modulus.last_chunk_mut().unwrap() = end.to_be_bytes();
    modulus
}
pub const GOOD: [u8; 256] = ending(u128::MAX - 116);
pub const LONG: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
pub const N: &str = "____________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________________iw";
pub const KEY: Jwk = jwk!("k", &GOOD, 3);
pub static SET: JwkSet<2> = JwkSet::from_keys([KEY, jwk!("text", n: N, e: "AQAB")]);
"#;

#[test]
fn the_compiler_says_which_rule_a_constant_breaks() {
    let good = check("good", "");
    assert!(good.is_empty(), "{good:?}");

    let constants: String = CONSTANTS
        .iter()
        .enumerate()
        .map(|(at, (constant, _))| format!("pub const BAD_{at}: Jwk = {constant};\n"))
        .collect();
    let errors = check("bad", &constants);
    assert_eq!(errors.len(), CONSTANTS.len(), "{errors:#?}");
    for ((constant, rule), error) in CONSTANTS.iter().zip(errors) {
        let (_, message) = error.split_once("evaluation panicked: ").expect(&error);
        assert!(
            message.starts_with(&format!("{rule}: evaluation of")),
            "{constant}: {error}"
        );
    }
}

#[test]
fn the_compiler_says_that_a_set_has_no_room() {
    let errors = check(
        "full",
        "pub static TWO: JwkSet<1> = JwkSet::from_keys([KEY, KEY]);\n",
    );
    let [error] = errors.as_slice() else {
        panic!("{errors:?}")
    };
    assert!(
        error.ends_with("evaluation panicked: more keys than the set has room for"),
        "{error}"
    );
}

/// The compiler's errors about a crate of these constants and the good ones, a line each.
///
/// Each crate has a name of its own: for cargo, crates of one name in one target folder are one crate.
fn check(name: &str, constants: &str) -> Vec<String> {
    let folder = TempDir::new().expect("a folder");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let core = repository.join("core");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect(name);
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\ntokenlatch = {{ path = {core:?} }}\n"
        ),
    );
    // The versions that are tested; they are on this machine already.
    let lock = fs::read_to_string(repository.join("Cargo.lock")).expect("Cargo.lock");
    write("Cargo.lock", &lock);
    fs::create_dir(folder.path().join("src")).expect("a folder");
    let import = "use tokenlatch::{Jwk, JwkSet, jwk};\n";
    write("src/lib.rs", &format!("{import}{GOOD}{constants}"));

    let output = cargo::in_folder(folder.path())
        .args(["check", "--offline", "--quiet", "--message-format", "short"])
        .arg("--target-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("constants"))
        .output()
        .expect("cargo starts");
    let text = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<String> = text
        .lines()
        .filter(|line| line.contains(": error"))
        .map(String::from)
        .collect();
    assert_eq!(output.status.success(), errors.is_empty(), "{text}");
    errors
}
