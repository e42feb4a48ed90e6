//! `Authorization` headers, before a guarded service: a request is let through exactly if it has one header with a
//! token that verifies.
#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use http::{HeaderValue, Request, Response, header};
use libfuzzer_sys::fuzz_target;
use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, verify};
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW};
use tokenlatch_host::guard::{Claims, Guard};
use tokenlatch_host::key_set;
use tokenlatch_host::policy::PolicySettings;
use tower_layer::Layer as _;
use tower_service::Service;

/// Stands for a good token.
const TOKEN: &[u8] = b"$T";

static GOOD: LazyLock<String> = LazyLock::new(|| {
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{}}}"#,
        NOW + 1
    );
    Key::fixed().token(r#"{"alg":"RS256","kid":"k1"}"#, claims)
});

/// With a token cache and without one.
static GUARDS: LazyLock<[Guard; 2]> = LazyLock::new(|| {
    [None, Some(1 << 20)].map(|token_cache| {
        let keys = key_set::parse(Key::fixed().jwk_set().as_bytes()).expect("a key set");
        let guard = Guard::fixed(*keys, PolicySettings::new(ISSUER, AUDIENCE));
        let guard = guard.clock(|| Time::exactly(NOW));
        let guard = match token_cache {
            Some(bytes) => guard.token_cache(bytes),
            None => guard,
        };
        guard.start().expect("a guard")
    })
});

fuzz_target!(|data: &[u8]| {
    let Some((is_optional, data)) = data.split_first() else {
        return;
    };
    let values = data
        .split(|byte| *byte == b'\n')
        .filter(|value| !value.is_empty());
    let values = values.filter_map(|value| HeaderValue::from_bytes(&with_token(value)).ok());
    let values: Vec<HeaderValue> = values.collect();
    let is_optional = is_optional & 1 == 1;
    let expected = match status(&values) {
        401 if values.is_empty() && is_optional => 200,
        status => status,
    };
    for guard in &*GUARDS {
        assert_eq!(
            response(guard, &values, is_optional),
            expected,
            "{values:?}"
        );
        if let [value] = values.as_slice()
            && let Ok(text) = value.to_str()
        {
            let verdict = guard.check_cached(Some(text)).expect("the keys are there");
            let status = verdict.map_or_else(|refusal| refusal.status().as_u16(), |_| 200);
            assert_eq!(status, expected, "{text}");
        }
    }
});

/// What RFC 6750 says about these headers.
fn status(values: &[HeaderValue]) -> u16 {
    let value = match values {
        [] => return 401,
        [value] => value.as_bytes(),
        _ => return 400,
    };
    let Ok(text) = std::str::from_utf8(value) else {
        return 400;
    };
    if !text
        .chars()
        .all(|c| c == '\t' || c == ' ' || c.is_ascii_graphic())
    {
        return 400;
    }
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if scheme.is_empty() || !scheme.chars().all(is_token_char) {
        return 400;
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return 401;
    }
    let token = token.trim_start_matches(' ');
    let unpadded = token.trim_end_matches('=');
    let is_b64token = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    if unpadded.is_empty() || !unpadded.chars().all(is_b64token) {
        return 400;
    }
    let keys = JwkSet::<1>::from_json(Key::fixed().jwk_set().as_bytes()).expect("a key set");
    let policy = Policy::new(ISSUER, AUDIENCE);
    let mut scratch = [0; MAX_TOKEN_LEN];
    let verdict = verify(
        token.as_bytes(),
        &mut scratch,
        &keys,
        &policy,
        Time::exactly(NOW),
    );
    if verdict.is_ok() { 200 } else { 401 }
}

/// The status of a service behind the guard.
fn response(guard: &Guard, values: &[HeaderValue], is_optional: bool) -> u16 {
    let layer = guard.layer();
    let layer = if is_optional { layer.optional() } else { layer };
    let mut service = layer.layer(Inner { is_optional });
    let mut request = Request::new(());
    for value in values {
        request
            .headers_mut()
            .append(header::AUTHORIZATION, value.clone());
    }
    let mut context = Context::from_waker(Waker::noop());
    let future = pin!(service.call(request));
    match future.poll(&mut context) {
        Poll::Ready(response) => response.expect("a response").status().as_u16(),
        Poll::Pending => panic!("the keys are there"),
    }
}

/// The service, which is called with claims alone, unless it lets others pass.
#[derive(Clone)]
struct Inner {
    is_optional: bool,
}

impl Service<Request<()>> for Inner {
    type Response = Response<String>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let has_claims = request.extensions().get::<Claims>().is_some();
        assert!(has_claims || self.is_optional && request.headers().is_empty());
        std::future::ready(Ok(Response::new(String::new())))
    }
}

fn with_token(value: &[u8]) -> Vec<u8> {
    match value
        .windows(TOKEN.len())
        .position(|window| window == TOKEN)
    {
        Some(at) => [&value[..at], GOOD.as_bytes(), &value[at + TOKEN.len()..]].concat(),
        None => value.into(),
    }
}
