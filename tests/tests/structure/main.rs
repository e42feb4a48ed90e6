//! The structure of the source: no files need each other in a circle.
//!
//! An edge leads from a file to the file that defines what the first one names, in a `use` item or in a
//! path. Re-exports are followed to the definition, so that an import through the crate root hides no
//! circle. A `mod` item is no edge, nor is the re-export of what a module's own descendants define. What
//! is for unit tests alone does not count.

mod circles;
mod modules;
mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use circles::Graph;
use modules::Crate;

/// The folders of the packages that are no members of the workspace.
const OUTSIDE: [&str; 3] = ["benches/device", "core/capi", "firmware-example"];

#[test]
fn no_files_need_each_other_in_a_circle() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let repository = repository.canonicalize().expect("the repository");
    let mut files = BTreeSet::new();
    let mut circles = BTreeSet::new();
    for root in roots(&repository) {
        let graph = graph(&root, &repository);
        files.extend(graph.files().cloned());
        circles.extend(graph.circles());
    }
    println!("{} files", files.len());
    for known in [
        "core/src/lib.rs",
        "core/capi/src/lib.rs",
        "host/src/lib.rs",
        "tests/tests/structure/main.rs",
    ] {
        assert!(files.contains(known), "{known} was not looked at");
    }
    let count = circles.len();
    let circles: String = circles.iter().map(|circle| format!("\n{circle}")).collect();
    assert!(count == 0, "{count} circles:\n{circles}");
}

/// The root files of all crates: libraries, programs, tests, benches and examples.
fn roots(repository: &Path) -> Vec<PathBuf> {
    let manifests = ["."].iter().chain(&OUTSIDE);
    let metadata = manifests.map(|folder| {
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--locked",
                "--offline",
                "--no-deps",
                "--format-version",
                "1",
            ])
            .current_dir(repository.join(folder))
            .output()
            .expect("cargo starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{folder}: {errors}");
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    });
    let roots = metadata.flat_map(|metadata| {
        let packages = metadata["packages"].as_array().expect("packages").clone();
        packages.into_iter().flat_map(|package| {
            let targets = package["targets"].as_array().expect("targets").clone();
            targets
                .into_iter()
                .map(|target| target["src_path"].as_str().expect("a path").into())
        })
    });
    roots.collect()
}

fn graph(root: &Path, folder: &Path) -> Graph {
    let krate = Crate::read(root).unwrap_or_else(|error| panic!("{error}"));
    Graph::of(&krate, folder)
}

/// The circles of a crate that consists of these files.
fn circles_of(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("structure")
        .join(name);
    for (name, text) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder");
        fs::write(file, text).expect("the file");
    }
    graph(&folder.join("lib.rs"), &folder)
        .circles()
        .into_iter()
        .collect()
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use super::a::A; pub struct B;"),
    ];
    assert_eq!(
        circles_of("pair", &files),
        ["a.rs -> b.rs: B\nb.rs -> a.rs: A\n"]
    );
}

#[test]
fn a_circle_of_three_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::{a::A, d}; pub struct C(d::D);"),
        ("d.rs", "pub struct D;"),
    ];
    assert_eq!(
        circles_of("three", &files),
        ["a.rs -> b.rs: B\nb.rs -> c.rs: C\nc.rs -> a.rs: A\n"]
    );
}

#[test]
fn no_import_through_the_crate_root_or_a_glob_hides_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
        ("a.rs", "use crate::B as Other; pub struct A(Other);"),
        ("b.rs", "use super::*; pub struct B; fn f() { A::new(); }"),
    ];
    assert_eq!(
        circles_of("root", &files),
        ["a.rs -> b.rs: B\nb.rs -> a.rs: A\n"]
    );
}

#[test]
fn paths_in_code_and_in_macros_count() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", r#"pub fn a() { println!("{}", crate::b::b(1)); }"#),
        ("b.rs", "pub fn b(x: u8) -> u8 { crate::a::a(); x }"),
    ];
    assert_eq!(
        circles_of("paths", &files),
        ["a.rs -> b.rs: b\nb.rs -> a.rs: a\n"]
    );
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "#[macro_export] macro_rules! m { () => { $crate::b::B } }",
        ),
        ("b.rs", "pub struct B; fn f() -> B { crate::m!() }"),
    ];
    assert_eq!(
        circles_of("macros", &files),
        ["a.rs -> b.rs: B\nb.rs -> a.rs: m\n"]
    );
}

#[test]
fn a_child_and_its_parent_are_a_circle_if_each_uses_what_the_other_defines() {
    let parent = "mod child; pub struct P; pub fn f() -> child::C { child::C }";
    let files = [
        ("lib.rs", "mod parent;"),
        ("parent/mod.rs", parent),
        ("parent/child.rs", "use super::P; pub struct C;"),
    ];
    assert_eq!(
        circles_of("family", &files),
        ["parent/child.rs -> parent/mod.rs: P\nparent/mod.rs -> parent/child.rs: C\n"]
    );
}

#[test]
fn a_parent_that_only_shows_what_its_children_define_is_no_circle() {
    let files = [
        (
            "lib.rs",
            "pub mod parent; pub use parent::{C, P}; mod user;",
        ),
        (
            "parent/mod.rs",
            "mod child; pub use child::C; pub struct P;",
        ),
        (
            "parent/child.rs",
            "use super::P; use crate::C as Same; pub struct C;",
        ),
        (
            "user.rs",
            "use crate::{parent, C}; use parent::P; struct Q(parent::C);",
        ),
    ];
    assert_eq!(circles_of("shown", &files), [""; 0]);
}

#[test]
fn what_is_for_unit_tests_alone_does_not_count() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b; #[cfg(all(test, unix))] mod absent;",
        ),
        (
            "a.rs",
            "use crate::b::B; pub struct A; impl A { #[cfg(test)] fn f(_: B) {} }",
        ),
        (
            "b.rs",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ];
    assert_eq!(circles_of("tests", &files), [""; 0]);
}
