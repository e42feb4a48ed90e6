//! The door on the host: real signatures, a wire, a clock, a flash and pins of the tests.

mod peripherals;

use serde_json::{Value, json};
use tokenlatch_tests::issuer::Issuer;

use peripherals::{Fixture, NOW, Started};

/// The issuer of tokens.
fn issuer() -> &'static Issuer {
    Issuer::rfc7515()
}

/// A token for the door with these members besides its own, or in their place.
fn token(members: Value) -> String {
    let mut claims = json!({
        "iss": "https://issuer.example/", "aud": "door-1", "sub": "technician-7",
        "iat": NOW - 60, "exp": NOW + 300, "jti": "1", "scope": "door:open",
    });
    merge(&mut claims, members);
    issuer().token(&claims.to_string())
}

/// A document of the root, of this type and second, with these members.
fn document(media_type: &str, issued_at: u64, members: Value) -> String {
    let mut claims = json!({
        "iss": "https://issuer.example/", "sub": "https://issuer.example/", "aud": "doors",
        "iat": issued_at, "exp": NOW + 90 * 86_400,
    });
    merge(&mut claims, members);
    let root = Issuer::door_root();
    let key_id = root.key_id();
    let header = format!(r#"{{"alg":"RS256","typ":"{media_type}","kid":"{key_id}"}}"#);
    root.sign(header, claims.to_string())
}

fn key_set(issued_at: u64) -> String {
    document("jwk-set+jwt", issued_at, json!({"keys": [issuer().jwk()]}))
}

fn revocation(issued_at: u64, members: Value) -> String {
    document("revocation+jwt", issued_at, members)
}

fn merge(claims: &mut Value, members: Value) {
    let claims = claims.as_object_mut().unwrap();
    let Value::Object(members) = members else {
        panic!("an object");
    };
    claims.extend(members);
}

/// A door that has the issuer's key.
fn provisioned() -> Fixture {
    let fixture = Fixture::new();
    let updated = "updated key-set rfc7515-a2 until 2027-02-19T12:00:00Z";
    assert_eq!(fixture.start().says(&key_set(NOW - 3600)), [updated]);
    fixture
}

#[test]
fn a_token_opens_it_for_five_seconds_and_once() {
    let fixture = provisioned();
    let mut door = fixture.start();
    assert_eq!(door.says(&token(json!({}))), ["open"]);
    assert!(fixture.is_open());
    fixture.wait(4_999);
    door.poll();
    assert!(fixture.is_open());
    fixture.wait(1);
    door.poll();
    assert!(!fixture.is_open());
    let replayed = ["rejected replayed: the token was used before"];
    assert_eq!(door.says(&token(json!({}))), replayed);
    assert_eq!(door.says(&token(json!({"jti": "2"}))), ["open"]);
    drop(door);
    // A reset shuts the bolt, and forgets nothing.
    let mut door = fixture.start();
    assert!(!fixture.is_open());
    assert_eq!(door.says(&token(json!({}))), replayed);
}

#[test]
fn what_is_not_for_it_does_not_open_it() {
    let fixture = provisioned();
    let mut door = fixture.start();
    for (line, code) in [
        (token(json!({"aud": "door-2"})), "wrong-audience"),
        (
            token(json!({"iss": "https://other.example/"})),
            "wrong-issuer",
        ),
        (token(json!({"exp": NOW - 61})), "expired"),
        (
            token(json!({"iat": NOW + 2 * 86_400, "exp": NOW + 3 * 86_400})),
            "issued-in-future",
        ),
        (
            token(json!({"iat": NOW + 500 * 86_400, "exp": NOW + 501 * 86_400})),
            "issued-in-future",
        ),
        // It may have expired: the clock may be off by a minute.
        (token(json!({"exp": NOW})), "uncertain-time"),
        (token(json!({"nbf": NOW + 120})), "not-yet-valid"),
        (token(json!({"scope": "door:look"})), "missing-scope"),
        (token(json!({"jti": null})), "invalid-claim"),
        (token(json!({"nonce": "x"})), "nonce-expired"),
        ("x".into(), "not-compact"),
        ("x".repeat(6145), "line-too-long"),
        (revocation(NOW, json!({"aud": "other"})), "wrong-audience"),
        (
            document("jwk-set+jwt", NOW - 7200, json!({"keys": []})),
            "rollback",
        ),
        (
            document("jwk-set+jwt", NOW, json!({"keys": []})),
            "wrong-document",
        ),
        (token(json!({"signed_jwks": 1})), "wrong-document"),
    ] {
        let said = door.says(&line);
        let start = format!("rejected {code}: ");
        assert!(said[0].starts_with(&start), "{said:?}");
        assert_eq!(fixture.is_open(), said.len() == 2);
        fixture.wait(60_000);
        door.poll();
    }
}

#[test]
fn a_badge_brings_a_key_and_a_revocation_to_a_door_without_a_network() {
    let fixture = Fixture::new();
    let mut door = fixture.start();
    assert!(
        door.says(&token(json!({})))[0].starts_with("rejected unknown-key: "),
        "no key yet"
    );
    let badge = token(json!({
        "signed_jwks": key_set(NOW - 3600),
        "signed_revocation": revocation(NOW - 3000, json!({
            "epochs": [{"group": "contractors", "iat": NOW}], "revoked": [{"sub": "mallory"}],
        })),
    }));
    let expected = [
        "updated key-set rfc7515-a2 until 2027-02-19T12:00:00Z",
        "updated revocation 1 epochs, 1 entries",
        "open",
    ];
    assert_eq!(door.says(&badge), expected);
    // A badge of before is as good, but for the documents.
    let older = json!({"jti": "4", "signed_jwks": key_set(NOW - 3700)});
    assert_eq!(door.says(&token(older)), ["unchanged key-set", "open"]);
    let revoked = ["rejected revoked: the token, its subject or its key is revoked"];
    let contractor = json!({"jti": "2", "groups": ["contractors"]});
    assert_eq!(door.says(&token(contractor)), revoked);
    assert_eq!(
        door.says(&token(json!({"jti": "3", "sub": "mallory"}))),
        revoked
    );
}

#[test]
fn without_a_certain_time_a_token_needs_more() {
    let fixture = provisioned();
    let uncertain = "rejected uncertain-time: the time is not certain enough for the token";
    for rtc in [None, Some(NOW - 86_400), Some(NOW + 500 * 86_400)] {
        fixture.set_rtc(rtc);
        let mut door = fixture.start();
        assert_eq!(
            door.says(&token(json!({"jti": "1"}))),
            [uncertain],
            "{rtc:?}"
        );
        let any_time =
            json!({"jti": format!("{rtc:?}"), "scope": "door:open door:open-at-any-time"});
        assert_eq!(door.says(&token(any_time)), ["open"], "{rtc:?}");
    }
    // The answer to a challenge proves that it is fresh, and so sets the clock.
    fixture.set_rtc(None);
    let mut door = fixture.start();
    let nonce = nonce(&mut door);
    let other = json!({"jti": "4", "nonce": "AAAAAAAAAAAAAAAAAAAAAA"});
    assert!(door.says(&token(other))[0].starts_with("rejected wrong-nonce: "));
    assert_eq!(
        door.says(&token(json!({"jti": "5", "nonce": nonce}))),
        ["open"]
    );
    assert_eq!(fixture.rtc(), Some(NOW - 60));
    let again = json!({"jti": "6", "nonce": nonce});
    assert!(door.says(&token(again))[0].starts_with("rejected nonce-expired: "));
    assert_eq!(door.says(&token(json!({"jti": "7"}))), ["open"]);
}

/// A new door that gets its key while its clock is off by so many seconds.
fn provisioned_with_clock(off: i64) -> (Fixture, Started) {
    let fixture = Fixture::new();
    fixture.set_rtc(NOW.checked_add_signed(off));
    let mut door = fixture.start();
    door.says(&key_set(NOW - 3600));
    (fixture, door)
}

/// A token of this second, with these members besides.
fn token_of_now(members: Value) -> String {
    let mut claims = json!({"iat": NOW, "nbf": NOW});
    merge(&mut claims, members);
    token(claims)
}

fn nonce(door: &mut Started) -> String {
    let said = door.says("challenge");
    let nonce = said[0].strip_prefix("nonce ");
    nonce.unwrap_or_else(|| panic!("{said:?}")).to_owned()
}

#[test]
fn a_challenge_sets_a_clock_that_is_slow() {
    let (fixture, mut door) = provisioned_with_clock(-300);
    let said = door.says(&token_of_now(json!({})));
    assert!(said[0].starts_with("rejected uncertain-time: "), "{said:?}");
    let any_time = json!({"jti": "2", "scope": "door:open door:open-at-any-time"});
    assert_eq!(door.says(&token_of_now(any_time)), ["open"]);
    assert_eq!(fixture.rtc(), Some(NOW - 300));
    let response = json!({"jti": "3", "nonce": nonce(&mut door)});
    assert_eq!(door.says(&token_of_now(response)), ["open"]);
    assert_eq!(fixture.rtc(), Some(NOW));
    assert_eq!(door.says(&token_of_now(json!({"jti": "4"}))), ["open"]);
}

#[test]
fn an_answer_does_not_open_before_it_may() {
    let (_fixture, mut door) = provisioned_with_clock(-300);
    let response = json!({"nbf": NOW + 3600, "nonce": nonce(&mut door)});
    let said = door.says(&token_of_now(response));
    assert!(said[0].starts_with("rejected not-yet-valid: "), "{said:?}");
}

#[test]
fn a_token_of_an_issuer_whose_clock_is_wrong_says_nothing_about_the_time() {
    let fixture = provisioned();
    let mut door = fixture.start();
    let status = door.says("status")[0].clone();
    let ahead = json!({"iat": NOW + 2 * 86_400, "exp": NOW + 3 * 86_400});
    assert!(door.says(&token(ahead))[0].starts_with("rejected issued-in-future: "));
    assert_eq!(door.says("status")[0], status);
    assert_eq!(door.says(&token(json!({}))), ["open"]);
}

#[test]
fn a_challenge_sets_a_clock_that_is_fast() {
    let (fixture, mut door) = provisioned_with_clock(120);
    let response = json!({"nonce": nonce(&mut door)});
    assert_eq!(door.says(&token_of_now(response)), ["open"]);
    assert_eq!(fixture.rtc(), Some(NOW));
}

#[test]
fn a_challenge_leaves_a_clock_that_is_right() {
    let (fixture, mut door) = provisioned_with_clock(0);
    let response = json!({"iat": NOW - 50, "nbf": NOW - 50, "nonce": nonce(&mut door)});
    assert_eq!(door.says(&token_of_now(response)), ["open"]);
    assert_eq!(fixture.rtc(), Some(NOW));
}

#[test]
fn what_is_not_good_says_nothing_about_the_time() {
    let (fixture, mut door) = provisioned_with_clock(-300);
    let status = door.says("status")[0].clone();
    let response = json!({"nonce": nonce(&mut door)});
    let good = token_of_now(response.clone());
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = token(json!({}));
    let (_, signature) = other.rsplit_once('.').unwrap();
    let mut other_door = response;
    merge(&mut other_door, json!({"aud": "door-2"}));
    for (line, code) in [
        (format!("{signed}.{signature}"), "invalid-signature"),
        (token_of_now(other_door), "wrong-audience"),
    ] {
        let said = door.says(&line);
        assert!(
            said[0].starts_with(&format!("rejected {code}: ")),
            "{said:?}"
        );
        assert_eq!(door.says("status")[0], status);
    }
    assert_eq!(door.says(&good), ["open"]);
    // What was used moves the clock no more.
    fixture.set_rtc(Some(NOW + 300));
    assert!(door.says(&good)[0].starts_with("rejected "));
    assert_eq!(fixture.rtc(), Some(NOW + 300));
}

#[test]
fn a_token_of_this_second_opens_it_though_the_clock_may_be_off() {
    let fixture = provisioned();
    let mut door = fixture.start();
    assert_eq!(door.says(&token(json!({"iat": NOW + 30}))), ["open"]);
    // It proves that it is later, but not for a token that expires later still.
    assert_eq!(
        door.says("status")[0],
        "time        2026-11-21T12:00:30Z, certain to a minute"
    );
}

#[test]
fn keys_end_with_their_document() {
    let fixture = provisioned();
    fixture.set_rtc(Some(NOW + 91 * 86_400));
    let mut door = fixture.start();
    let ended = "rejected key-set-expired: the key set in force has expired";
    assert_eq!(door.says(&token(json!({}))), [ended]);
}

#[test]
fn a_clock_that_runs_raises_the_floor_while_nobody_comes() {
    let fixture = provisioned();
    let mut door = fixture.start();
    fixture.set_rtc(Some(NOW + 86_400));
    fixture.wait(60_000);
    door.poll();
    drop(door);
    fixture.set_rtc(Some(NOW));
    let mut door = fixture.start();
    let time = "time        2026-11-22T11:59:00Z, at least: the clock was set back";
    assert_eq!(door.says("status")[0], time);
}

#[test]
fn it_says_how_it_is() {
    let fixture = provisioned();
    let mut door = fixture.start();
    door.says(&token(json!({})));
    door.says("nonsense");
    let expected = [
        "time        2026-11-21T11:59:00Z, certain to a minute",
        "key-set     rfc7515-a2 until 2027-02-19T12:00:00Z",
        "revocation  0 epochs, 0 entries",
        "used        1 of 32 tokens",
        "since reset 1 opened, 1 rejected",
        "recorded    2 entries before the reset, 0 lost",
        "memory      flash 1, static RAM 2, stack 3 at most, of 4",
    ];
    assert_eq!(door.says("status"), expected);
    drop(door);
    fixture.set_rtc(None);
    let mut door = fixture.start();
    assert_eq!(
        door.says("status")[0],
        "time        2026-11-21T11:59:00Z, at least: there is no clock, or it stopped"
    );
    let expected = [
        "2026-11-21T11:59:00Z start",
        "2026-11-21T11:59:00Z key-set",
        "2026-11-21T11:59:00Z start",
        "2026-11-21T11:59:00Z token",
        "2026-11-21T11:59:00Z token rejected not-compact",
        "at least 2026-11-21T11:59:00Z start",
    ];
    assert_eq!(door.says("audit"), expected);
}

#[test]
fn a_flood_of_rejections_leaves_few_records() {
    let fixture = provisioned();
    let mut door = fixture.start();
    let before = door.says("audit").len();
    for _ in 0..100 {
        door.says("x");
    }
    assert_eq!(door.says("audit").len(), before + 16);
    assert!(
        door.says("status")
            .contains(&"since reset 0 opened, 100 rejected".into())
    );
}

#[test]
fn a_flood_of_challenges_gets_few_nonces() {
    let fixture = provisioned();
    let mut door = fixture.start();
    let nonces = (0..100).filter(|_| door.says("challenge")[0].starts_with("nonce "));
    assert_eq!(nonces.count(), 17);
    // Rejections have a quota of their own.
    let before = door.says("audit").len();
    door.says("x");
    assert_eq!(door.says("audit").len(), before + 1);
    // The last one has ended, and there is one more.
    fixture.wait(60_000);
    nonce(&mut door);
    let response = json!({"nonce": nonce(&mut door)});
    assert!(door.says("challenge")[0].starts_with("rejected too-many-challenges"));
    // Whoever responds may ask again.
    assert_eq!(door.says(&token(response)), ["open"]);
    assert!(door.says("challenge")[0].starts_with("nonce "));
}

#[test]
fn it_feeds_the_watchdog_every_three_seconds() {
    let fixture = provisioned();
    let mut door = fixture.start();
    // The storage comes round twice.
    let entries: Vec<_> = (0..30)
        .map(|n| json!({"sub": format!("{n:090}")}))
        .collect();
    for later in 0..30 {
        door.says(&key_set(NOW - 3000 + later));
        door.says(&revocation(NOW - 3000 + later, json!({"revoked": entries})));
        door.says(&token(json!({"jti": format!("{later}")})));
        fixture.wait(60_000);
    }
    drop(door);
    let in_use = fixture.longest_unfed();
    let door = fixture.start();
    let at_start = fixture.longest_unfed();
    println!("fed after {in_use} microseconds at the latest, and {at_start} while it starts");
    for longest in [in_use, at_start] {
        assert!((100_000..3_000_000).contains(&longest), "{longest}");
    }
    drop(door);
}
