//! The C API, `core/capi`, from the outside.

use std::path::{Path, PathBuf};

/// The package's folder.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/capi")
}

/// The folder of the example in C.
#[must_use]
pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/c")
}

/// The header.
#[must_use]
pub fn header_file() -> PathBuf {
    folder().join("include/tokenlatch.h")
}

/// What the header must be.
///
/// # Panics
///
/// If cbindgen cannot read the source.
#[cfg(feature = "header")]
#[must_use]
pub fn header() -> String {
    let config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).expect("the settings");
    let builder = cbindgen::Builder::new()
        .with_config(config)
        .with_src(folder().join("src/lib.rs"));
    let mut header = Vec::new();
    builder.generate().expect("a header").write(&mut header);
    String::from_utf8(header).expect("UTF-8")
}
