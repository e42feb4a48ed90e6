//! The memory that the example door takes on each board, in QEMU, while it does what takes the most: the table in
//! `firmware-example/README.md`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokenlatch::MAX_JSON_DEPTH;
use tokenlatch_tests::board::{Board, Running};
use tokenlatch_tests::figures::Table;
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::footprint::cases;
use tokenlatch_tests::issuer::Issuer;

const BOARDS: [&str; 4] = ["lm3s6965evb", "mps2-an500", "mps2-an505", "virt-riscv32"];

/// At least half of the RAM is free for whatever else the firmware does.
const RAM: u64 = 64 * 1024;

/// How much a figure may differ from the README, in percent.
const TOLERANCE: u64 = 2;

#[test]
fn each_board_takes_the_memory_that_the_readme_says() {
    let rows = BOARDS.map(|board| {
        let [flash, static_ram, stack] = memory(board);
        assert!(static_ram + stack <= RAM / 2, "{board}");
        assert!((4 * 1024..16 * 1024).contains(&stack), "{board}: {stack}");
        let free = RAM - static_ram - stack;
        (format!("`{board}`"), vec![flash, static_ram, stack, free])
    });
    let table = Table {
        name: "boards",
        columns: &[
            "board",
            "flash",
            "static RAM",
            "peak stack",
            "free of 65,536",
        ],
        rows: rows.into(),
    };
    table.hold(&readme(), |_, said, is| {
        100 * said.abs_diff(is) <= TOLERANCE * said
    });
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/README.md")
}

/// Flash, static RAM and peak stack of a door that was new.
fn memory(board: &str) -> [u64; 3] {
    let board = Board::build(board, "");
    let folder = TempDir::new().expect("a folder");
    let mut door = start(&board, folder.path());
    provision(&mut door);
    open(&mut door, "1");
    hostile(&mut door);
    bring_all(&mut door);
    let first = status(&mut door);
    drop(door);

    // With all of its state in the memory.
    let mut door = start(&board, folder.path());
    let used = says(&mut door, &token(json!({"jti": "1"})));
    assert!(used[0].starts_with("rejected replayed"), "{used:?}");
    open(&mut door, "2");
    let [flash, static_ram, second] = status(&mut door);
    assert_eq!([flash, static_ram], [first[0], first[1]]);
    println!("peak stack: {} new, {second} after a restart", first[2]);
    [flash, static_ram, second.max(first[2])]
}

fn start(board: &Board, folder: &Path) -> Running {
    let door = board.start(folder, &["-rtc", "base=2026-11-21T12:00:00"]);
    assert_eq!(door.response().expect("a response"), ["ready door-1"]);
    door
}

/// A key set of four keys, and a full revocation.
fn provision(door: &mut Running) {
    let updated = says(door, &key_set(NOW - 60));
    assert!(
        updated[0].starts_with("updated key-set rfc7515-a2 "),
        "{updated:?}"
    );
    let updated = says(door, &revocation(NOW - 60, MAX_EPOCHS, MAX_ENTRIES));
    assert_eq!(updated, ["updated revocation 8 epochs, 32 entries"]);
}

/// A token, and one that echoes a nonce.
fn open(door: &mut Running, id: &str) {
    assert_eq!(says(door, &token(json!({"jti": id}))), ["open"]);
    let challenge = says(door, "challenge");
    let nonce = challenge[0].strip_prefix("nonce ").expect("a nonce");
    let answer = json!({"jti": format!("{id} with a nonce"), "nonce": nonce});
    assert_eq!(says(door, &token(answer)), ["open"]);
}

/// What is made to cost: all of it is rejected.
fn hostile(door: &mut Running) {
    let nested = |depth| (0..depth).fold(json!(0), |inner, _| json!({"": inner}));
    let mut lines = vec![
        "x".repeat(6144),
        "x".repeat(6145),
        ".".repeat(6144),
        token(json!({"x": nested(MAX_JSON_DEPTH)})),
        token(json!({"signed_jwks": "x".repeat(4000)})),
        token(json!({"jti": "3", "aud": "door-2", "x": nested(MAX_JSON_DEPTH - 2)})),
        document(
            "jwk-set+jwt",
            NOW,
            json!({"keys": [nested(MAX_JSON_DEPTH - 3)]}),
        ),
        document("revocation+jwt", NOW, json!({"revoked": [nested(1)]})),
    ];
    let cases = cases::all(Issuer::rfc7515());
    lines.extend(cases.into_iter().map(|case| case.line));
    // The door skips an empty line.
    lines.retain(|line| !line.is_empty());
    for line in lines {
        let response = says(door, &line);
        let is_rejected = response.iter().any(|line| line.starts_with("rejected "));
        let is_open = response.iter().any(|line| line == "open");
        assert!(
            is_rejected && (!is_open || response.len() > 1),
            "{response:?}: {line}"
        );
    }
}

/// A badge with a key set and a revocation.
fn bring_all(door: &mut Running) {
    let badge = token(json!({
        "jti": "badge",
        "signed_jwks": key_set(NOW),
        "signed_revocation": revocation(NOW, MAX_EPOCHS, 12),
    }));
    assert!((5500..=6144).contains(&badge.len()), "{}", badge.len());
    let response = says(door, &badge);
    assert!(response[0].starts_with("updated key-set"), "{response:?}");
    assert_eq!(
        response[1..],
        ["updated revocation 8 epochs, 12 entries", "open"]
    );
    let full = revocation(NOW + 1, MAX_EPOCHS, MAX_ENTRIES);
    assert_eq!(
        says(door, &full),
        ["updated revocation 8 epochs, 32 entries"]
    );
    let audit = says(door, "audit");
    assert!(audit.len() > 10, "{audit:?}");
}

/// Flash, static RAM and peak stack, in bytes.
fn status(door: &mut Running) -> [u64; 3] {
    let status = says(door, "status");
    let memory = status.last().expect("the memory");
    let figures: Vec<u64> = memory
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let [flash, static_ram, stack, RAM] = figures[..] else {
        panic!("{memory}");
    };
    [flash, static_ram, stack]
}

fn says(door: &mut Running, line: &str) -> Vec<String> {
    door.send(line);
    door.response().expect("a response")
}

/// As many as the door has room for.
const MAX_EPOCHS: u64 = 8;
const MAX_ENTRIES: u64 = 32;

/// A token with these members besides its own, or in their place. It opens a door that has no clock, too.
fn token(members: Value) -> String {
    let scope = "door:open door:open-at-any-time";
    let claims = json!({
        "iss": ISSUER, "aud": "door-1", "sub": "technician-7", "iat": NOW, "exp": NOW + 3600, "jti": "0",
        "scope": scope,
    });
    Issuer::rfc7515().token(&merged(claims, members))
}

/// Four keys of 2048 bits.
fn key_set(issued_at: u64) -> String {
    let keys = ["rfc7515-a2", "b", "c", "d"].map(|key_id| {
        let mut jwk = Issuer::rfc7515().jwk();
        jwk["kid"] = key_id.into();
        jwk
    });
    document("jwk-set+jwt", issued_at, json!({"keys": keys}))
}

fn revocation(issued_at: u64, epochs: u64, entries: u64) -> String {
    let epochs = (0..epochs).map(|n| json!({"group": n.to_string(), "iat": NOW}));
    let entries = (0..entries).map(|n| json!({"sub": n.to_string()}));
    let members = json!({
        "epochs": epochs.collect::<Vec<_>>(), "revoked": entries.collect::<Vec<_>>(),
    });
    document("revocation+jwt", issued_at, members)
}

/// A document of the root, with these members besides its own.
fn document(media_type: &str, issued_at: u64, members: Value) -> String {
    let claims = json!({"iss": ISSUER, "aud": "doors", "iat": issued_at, "exp": NOW + 90 * 86_400});
    let root = Issuer::door_root();
    let key_id = root.key_id();
    let header = format!(r#"{{"alg":"RS256","typ":"{media_type}","kid":"{key_id}"}}"#);
    root.sign(header, merged(claims, members))
}

fn merged(mut claims: Value, members: Value) -> String {
    let Value::Object(members) = members else {
        panic!("an object");
    };
    claims.as_object_mut().expect("an object").extend(members);
    claims.to_string()
}

const ISSUER: &str = "https://issuer.example/";
