//! The core needs Rust's `core` and nothing else: it builds where there is no `alloc` and no `std`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "thumbv7m-none-eabi";

#[test]
fn the_core_builds_where_there_is_only_core() {
    let output = build_with_libraries(&["core", "compiler_builtins"]);
    assert!(output.contains("Finished"), "{output}");
}

/// Proves that the test above can fail.
#[test]
fn a_missing_library_would_be_noticed() {
    let output = build_with_libraries(&["compiler_builtins"]);
    assert!(output.contains("can't find crate for `core`"), "{output}");
}

/// The messages of cargo when it builds the core, with all features, for a target that has only these of
/// Rust's libraries.
fn build_with_libraries(libraries: &[&str]) -> String {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("bare")
        .join(libraries.join("-"));
    let sysroot = tmp.join("sysroot");
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let _ = fs::remove_dir_all(&tmp);
    fs::create_dir_all(&folder).expect("the folder is made");
    for library in fs::read_dir(target_libraries()).expect("the target's libraries") {
        let path = library.expect("a library").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        if libraries
            .iter()
            .any(|library| name.starts_with(&format!("lib{library}-")))
        {
            fs::copy(&path, folder.join(name)).expect("the library is copied");
        }
    }
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--locked",
            "--all-features",
            "--package",
            "tokenlatch",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(tmp.join("target"))
        .env("RUSTFLAGS", format!("--sysroot={}", sysroot.display()))
        .output()
        .expect("cargo starts");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn target_libraries() -> PathBuf {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .expect("rustc starts");
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .trim()
        .into()
}
