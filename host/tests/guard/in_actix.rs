//! The middleware of actix-web and its extractors.

use std::future::Ready;
use std::task::{Context, Poll, Waker};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Error, rt, web};
use tokenlatch_host::guard::ClaimsAs;

use super::unavailable::Published;
use super::*;

/// The status, challenge, `Retry-After` and body of the response.
type Responded = (u16, Option<String>, Option<String>, String);

async fn hello(claims: Claims) -> String {
    claims.subject().unwrap().to_string()
}

async fn door(ClaimsAs(Door { door }): ClaimsAs<Door>) -> String {
    door.to_string()
}

async fn anybody(claims: Option<Claims>) -> &'static str {
    if claims.is_some() { "known" } else { "unknown" }
}

async fn by_hand(claims: Claims, guard: web::Data<Guard>) -> Result<&'static str, Refusal> {
    guard.scopes(["paint"]).check_token(claims.token()).await?;
    Ok("painted")
}

async fn got(guard: &Guard, path: &str, headers: &[&str]) -> Responded {
    let guarded = web::scope("/guarded")
        .wrap(guard.middleware())
        .route("/hello", web::get().to(hello))
        .route("/door", web::get().to(door))
        .route("/by-hand", web::get().to(by_hand));
    let paint = web::scope("/paint")
        .wrap(guard.scopes(["paint"]).middleware())
        .route("", web::get().to(hello));
    let open = web::scope("/open")
        .wrap(guard.middleware().optional())
        .route("", web::get().to(anybody));
    let app = App::new()
        .app_data(web::Data::new(guard.clone()))
        .service((guarded, paint, open))
        .route("/forgotten", web::get().to(hello));
    let app = init_service(app).await;
    let mut request = TestRequest::with_uri(path);
    for header in headers {
        request = request.append_header((AUTHORIZATION, *header));
    }
    let response = call_service(&app, request.to_request()).await;
    let header = |name| {
        let value = response.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let (status, challenge) = (response.status().as_u16(), header(WWW_AUTHENTICATE));
    let retry_after = header(RETRY_AFTER);
    let body = read_body(response).await.try_into_bytes().unwrap();
    (
        status,
        challenge,
        retry_after,
        String::from_utf8(body.into()).unwrap(),
    )
}

#[test]
fn a_middleware_is_ready_when_its_service_is() {
    struct Busy;

    impl Service<ServiceRequest> for Busy {
        type Response = ServiceResponse;
        type Error = Error;
        type Future = Ready<Result<ServiceResponse, Error>>;

        fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Pending
        }

        fn call(&self, _: ServiceRequest) -> Self::Future {
            unreachable!("it is not ready")
        }
    }

    let guarded = guard().middleware().new_transform(Busy);
    let guarded = guarded.into_inner().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(guarded.poll_ready(&mut context).is_pending());
}

#[test]
fn a_middleware_gives_claims_to_handlers() {
    rt::System::new().block_on(async {
        let guard = guard();
        let body = async |path, headers: &[&str]| {
            let (status, _, _, body) = got(&guard, path, headers).await;
            (status, body)
        };
        let good = bearer(&token(json!({"door": 7})));
        assert_eq!(
            body("/guarded/hello", &[&good]).await,
            (200, "demo-client".into())
        );
        assert_eq!(body("/guarded/door", &[&good]).await, (200, "7".into()));
        assert_eq!(body("/open", &[&good]).await, (200, "known".into()));
        assert_eq!(body("/open", &[]).await, (200, "unknown".into()));
        let painter = bearer(&token(json!({"scope": "paint"})));
        assert_eq!(
            body("/paint", &[&painter]).await,
            (200, "demo-client".into())
        );
        assert_eq!(
            body("/guarded/by-hand", &[&painter]).await,
            (200, "painted".into())
        );
    });
}

#[test]
fn a_middleware_responds_by_itself_with_an_empty_body() {
    rt::System::new().block_on(async {
        let good = bearer(&token(json!({})));
        let invalid_request = r#"Bearer error="invalid_request""#;
        let insufficient_scope = r#"Bearer error="insufficient_scope", scope="paint""#;
        for (path, headers, status, challenge) in [
            ("/guarded/hello", &[][..], 401, "Bearer"),
            ("/guarded/hello", &["Basic eDp5"], 401, "Bearer"),
            ("/guarded/hello", &["Bearer x"], 401, INVALID_TOKEN),
            ("/guarded/hello", &["Bearer"], 400, invalid_request),
            ("/guarded/hello", &[&good, &good], 400, invalid_request),
            ("/guarded/door", &[&good], 401, INVALID_TOKEN),
            ("/guarded/by-hand", &[&good], 403, insufficient_scope),
            ("/paint", &[&good], 403, insufficient_scope),
            ("/open", &["Bearer x"], 401, INVALID_TOKEN),
            ("/open", &[&good, &good], 400, invalid_request),
        ] {
            let expected = (status, Some(challenge.to_owned()), None, String::new());
            assert_eq!(got(&guard(), path, headers).await, expected, "{path}");
        }
        let (status, challenge, _, _) = got(&guard(), "/forgotten", &[&good]).await;
        assert_eq!((status, challenge), (500, None));
    });
}

#[test]
fn a_middleware_waits_for_a_key_that_is_not_cached() {
    rt::System::new().block_on(async {
        let published = Published::default();
        published.set(Some(&["a"]));
        let good = bearer(&token_of(Issuer::rfc7515(), "a", json!({})));
        let guard = published.guard();
        assert_eq!(got(&guard, "/guarded/hello", &[&good]).await.0, 200);

        published.set(None);
        let guard = published.guard();
        let (status, challenge, retry_after, body) = got(&guard, "/guarded/hello", &[&good]).await;
        assert_eq!((status, challenge, body), (503, None, String::new()));
        let retry_after = retry_after.unwrap();
        assert!(
            (1..=60).contains(&retry_after.parse().unwrap()),
            "{retry_after}"
        );
    });
}
