//! What the packages depend on: few crates, each with a reason, and no build script that fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, iter};

use serde_json::Value;
use tokenlatch_tests::cargo;

/// What a build script of a crate does; none fetches anything. `tests/assurance/supply-chain` runs those of the
/// host, the program, the library for C and the firmware without a network.
const BUILD_SCRIPTS: [(&str, &[&str]); 5] = [
    // It asks which compiler, target or environment it has, may compile a few lines to find out, and sets `cfg`s.
    (
        "asks the compiler",
        &[
            "anyhow",
            "aws-lc-rs",
            "bare-metal",
            "cortex-m",
            "cortex-m-semihosting",
            "crc32fast",
            "crossbeam-epoch",
            "crossbeam-utils",
            "encoding_rs",
            "generic-array",
            "getrandom",
            "heapless",
            "httparse",
            "icu_normalizer_data",
            "icu_properties_data",
            "libc",
            "num-traits",
            "parking_lot_core",
            "portable-atomic",
            "proc-macro2",
            "proc-macro2-diagnostics",
            "quote",
            "rustix",
            "rustls",
            "semihosting",
            "serde_json",
            "tokenlatch",
            "zerocopy",
            "zmij",
        ],
    ),
    // The same, and it writes a Rust file with what it found.
    (
        "writes a file of Rust",
        &["rustversion", "serde", "serde_core", "thiserror"],
    ),
    // It writes the linker script, or says where it is.
    (
        "has a linker script",
        &[
            "cortex-m-rt",
            "riscv-rt",
            "tokenlatch-firmware",
            "tokenlatch-lm3s6965evb",
            "tokenlatch-mps2-an500",
            "tokenlatch-mps2-an505",
            "tokenlatch-virt-riscv32",
        ],
    ),
    // AWS-LC, from the sources in the crate.
    ("compiles C", &["aws-lc-sys"]),
    // What it would do belongs to a feature that is off, or it is there to link once.
    (
        "does nothing",
        &["cortex-m-macros", "metrics-exporter-prometheus"],
    ),
];

#[test]
fn the_core_takes_fewer_than_ten_crates() {
    for (target, count) in [(PC, 9), ("thumbv7m-none-eabi", 8)] {
        let crates = tree("", "normal", target, &["--package", "tokenlatch"]);
        println!("crates that the core takes on {target}: {count}");
        // Besides the core itself.
        assert_eq!(crates.len() - 1, count, "{target}: {crates:?}");
        assert!(count < 10);
    }
}

#[test]
fn no_crate_that_the_core_takes_has_a_build_script() {
    let scripts = with_build_script("");
    for target in [PC, "thumbv7m-none-eabi"] {
        let crates = tree("", "normal,build", target, &["--package", "tokenlatch"]);
        let with_script = crates.intersection(&scripts);
        // Its own tells which multiplication the target has.
        assert_eq!(
            with_script.cloned().collect::<Vec<_>>(),
            ["tokenlatch"],
            "{target}"
        );
    }
}

#[test]
fn every_build_script_is_known() {
    let mut crates = BTreeSet::new();
    let mut add = |workspace: &str, folder: &str, target: &str, arguments: &[&str]| {
        let tree = tree(folder, "normal,build", target, arguments);
        let with_script = with_build_script(workspace);
        crates.extend(tree.intersection(&with_script).cloned());
    };
    add(
        "",
        "",
        PC,
        &["--package", "tokenlatch-host", "--all-features"],
    );
    add("", "", PC, &["--package", "tokenlatch-cli"]);
    let capi = "core/capi";
    add(capi, capi, "thumbv7m-none-eabi", &[]);
    for (folder, target) in firmware() {
        add("firmware-example", &folder, &target, &["--all-features"]);
    }
    let known = BUILD_SCRIPTS.iter().flat_map(|(_, names)| *names);
    let known = known.map(|name| String::from(*name)).collect();
    assert_eq!(crates, known);
    println!("build scripts, of which none fetches: {}", known.len());
}

#[test]
fn the_readme_names_each_direct_dependency() {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md");
    let (_, table) = text.split_once("<!-- dependencies -->\n").expect("a table");
    let (table, _) = table.split_once("<!-- end -->").expect("its end");
    let mut named = BTreeSet::new();
    // After its head.
    for row in table.lines().skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [crates, users, what, why] = cells[..] else {
            panic!("{row}");
        };
        assert!(!what.is_empty() && !why.is_empty(), "{row}");
        for name in crates.split(", ") {
            for user in users.split(", ") {
                let pair = (user.into(), name.trim_matches('`').into());
                assert!(named.insert(pair), "{name} is there twice for {user}");
            }
        }
    }
    assert_eq!(named, direct_dependencies());
    let names: BTreeSet<&String> = named.iter().map(|(_, name)| name).collect();
    println!("direct dependencies, each in README.md: {}", names.len());
}

/// Who depends on which crate, by the manifests.
fn direct_dependencies() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for workspace in ["", "core/capi", "firmware-example"] {
        for package in packages(workspace) {
            let user = match text(&package, "name") {
                "tokenlatch" => "core",
                "tokenlatch-device" => "device",
                "tokenlatch-host" => "host",
                "tokenlatch-cli" => "program",
                "tokenlatch-capi" => "C",
                "tokenlatch-benches" | "tokenlatch-tests" => continue,
                _ if workspace == "firmware-example" => "firmware",
                other => panic!("whose dependencies are those of {other}?"),
            };
            for dependency in package["dependencies"].as_array().expect("a list") {
                let is_used = dependency["kind"] != "dev" && dependency["path"].is_null();
                if is_used {
                    found.insert((user.into(), text(dependency, "name").into()));
                }
            }
        }
    }
    found
}

/// The crates that a build takes, by name.
fn tree(folder: &str, edges: &str, target: &str, arguments: &[&str]) -> BTreeSet<String> {
    let output = cargo::in_folder(&root().join(folder))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(["--edges", edges, "--target", target])
        .args(arguments)
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let names = output.lines().filter_map(|line| line.split(' ').next());
    names.map(String::from).collect()
}

/// The crates in the lock file of a workspace that have a build script.
fn with_build_script(workspace: &str) -> BTreeSet<String> {
    let metadata = metadata(workspace, &[]);
    let packages = metadata["packages"].as_array().expect("a list");
    let has_script = |package: &&Value| {
        let targets = package["targets"].as_array().expect("a list");
        targets
            .iter()
            .any(|target| target["kind"][0] == "custom-build")
    };
    packages
        .iter()
        .filter(has_script)
        .map(|package| text(package, "name").into())
        .collect()
}

/// The members of a workspace.
fn packages(workspace: &str) -> Vec<Value> {
    let mut metadata = metadata(workspace, &["--no-deps"]);
    let packages = metadata["packages"].take();
    let Value::Array(packages) = packages else {
        panic!("no packages");
    };
    packages
}

fn metadata(workspace: &str, arguments: &[&str]) -> Value {
    let output = cargo::in_folder(&root().join(workspace))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(arguments)
        .output()
        .expect("cargo starts");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The folders of the firmware, with the targets that they are built for.
fn firmware() -> BTreeMap<String, String> {
    let boards = fs::read_dir(root().join("firmware-example/boards")).expect("a folder");
    let boards = boards.map(|board| {
        let name = board.expect("a board").file_name();
        format!("firmware-example/boards/{}", name.display())
    });
    iter::once(String::from("firmware-example/minimal"))
        .chain(boards)
        .map(|folder| {
            let config = root().join(&folder).join(".cargo/config.toml");
            let config = fs::read_to_string(config).expect("its configuration");
            let target = config
                .lines()
                .find_map(|line| line.strip_prefix("target = "))
                .expect("its target");
            let target = target.trim_matches('"').into();
            (folder, target)
        })
        .collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const PC: &str = "x86_64-unknown-linux-gnu";
