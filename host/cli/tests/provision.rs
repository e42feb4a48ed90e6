//! `tokenlatch provision`: from a server's key set to a device.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use tokenlatch_host::device::{RootKey, VerifyingKeys};
use tokenlatch_host::issuer::{Config, Issuer};

const FILES: [&str; 7] = [
    "key-set.json",
    "key-set.jwt",
    "revocation.jwt",
    "root.h",
    "root.pem",
    "root.rs",
    "token.jwt",
];

/// `tokenlatch provision` in this folder, with these arguments.
fn provision(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
    command.args(["provision", "--out", "device"]);
    command.args(arguments.split_whitespace());
    command.env("TOKENLATCH_CLIENT_SECRET", "demo-secret");
    command.current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

async fn issuer(change: impl FnOnce(&mut Config)) -> Issuer {
    let mut config = Config::default();
    change(&mut config);
    let any_port = "127.0.0.1:0".parse().unwrap();
    Issuer::start_with(config, any_port).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_accepts_what_is_written() {
    let folder = TempDir::new().unwrap();
    let issuer = issuer(|_| {}).await;
    issuer.clock().set(1_790_000_000);
    let arguments = format!(
        "--discover {} --client-id demo-client --now 1790000000",
        issuer.issuer()
    );
    let output = provision(folder.path(), &arguments);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let device = folder.path().join("device");
    let entries = fs::read_dir(&device).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, FILES);
    let read = |name: &str| fs::read_to_string(device.join(name)).unwrap();
    let len = |name: &str| read(name).len();

    let root = RootKey::from_pem(&read("root.pem")).unwrap();
    let thumbprint = root.public().thumbprint();
    for name in ["root.rs", "root.h"] {
        assert!(read(name).contains(&thumbprint), "{name}");
    }
    assert!(read("root.rs").contains("pub static ROOT_KEYS: JwkSet<1> "));
    let keys = VerifyingKeys::read(read("key-set.json").as_bytes(), None).unwrap();
    let [first, second] = &keys.usable[..] else {
        panic!("the one that signs, and the next");
    };
    let expected = format!(
        "\
1. The root key, which signs what devices trust.
   root.pem       new: 2048 bits, thumbprint and kid {thumbprint}
   root.rs        its public side in Rust, for the device's flash
   root.h         the same in C
2. The server's keys, with which it signs tokens.
   key-set.json   the key set of {}
                  2048 bits, thumbprint and kid {}
                  2048 bits, thumbprint and kid {}
3. The documents for devices, signed by the root key.
   key-set.jwt    the key-set update: {} bytes, until 2026-12-20T14:13:20Z
   revocation.jwt the revocation list, without an entry: {} bytes, until 2026-12-20T14:13:20Z
4. A token from the server.
   token.jwt      for door-1: {} bytes
5. What a device with that root key says.
   key-set.jwt    verified: 2 keys
   revocation.jwt verified
   token.jwt      verified by those keys: scope \"door:open\", until 2026-09-21T14:18:20Z
",
        issuer.issuer(),
        first.thumbprint(),
        second.thumbprint(),
        len("key-set.jwt"),
        len("revocation.jwt"),
        len("token.jwt"),
    );
    assert_eq!(text(&output.stdout), expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(device.join("root.pem")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_unless_it_is_forced_and_the_root_key_never() {
    let folder = TempDir::new().unwrap();
    let root_key = folder.path().join("device/root.pem");
    fs::create_dir(folder.path().join("device")).unwrap();
    // The root key may be the issuer's own.
    let issuer = issuer(|config| config.fleet.root_key = Some(root_key.clone())).await;
    let pem = fs::read_to_string(&root_key).unwrap();
    let arguments = format!("--discover {}", issuer.issuer());
    let output = provision(folder.path(), &arguments);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let thumbprint = issuer.root_key().unwrap().thumbprint();
    assert!(shown.contains("root.pem       there already: "), "{shown}");
    assert!(shown.contains(&thumbprint), "{shown}");
    assert!(!folder.path().join("device/token.jwt").exists());

    let read = |name: &str| fs::read_to_string(folder.path().join("device").join(name)).unwrap();
    let update = read("key-set.jwt");
    issuer.rotate().await.unwrap();
    let again = provision(folder.path(), &arguments);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).ends_with("is there already: --force replaces it\n"));
    assert_eq!(again.stdout, b"");
    assert_eq!(read("key-set.jwt"), update);
    let forced = provision(folder.path(), &format!("{arguments} --force"));
    assert_eq!(forced.status.code(), Some(0));
    assert_ne!(read("key-set.jwt"), update);
    assert_eq!(read("root.pem"), pem);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_rejects_is_status_1() {
    let folder = TempDir::new().unwrap();
    let issuer = issuer(|_| {}).await;
    let jwks = issuer.jwks_url();
    let token_url = issuer.token_url();
    // The server says that it is another issuer.
    let arguments = format!(
        "--jwks {jwks} --issuer https://issuer.example/ --client-id demo-client --token-url {token_url}"
    );
    let output = provision(folder.path(), &arguments);
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(
        why.starts_with("tokenlatch: a device rejects token.jwt: "),
        "{why}"
    );

    // The server has no token for this client.
    let arguments = format!(
        "--discover {} --client-id demo-client --device gate-1",
        issuer.issuer()
    );
    let output = provision(folder.path(), &format!("{arguments} --force"));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("access_denied"));
}

#[test]
fn wrong_usage_is_status_2_and_an_absent_server_3() {
    let folder = TempDir::new().unwrap();
    for (arguments, status, part) in [
        ("", 2, "--discover <ISSUER>"),
        ("--jwks https://a.example/jwks.json", 2, "--issuer <ISSUER>"),
        (
            "--discover http://127.0.0.1:1/ --bits 1024",
            2,
            "multiple of 8 from 2048 to 4096",
        ),
        (
            "--discover http://127.0.0.1:1/",
            3,
            "cannot get the key set",
        ),
    ] {
        let output = provision(folder.path(), arguments);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments}: {why}");
        assert!(why.contains(part), "{arguments}: {why}");
    }
    // The root key of the failed attempt is there for the next one.
    assert!(folder.path().join("device/root.pem").exists());
}
