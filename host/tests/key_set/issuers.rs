//! Several issuers, whose keys have the same names.

use std::sync::LazyLock;

use tokenlatch::{Claim, Error};
use tokenlatch_host::verifier::Verifier;
use tokenlatch_tests::issuer::Issuer;

use super::*;

const OTHER: &str = "https://other.example/";

static OTHERS_KEY: LazyLock<Issuer> = LazyLock::new(|| Issuer::generate(2048, "1"));

/// Two different keys, both with the `kid` "1".
fn two_issuers() -> (Verifier<'static>, Fake) {
    let ours = Fake::new(Behavior::keys(&["1"]));
    let theirs = Fake::new(Behavior::Document(OTHERS_KEY.jwk_set()));
    let mut verifier = Verifier::default();
    verifier.add(POLICY, busy(ours.clone()).start());
    let policy = Policy::new(OTHER, "https://api.example.com/");
    verifier.add(policy, busy(theirs).start());
    (verifier, ours)
}

async fn rejection(verifier: &Verifier<'_>, token: &str) -> Option<tokenlatch::Error> {
    let mut scratch = [0; MAX_TOKEN_LEN];
    let verdict = verifier.verify(token.as_bytes(), &mut scratch, NOW).await;
    match verdict {
        Ok(_) => None,
        Err(VerifyError::Token(error)) => Some(error),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_of_one_issuer_never_verifies_a_token_of_another() {
    let (verifier, _) = two_issuers();
    let ours = Issuer::rfc7515();
    let theirs = &*OTHERS_KEY;
    for (key, issuer, expected) in [
        (ours, ISSUER, None),
        (theirs, OTHER, None),
        (ours, OTHER, Some(tokenlatch::Error::InvalidSignature)),
        (theirs, ISSUER, Some(tokenlatch::Error::InvalidSignature)),
        (
            ours,
            "https://third.example/",
            Some(tokenlatch::Error::WrongIssuer),
        ),
    ] {
        let token = token_of(key, "1", issuer);
        assert_eq!(rejection(&verifier, &token).await, expected, "{issuer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_names_no_issuer_that_is_known_causes_no_fetch() {
    let (verifier, server) = two_issuers();
    let token = token_of(Issuer::rfc7515(), "1", ISSUER);
    assert_eq!(rejection(&verifier, &token).await, None);
    let (header, rest) = token.split_once('.').unwrap();
    for (token, expected) in [
        (String::new(), Error::NotCompact),
        ("..".into(), Error::InvalidJson),
        (
            format!("{header}.e30.c2ln"),
            Error::MissingClaim(Claim::Issuer),
        ),
        (format!("{header}.!.c2ln"), Error::InvalidBase64url),
        (format!("{header}{rest}"), Error::NotCompact),
        (
            token_of(Issuer::rfc7515(), "2", "https://third.example/"),
            Error::WrongIssuer,
        ),
    ] {
        assert_eq!(
            rejection(&verifier, &token).await,
            Some(expected),
            "{token}"
        );
    }
    assert_eq!(server.asked(), 1);
}

/// An unknown `kid` of one issuer causes a fetch from that issuer only.
#[tokio::test(start_paused = true)]
async fn the_issuers_do_not_wait_for_each_other() {
    let ours = Fake::new(Behavior::keys(&["1"]));
    let theirs = Fake::new(Behavior::Hangs);
    let mut verifier = Verifier::default();
    verifier.add(POLICY, busy(ours.clone()).start());
    let policy = Policy::new(OTHER, "https://api.example.com/");
    verifier.add(policy, busy(theirs.clone()).start());
    let start = tokio::time::Instant::now();
    let token = token_of(Issuer::rfc7515(), "1", ISSUER);
    assert_eq!(rejection(&verifier, &token).await, None);
    let token = token_of(Issuer::rfc7515(), "2", ISSUER);
    assert_eq!(
        rejection(&verifier, &token).await,
        Some(tokenlatch::Error::UnknownKey)
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!((ours.asked(), theirs.asked()), (2, 1));
}
