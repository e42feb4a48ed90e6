//! What the program is on a terminal and to a shell: help, completions, manual pages, colour, the progress bar.

use std::fs;
#[cfg(unix)]
use std::io::Write;
#[cfg(unix)]
use std::process::Stdio;
use std::process::{Command, Output};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use tempfile::TempDir;

const COMMANDS: [&[&str]; 15] = [
    &[],
    &["verify"],
    &["inspect"],
    &["jwks"],
    &["jwks", "fetch"],
    &["jwks", "show"],
    &["pack"],
    &["provision"],
    &["token"],
    &["call"],
    &["issuer"],
    &["serve"],
    &["demo"],
    &["completions"],
    &["man"],
];

fn tokenlatch(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
    command.args(arguments).output().unwrap()
}

/// What the program prints, which succeeds without a word on standard error.
fn printed(arguments: &[&str]) -> String {
    let output = tokenlatch(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    assert_eq!(output.stderr, b"", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_ends_with_examples_and_has_no_escape_codes() {
    for command in COMMANDS {
        for help in ["--help", "-h"] {
            let help = printed(&[command, &[help]].concat());
            let (_, examples) = help.split_once("\n\nExamples:\n").unwrap();
            let start = format!("  {}", [&["tokenlatch"], command].concat().join(" "));
            assert!(
                examples.lines().any(|line| line.starts_with(&start)),
                "{help}"
            );
            assert!(!help.contains('\u{1b}'), "{help}");
        }
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        for part in ["tokenlatch", "verify", "summary", "completions", "fetch"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
    assert_eq!(tokenlatch(&["completions", "tcl"]).status.code(), Some(2));
    assert_eq!(tokenlatch(&["completions"]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn bash_completes() {
    let script = printed(&["completions", "bash"]);
    // The shell reads it, and then asks it what may follow `tokenlatch verify --su`.
    let asked = "\nCOMP_WORDS=(tokenlatch verify --su) COMP_CWORD=2\n\
                 _tokenlatch tokenlatch --su verify\necho \"${COMPREPLY[*]}\"\n";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-n"]);
    assert_eq!(fed(&mut bash, &script), "");
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-s"]);
    assert_eq!(fed(&mut bash, &(script + asked)), "--summary\n");
}

/// What a program prints, on either stream, when it is given this input.
#[cfg(unix)]
fn fed(command: &mut Command, input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().to_str().unwrap();
    assert_eq!(printed(&["man", "--directory", path]), "");
    for command in COMMANDS {
        let page = printed(&[&["man"], command].concat());
        let name = [&["tokenlatch"], command].concat();
        let title = format!(".TH {} 1 ", name.join("-"));
        assert!(page.contains(&title), "{page}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES"] {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{page}");
        }
        let (_, examples) = page.split_once("\n.SH EXAMPLES\n").unwrap();
        let start = format!("\n{}", name.join(" "));
        assert!(examples.contains(&start), "{page}");
        assert!(!page.contains('\u{1b}'), "{page}");
        let file = directory.path().join(format!("{}.1", name.join("-")));
        assert_eq!(fs::read_to_string(file).unwrap(), page);
    }
    let count = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(count, COMMANDS.len(), "a command is missing here");
}

#[test]
fn a_manual_page_that_is_none_is_status_2() {
    for (arguments, part) in [
        (
            &["man", "jwks", "burn"][..],
            "there is no command \"jwks burn\"",
        ),
        (&["man", "--directory", "/does/not/exist"], "cannot write "),
        (
            &["man", "verify", "--directory", "."],
            "cannot be used with",
        ),
    ] {
        let output = tokenlatch(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(part), "{stderr}");
    }
}

/// A folder with a key set and a file of lines, in which commands run.
struct Folder(TempDir);

impl Folder {
    const VERIFY: &str = "verify --jwks keys.json --issuer x --audience x";

    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        // Nobody signs with this key.
        let modulus = BASE64URL.encode([0xff; 256]);
        let keys = format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","n":"{modulus}","e":"AQAB"}}]}}"#);
        fs::write(directory.path().join("keys.json"), keys).unwrap();
        fs::write(directory.path().join("tokens"), "a.b.c.d\n".repeat(5_000)).unwrap();
        Self(directory)
    }

    /// Runs a line of the shell, and returns what it prints on a terminal.
    #[cfg(target_os = "linux")]
    fn on_terminal(&self, line: &str, environment: &[(&str, &str)]) -> String {
        let (folder, _) = env!("CARGO_BIN_EXE_tokenlatch").rsplit_once('/').unwrap();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command"]);
        script.arg(format!("stty columns 100; {line}"));
        script
            .arg("/dev/null")
            .current_dir(&self.0)
            .env("PATH", path);
        // A variable of the tests' own environment, `CI` among them, would decide about colour.
        for name in ["CI", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
            script.env_remove(name);
        }
        script.env("TERM", "xterm");
        script.envs(environment.iter().copied());
        let output = script.stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_verdict_in_a_pipe_has_no_escape_codes() {
    let folder = Folder::new();
    for environment in [("TERM", "xterm"), ("CLICOLOR_FORCE", "1")] {
        let mut verify = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
        let arguments = Folder::VERIFY.split(' ').chain(["a.b"]);
        verify.args(arguments).current_dir(&folder.0);
        let (name, value) = environment;
        let output = verify.env(name, value).output().unwrap();
        let verdict = String::from_utf8(output.stdout).unwrap();
        assert!(verdict.starts_with("rejected not-compact: "), "{verdict}");
        assert!(!verdict.contains('\u{1b}'), "{verdict}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colour_unless_no_color_is_set() {
    let folder = Folder::new();
    let verify = format!("tokenlatch {} a.b", Folder::VERIFY);
    let json = format!("{verify} --json");
    for (line, in_colour, plain) in [
        (
            verify.as_str(),
            "\u{1b}[1m\u{1b}[31mrejected\u{1b}[0m not-compact: ",
            "rejected not-compact: ",
        ),
        (
            "tokenlatch --help",
            "\u{1b}[1m\u{1b}[32mExamples:\u{1b}[0m",
            "Examples:",
        ),
    ] {
        let shown = folder.on_terminal(line, &[]);
        assert!(shown.contains(in_colour), "{shown:?}");
        for environment in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
            let shown = folder.on_terminal(line, &[environment]);
            assert!(shown.contains(plain), "{shown:?}");
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
    }
    let shown = folder.on_terminal(&json, &[]);
    assert!(shown.starts_with("{\"verified\":false,"), "{shown:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_tokens_has_a_progress_bar_on_a_terminal() {
    let folder = Folder::new();
    let verify = format!("tokenlatch {} -", Folder::VERIFY);
    let bar = |line: &str| folder.on_terminal(line, &[]);
    let shown = bar(&format!("{verify} --summary <tokens >verdicts"));
    assert!(shown.contains("KiB of 39.06 KiB, "), "{shown:?}");
    // The bar is gone before the summary comes.
    let (_, last) = shown.rsplit_once("\u{1b}[2K").unwrap();
    let summary = "5000 tokens: 0 verified, 5000 rejected\r\n    5000 not-compact\r\n";
    assert_eq!(last, summary, "{shown:?}");
    let read = |name: &str| fs::read_to_string(folder.0.path().join(name)).unwrap();
    let verdicts = read("verdicts");
    assert_eq!(verdicts.lines().count(), 5_000);
    assert!(!verdicts.contains('\u{1b}'));

    for line in [
        // No length is known, nobody looks, or there are other lines to be seen.
        &format!("cat tokens | {verify} >verdicts"),
        &format!("{verify} --no-progress <tokens >verdicts"),
        &format!("{verify} <tokens"),
        &format!("{verify} --log warn <tokens >verdicts"),
        &format!("{verify} <tokens >verdicts 2>errors"),
    ] {
        let shown = bar(line);
        assert!(!shown.contains("KiB of"), "{line}: {shown:?}");
    }
    assert_eq!(read("verdicts"), verdicts);
    assert_eq!(read("errors"), "");
}
