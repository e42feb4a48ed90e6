//! The C API: its header, its library on the host under sanitizers, and in firmware.

mod cases;
mod corpus;
mod door;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tokenlatch::{Bits, Capacity, JwkSet, Policy, Time, verify_in_place};
use tokenlatch_tests::issuer::Issuer;
use tokenlatch_tests::{capi, cargo, firmware};

const GOLDEN: &str = include_str!("../../golden/firmware-c.txt");

/// What C must compile without.
const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];

#[test]
fn the_header_is_what_the_source_says() {
    let header = fs::read_to_string(capi::header_file()).expect("the header");
    assert!(
        header == capi::header(),
        "tokenlatch.h is out of date: cargo run -p tokenlatch-tests --bin capi-header"
    );
}

#[test]
fn the_header_has_every_error_of_the_core() {
    let header = capi::header();
    let source = fs::read_to_string(capi::folder().join("../src/error.rs")).expect("the source");
    let source = syn::parse_file(&source).expect("Rust");
    let errors = source.items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Error" => Some(&item.variants),
        _ => None,
    });
    let errors = errors.expect("the errors");
    assert_eq!(errors.len(), tokenlatch::Error::ALL.len());
    for error in tokenlatch::Error::ALL {
        let name = error.code().replace('-', "_").to_uppercase();
        let line = format!("    TL_ERROR_{name} = {},\n", error.number());
        assert!(header.contains(&line), "{line}");
    }
}

/// This is quick, and `tests/assurance/miri` is slow.
#[test]
fn miri_runs_every_function() {
    let tests = include_str!("../../miri/src/lib.rs");
    let header = capi::header();
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let called = |at: usize| header[..at].rsplit(|it| !is_of_name(it)).next();
    let functions: BTreeSet<_> = header
        .match_indices('(')
        .filter_map(|(at, _)| called(at))
        .filter(|name| name.starts_with("tl_"))
        .collect();
    assert!(functions.contains("tl_verify_in_place"));
    for function in functions {
        assert!(tests.contains(&format!("{function}(")), "{function}");
    }
}

#[test]
fn the_header_is_clean_in_c99_and_in_cpp() {
    for (compiler, options) in [
        ("cc", &["-std=c99"][..]),
        ("cc", &["-std=c11"]),
        ("c++", &["-x", "c++", "-std=c++11"]),
        ("c++", &["-x", "c++", "-std=c++20"]),
    ] {
        for capacity in [CAPACITY_2048, CAPACITY_4096] {
            for check in ["arguments.c", "device.c", "minimal.c", "verdicts.c"] {
                let mut compiler = Command::new(compiler);
                compiler.args(options).args(WARNINGS).args(capacity.define);
                let include = capi::folder().join("include");
                compiler.arg("-fsyntax-only").arg("-I").arg(include);
                succeeds(compiler.arg(check_file(check)));
            }
        }
    }
}

#[test]
fn wrong_arguments_get_their_errors() {
    let device = "https://device.example/";
    let now = firmware::NOW;
    let claims = format!(
        r#"{{"iss":"https://issuer.example/","aud":"{device}","exp":{},"iat":{},"sub":"technician-7",
            "client_id":"service-app","jti":"a\u0000b","scope":"config:read","flag":true}}"#,
        now + 60,
        now - 60
    );
    let (modulus, _) = Issuer::rfc7515().modulus_and_exponent();
    let token = Issuer::rfc7515().token(&claims);
    for capacity in [CAPACITY_2048, CAPACITY_4096] {
        let program = host_program("arguments.c", capacity);
        let output = feed(&program, &[&modulus[..], token.as_bytes()].concat());
        println!("{} bits: {}", capacity.bits, text(&output).trim());
    }
}

#[test]
fn c_and_rust_give_the_same_verdicts_over_the_hostile_corpus() {
    compare::<2048>(CAPACITY_2048);
    compare::<4096>(CAPACITY_4096);
}

#[test]
fn a_door_in_c_and_one_in_rust_say_the_same() {
    for capacity in [CAPACITY_2048, CAPACITY_4096] {
        let program = host_program("device.c", capacity);
        let story = door::story();
        let output = text(&feed(&program, &story.input));
        let said: Vec<&str> = output.lines().collect();
        for (at, (c, rust)) in said.iter().zip(&story.expected).enumerate() {
            assert_eq!(c, rust, "{at}");
        }
        assert_eq!(said.len(), story.expected.len());
        let codes: BTreeSet<_> = said.iter().map(|line| line.split(' ').nth(1)).collect();
        println!(
            "doors in C and in Rust, {} bits: {} equal lines, {} kinds",
            capacity.bits,
            said.len(),
            codes.len()
        );
        assert!(codes.len() > 15, "{codes:?}");
    }
}

/// Compares the verdicts, and prints how many there are.
fn compare<const BITS: usize>(capacity: Capacities)
where
    Bits<BITS>: Capacity,
{
    let program = host_program("verdicts.c", capacity);
    let (groups, absent) = corpus::groups::<BITS>();
    println!(
        "C (host, ASan, UBSan) and Rust, {BITS} bits: {:18}verdicts      good  kinds",
        ""
    );
    let mut all = (0, 0, BTreeSet::new());
    for group in &groups {
        let output = feed(&program, &group.cases.input);
        let verdicts = text(&output);
        let verdicts: Vec<&str> = verdicts.lines().collect();
        let expected = &group.cases.expected;
        assert_eq!(verdicts.len(), expected.len(), "{}", group.name);
        for (at, (c, rust)) in verdicts.iter().zip(expected).enumerate() {
            assert_eq!(c, rust, "{}, case {at}", group.name);
        }
        let kinds: BTreeSet<_> = expected
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        let good = expected.iter().filter(|line| line.starts_with("ok"));
        let good = good.count();
        println!(
            "    {:60} {:8}  {good:8} {:6}",
            group.name,
            expected.len(),
            kinds.len()
        );
        all.0 += expected.len();
        all.1 += good;
        all.2.extend(kinds);
    }
    println!(
        "    {:60} {:8}  {:8} {:6}",
        "all",
        all.0,
        all.1,
        all.2.len()
    );
    println!("evidence: {} equal verdicts for {BITS} bits", all.0);
    for folder in absent {
        println!("    ABSENT: shared/{folder} beside the checkout; its cases were not run");
    }
    assert!(all.0 > 10_000 && all.1 > 1_000 && all.2.len() > 35);
}

/// The tokens of the firmware example, and what it prints.
#[test]
fn the_example_gives_each_token_its_verdict() {
    let tokens = firmware::tokens().map(|(_, token)| token);
    let output = run_example("golden", &tokens);
    println!("{output}");
    let figures: Vec<&str> = output
        .lines()
        .next_back()
        .expect("a last line")
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .collect();
    let [flash, variables, stack] = figures[..] else {
        panic!("not three figures: {figures:?}");
    };
    let last = format!("flash {flash} bytes, variables {variables} bytes, stack {stack} bytes");
    assert_eq!(
        output.replace(&last, "flash N bytes, variables N bytes, stack N bytes"),
        GOLDEN
    );
    let [flash, stack] = [flash, stack].map(|it| it.parse::<u32>().expect("a number"));
    assert!((16 * 1024..44 * 1024).contains(&flash), "flash");
    assert!((1024..6 * 1024).contains(&stack), "stack");
}

#[test]
fn c_on_a_cortex_m3_and_rust_give_the_same_verdicts() {
    let keys = JwkSet::<4>::from_json(Issuer::rfc7515().jwk_set().as_bytes()).expect("a JWK Set");
    let policy = Policy::new("https://issuer.example/", "https://device.example/");
    let now = Time::exactly(firmware::NOW);
    let lines = corpus::lines();
    let output = run_example("hostile", &lines);
    let verdicts: Vec<&str> = output.lines().collect();
    assert_eq!(verdicts.len(), lines.len() + 2, "{output}");
    let mut good = 0;
    for (line, verdict) in lines.iter().zip(&verdicts[1..]) {
        let mut token = line.clone().into_bytes();
        let expected = match verify_in_place(&mut token, &keys, &policy, now) {
            Ok(_) => {
                good += 1;
                "verified:".to_owned()
            }
            Err(error) => format!("rejected: {} (", error.code()),
        };
        assert!(
            verdict.starts_with(&expected),
            "{verdict}, not {expected}: {line}"
        );
    }
    println!("evidence: {} equal verdicts on a Cortex-M3", lines.len());
    println!(
        "C on a Cortex-M3 and Rust on the host: {} equal verdicts, {good} good; {}",
        lines.len(),
        verdicts[verdicts.len() - 1]
    );
    assert!(good > 10);
}

/// Prints the stack that each function takes on a Cortex-M3.
#[test]
fn each_function_takes_the_stack_that_the_readme_says() {
    let issuer = Issuer::rfc7515();
    let now = firmware::NOW;
    let sign = |media_type: &str, more: String| {
        let header = format!(r#"{{"alg":"RS256","typ":"{media_type}","kid":"rfc7515-a2"}}"#);
        let claims = format!(
            r#"{{"iss":"https://issuer.example/","aud":"https://device.example/","iat":{now},"exp":{},{more}}}"#,
            now + 600
        );
        issuer.sign(header, claims).into_bytes()
    };
    let keys: Vec<_> = ["rfc7515-a2", "b", "c", "d"]
        .map(|kid| {
            let mut jwk = issuer.jwk();
            jwk["kid"] = kid.into();
            jwk.to_string()
        })
        .into();
    let documents = [
        issuer.jwk_set().into_bytes(),
        sign(
            "at+jwt",
            r#""sub":"alice","jti":"1","scope":"config:read""#.into(),
        ),
        sign("jwk-set+jwt", format!(r#""keys":[{}]"#, keys.join(","))),
        sign(
            "revocation+jwt",
            r#""revoked":[{"jti":"x"}],"epochs":[]"#.into(),
        ),
        issuer.modulus_and_exponent().0,
    ];
    let mut cases = Vec::new();
    for document in documents {
        cases.extend(
            u32::try_from(document.len())
                .expect("a length")
                .to_le_bytes(),
        );
        cases.extend(document);
    }
    let output = run_in_qemu("stack", ("cases.bin", &cases), Some(&check_file("stack.c")));
    println!("{output}");
    for line in output.lines() {
        let [function, stack, verdict] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        assert_eq!(verdict, "ok", "{function}");
        let stack: u32 = stack.parse().expect("a number");
        let [said] = row_of(function);
        assert!(
            stack.abs_diff(said) <= 256,
            "{function}: {stack}, not {said}"
        );
    }
}

/// Prints the flash that the library takes on each target.
#[test]
fn it_builds_for_every_target_without_variables_and_without_a_panic() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi/all");
    let mut build = Command::new(capi::folder().join("build"));
    let output = succeeds(build.env("CARGO_TARGET_DIR", target));
    let table = text(&output);
    println!("{table}");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), 8);
    for row in &rows[..7] {
        let [target, flash, whole, data] = row[..] else {
            panic!("{row:?}");
        };
        let [flash, whole] = [flash, whole].map(|it| it.parse::<u32>().expect("a number"));
        let [said_flash, said_whole] = row_of(target);
        let is_near = |said: u32, is: u32| said.abs_diff(is) <= 512;
        assert!(
            is_near(said_flash, flash),
            "{target}: {flash}, not {said_flash}"
        );
        assert!(
            is_near(said_whole, whole),
            "{target}: {whole}, not {said_whole}"
        );
        assert_eq!(data, "0", "{target}");
    }
}

/// Shows that the programs above would not link with a panic.
#[test]
fn with_an_unchecked_length_it_does_not_link() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi/panic");
    let target = "thumbv7m-none-eabi";
    let mut build = cargo::in_folder(&capi::folder());
    build.args([
        "build",
        "--quiet",
        "--locked",
        "--release",
        "--target",
        target,
    ]);
    build.args(["--features", "deliberate-panic", "--target-dir"]);
    succeeds(build.arg(&folder));
    let output = Command::new("arm-none-eabi-gcc")
        .args(["-mcpu=cortex-m3", "-mthumb", "-ffreestanding", "-nostdlib"])
        .args(["-Wl,--gc-sections", "-Wl,-e,minimal", "-I"])
        .arg(capi::folder().join("include"))
        .arg(check_file("minimal.c"))
        .arg(folder.join(target).join("release/libtokenlatch.a"))
        .arg("-o")
        .arg(folder.join("minimal"))
        .output()
        .expect("the compiler starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("tokenlatch_can_panic"),
        "{errors}"
    );
}

#[test]
fn the_readme_has_the_size_of_every_object() {
    let header = capi::header();
    let mut objects = 0;
    for line in header.lines().filter(|line| line.starts_with("} tl_")) {
        let object = line.trim_start_matches("} ").trim_end_matches(';');
        let name = format!("#define {}_WORDS ", object.to_uppercase());
        let sizes: Vec<u32> = header
            .lines()
            .filter_map(|line| line.strip_prefix(&name))
            .map(|words| 8 * words.parse::<u32>().expect("a number"))
            .collect();
        match sizes[..] {
            // A struct that is not opaque.
            [] => continue,
            [size] => assert_eq!(row_of(object), [size], "{object}"),
            [size, size_4096] => assert_eq!(row_of(object), [size, size_4096], "{object}"),
            _ => panic!("{object}: {sizes:?}"),
        }
        objects += 1;
    }
    assert_eq!(objects, 11);
}

/// The numbers in the row of a table in the README.
fn row_of<const LEN: usize>(name: &str) -> [u32; LEN] {
    let readme = fs::read_to_string(capi::folder().join("README.md")).expect("the README");
    let start = format!("| `{name}` | ");
    // Another table has words about it.
    let mut rows = readme.lines().filter_map(|line| line.strip_prefix(&start));
    let row = rows.find(|row| row.starts_with(|c: char| c.is_ascii_digit()));
    let row = row
        .unwrap_or_else(|| panic!("no row of {name}"))
        .replace(',', "");
    let numbers = row.split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter_map(|number| number.parse().ok());
    let numbers: Vec<_> = numbers.collect();
    numbers
        .try_into()
        .unwrap_or_else(|_| panic!("{name}: {row}"))
}

/// How long keys may be.
#[derive(Clone, Copy)]
struct Capacities {
    bits: u32,
    feature: &'static [&'static str],
    define: &'static [&'static str],
}

const CAPACITY_2048: Capacities = Capacities {
    bits: 2048,
    feature: &[],
    define: &[],
};

const CAPACITY_4096: Capacities = Capacities {
    bits: 4096,
    feature: &["--features", "bits-4096"],
    define: &["-DTL_BITS_4096"],
};

fn check_file(name: &str) -> PathBuf {
    capi::folder().join("check").join(name)
}

/// A program in C with the library, under AddressSanitizer and UndefinedBehaviorSanitizer. The library itself is not
/// instrumented: the sanitizers see what C does, and the library's calls of `memcpy` and the like.
fn host_program(name: &str, capacity: Capacities) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("capi")
        .join(capacity.bits.to_string());
    let mut build = cargo::in_folder(&capi::folder());
    build.args(["build", "--quiet", "--locked", "--release"]);
    build
        .args(capacity.feature)
        .arg("--target-dir")
        .arg(&folder);
    succeeds(&mut build);
    let program = folder.join(name).with_extension("");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-O1", "-g"]).args(WARNINGS);
    compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    compiler.args(capacity.define);
    compiler.arg("-I").arg(capi::folder().join("include"));
    compiler.arg(check_file(name));
    compiler.arg(folder.join("release/libtokenlatch.a"));
    succeeds(compiler.arg("-o").arg(&program));
    program
}

/// Runs a program with this input.
fn feed(program: &Path, input: &[u8]) -> Output {
    let file = program.with_extension("input");
    let mut created = fs::File::create(&file).expect("a file");
    created.write_all(input).expect("the input is written");
    let input = fs::File::open(&file).expect("the file");
    succeeds(Command::new(program).stdin(input))
}

/// What the firmware in C prints for tokens.
fn run_example(name: &str, tokens: &[String]) -> String {
    let tokens = tokens.join("\n") + "\n";
    run_in_qemu(name, ("tokens.txt", tokens.as_bytes()), None)
}

/// What a firmware in C prints that reads this file.
fn run_in_qemu(name: &str, file: (&str, &[u8]), main: Option<&Path>) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
    let folder = target.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(file.0), file.1).expect("the file");
    let mut example = Command::new(capi::example().join("run"));
    if let Some(main) = main {
        example.arg("--main").arg(main);
    }
    example.env("CARGO_TARGET_DIR", target.join("all"));
    example.current_dir(&folder).stdin(Stdio::null());
    text(&succeeds(&mut example))
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}{errors}",
        text(&output)
    );
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}
