//! Which responses are right, by the rules of RFC 6750 and by what the guard promises. It has no code of the verifier.

use std::time::Instant;

use tokenlatch_host::clock::unix_now;

use crate::tokens::Kind;
use crate::world::{Child, World};

/// The rules in plain words, for the report.
pub(crate) const RULES: [&str; 9] = [
    "A request without a token, or with another scheme: 401. A malformed header, or two: 400. What is no JWT, too long, \
     unsigned or of another issuer: 401. Always.",
    "A `kid` that no key has: 401 or 503, whatever happens: 503 while it is too early to ask the issuer for it.",
    "A good token of a key that the child has accepted before, or has had the time to fetch: 200, through every outage. \
     Without the scope: 403. With a changed signature, or for another audience: 401.",
    "A good token of a key that the child has not had the time to fetch: 200 or 503, never 401. The child has had the \
     time if the issuer and the child were in order for 35 seconds since the key was published: a set is fresh for 30 \
     seconds, and a fetch takes up to 5. After a trouble of D seconds, it is up to 2 (D + 11) + 15 seconds, and not more \
     than 77: the waits between retries double, but an unknown `kid` causes a fetch once in 60 seconds at most.",
    "A good token of a key that is not published any longer: as before until the child has had the time to fetch, then \
     401 or 503.",
    "The child's clock decides: `exp` and `nbf` count by the time that the test has given to the child. Within 10 \
     seconds of these times, and from a jump of the clock until 3 seconds after it, both verdicts are right.",
    "Each request gets a response within 60 seconds. While a child is stopped, requests wait for it.",
    "The snapshot is absent or whole at each look, once a second. While its disk has space, it has the newest key as \
     soon as the child has had the time to fetch.",
    "A verdict is right only if it is one of these. Each request counts.",
];

/// How near to `nbf` and `exp` both verdicts are right, in seconds: the leeway, and some more.
const BOUNDARY: u64 = 10;

/// A request that was responded to.
pub(crate) struct Request {
    pub(crate) child: Child,
    pub(crate) kind: Kind,
    /// The key of its token, by its index.
    pub(crate) key: usize,
    /// `nbf` and `exp` of its token.
    pub(crate) valid: (u64, u64),
    pub(crate) sent: Instant,
    pub(crate) responded: Instant,
}

/// The statuses that are right.
pub(crate) fn right(world: &World, request: &Request) -> Vec<u16> {
    let good = match request.kind {
        Kind::NoToken | Kind::OtherScheme | Kind::Garbage | Kind::TooLong => return vec![401],
        Kind::AlgNone | Kind::WrongIssuer => return vec![401],
        Kind::Malformed | Kind::TwoHeaders => return vec![400],
        Kind::UnknownKey => return vec![401, 503],
        Kind::WrongAudience | Kind::BadSignature => 401,
        Kind::LacksScope => 403,
        _ => 200,
    };
    let Request {
        child,
        sent,
        responded,
        ..
    } = *request;
    let key = &world.keys[request.key];
    let mut right = Vec::new();
    for offset in world.offsets(sent, responded) {
        let (may_be_valid, may_be_invalid) = validity(request, offset);
        right.extend(may_be_valid.then_some(good));
        right.extend(may_be_invalid.then_some(401));
    }
    match key.withdrawn {
        Some((_, since)) if world.has_fetched(child, since, sent) => return vec![401, 503],
        Some((until, _)) if until <= responded => right.extend([401, 503]),
        _ => {}
    }
    if !world.has_key(child, key, sent) {
        right.push(503);
    }
    right
}

/// Whether the token may be valid, and whether it may not be, by a clock that is so many seconds ahead.
fn validity(request: &Request, offset: i64) -> (bool, bool) {
    let now = unix_now().saturating_add_signed(offset);
    // When the request was sent.
    let then = now - request.sent.elapsed().as_secs();
    let (nbf, exp) = request.valid;
    let may_be_valid = now + BOUNDARY >= nbf && then < exp + BOUNDARY;
    let may_be_invalid = then < nbf + BOUNDARY || now + BOUNDARY >= exp;
    (may_be_valid, may_be_invalid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::world::{Key, Span};

    #[test]
    fn only_what_is_uncertain_has_two_right_verdicts() {
        let now = Instant::now();
        let ago = |seconds| now - Duration::from_secs(seconds);
        let mut world = World::new();
        world.jumps = vec![(ago(1000), 0)];
        let key = |published| Key {
            key_id: String::new(),
            published,
            withdrawn: None,
            accepted: [None; 2],
            refused: [None; 2],
            tokens: Vec::new(),
        };
        world.keys = vec![key(ago(500)), key(ago(10))];
        let time = unix_now();
        let right = |world: &World, kind, key, valid| {
            let request = Request {
                child: Child::Serve,
                kind,
                key,
                valid,
                sent: now,
                responded: now,
            };
            let mut statuses = super::right(world, &request);
            statuses.sort_unstable();
            statuses
        };
        let valid = (time - 3600, time + 3600);
        let expired = (time - 3600, time - 1800);
        assert_eq!(right(&world, Kind::Good, 0, valid), [200]);
        assert_eq!(right(&world, Kind::LacksScope, 0, valid), [403]);
        assert_eq!(right(&world, Kind::BadSignature, 0, valid), [401]);
        assert_eq!(right(&world, Kind::ExpiredAnHourAgo, 0, expired), [401]);
        assert_eq!(right(&world, Kind::UnknownKey, 0, valid), [401, 503]);
        assert_eq!(right(&world, Kind::NewKey, 1, valid), [200, 503]);
        world.keys[1].accepted[0] = Some(ago(5));
        assert_eq!(right(&world, Kind::NewKey, 1, valid), [200]);
        // An hour ago it was valid.
        world.jumps.push((ago(100), -7200));
        let early = (time - 9000, time - 3600);
        assert_eq!(right(&world, Kind::ExpiredAnHourAgo, 0, early), [200]);
        world.jumps.push((ago(1), 0));
        assert_eq!(right(&world, Kind::ExpiredAnHourAgo, 0, early), [200, 401]);
        // Withdrawn: certainly rejected only after a fetch.
        world.jumps.truncate(1);
        world.keys[0].accepted[0] = Some(ago(400));
        world.keys[0].withdrawn = Some((ago(11), ago(10)));
        assert_eq!(right(&world, Kind::WithdrawnKey, 0, valid), [200, 401, 503]);
        world.keys[0].withdrawn = Some((ago(101), ago(100)));
        assert_eq!(right(&world, Kind::WithdrawnKey, 0, valid), [401, 503]);
        world.issuer_down.push(Span {
            from: ago(102),
            to: None,
        });
        assert_eq!(right(&world, Kind::WithdrawnKey, 0, valid), [200, 401, 503]);
    }
}
