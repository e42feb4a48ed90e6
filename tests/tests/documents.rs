//! The documents match the source: the files that they name exist, and the dependencies and the Rust code of
//! README.md are a crate that compiles.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokenlatch_tests::cargo;

fn repository() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    repository.canonicalize().expect("the repository")
}

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).expect(name)
}

#[test]
fn the_files_that_the_documents_name_exist() {
    for (document, at_least) in [
        ("README.md", 5),
        ("core/capi/README.md", 4),
        ("host/cli/SERVE.md", 1),
        (".github/CONTRIBUTING.md", 30),
    ] {
        let text = read(document);
        let named: Vec<&str> = paths(&text).collect();
        for path in &named {
            assert!(repository().join(path).exists(), "{document}: {path}");
        }
        assert!(named.len() >= at_least, "{document}: {named:?}");
    }
}

/// The code spans that are paths of this repository. NAME stands for a file that does not exist yet.
fn paths(markdown: &str) -> impl Iterator<Item = &str> {
    const FOLDERS: [&str; 6] = [
        "core",
        "host",
        "benches",
        "tests",
        "firmware-example",
        ".github",
    ];
    let spans = markdown
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.filter(|span| {
        let first = span.split('/').next().expect("a part");
        FOLDERS.contains(&first) && !span.contains(' ') && !span.contains("NAME")
    })
}

#[test]
fn the_device_snippet_compiles_with_the_dependencies_that_it_names() {
    assert_compile("On a device", "On a device", 1);
}

#[test]
fn the_server_snippets_compile_with_the_dependencies_that_they_name() {
    assert_compile("On a server", "On a server", 1);
    assert_compile("In a client", "On a server", 1);
    assert_compile("For the issuers that people have", "On a server", 1);
}

#[test]
fn the_guarded_service_of_the_readme_is_the_example() {
    let example = read("host/examples/guarded_service.rs");
    let (_, code) = example.split_once("\n\n").expect("code");
    assert!(read("README.md").contains(code));
    assert!(code.lines().count() < 30);
}

/// The Rust of a section and the TOML of a section, unchanged, are a crate beside a checkout of this repository.
fn assert_compile(section: &str, manifest: &str, snippets: usize) {
    let readme = read("README.md");
    let titled = |title: &str| {
        let mut sections = readme.split("\n## ");
        sections.find(|text| text.starts_with(title)).expect(title)
    };
    let manifests = fenced(titled(manifest), "toml");
    let [dependencies] = manifests.try_into().expect("one manifest");
    let modules = fenced(titled(section), "rust");
    assert_eq!(modules.len(), snippets, "{section}");

    let folder = TempDir::new().expect("a folder");
    let checkout = folder.path().join("tokenlatch");
    std::os::unix::fs::symlink(repository(), &checkout).expect("the checkout");
    let reader = folder.path().join("reader");
    fs::create_dir_all(reader.join("src")).expect("the crate");
    let write = |name: &str, text: &str| fs::write(reader.join(name), text).expect(name);
    let package = "[package]\nname = \"reader\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    write("Cargo.toml", &format!("{package}\n{dependencies}"));
    // The versions that are tested; they are on this machine already.
    write("Cargo.lock", &read("Cargo.lock"));
    let mut root = String::from("#![allow(dead_code)]\n");
    for (number, module) in modules.iter().enumerate() {
        root += &format!("mod snippet_{number};\n");
        write(&format!("src/snippet_{number}.rs"), module);
    }
    write("src/lib.rs", &root);

    let output = cargo::in_folder(&reader)
        .args(["check", "--offline", "--quiet", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents"))
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The blocks of code in this language.
fn fenced<'t>(markdown: &'t str, language: &str) -> Vec<&'t str> {
    let start = format!("```{language}\n");
    let blocks = markdown.split(&start).skip(1);
    let text = blocks.map(|block| block.split_once("```").expect("the end of a block").0);
    text.collect()
}
