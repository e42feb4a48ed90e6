//! The layer and axum's extractors.

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, Method, Request, Response, Version};
use axum::routing::get;
use tokenlatch_host::guard::ClaimsAs;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use super::unavailable::Published;
use super::*;

fn service(guard: &Guard) -> Router {
    async fn hello(claims: Claims) -> String {
        claims.subject().unwrap().to_string()
    }
    async fn door(ClaimsAs(Door { door }): ClaimsAs<Door>) -> String {
        door.to_string()
    }
    async fn anybody(claims: Option<Claims>) -> &'static str {
        if claims.is_some() { "known" } else { "unknown" }
    }
    async fn by_hand(claims: Claims, guard: Guard) -> Result<&'static str, Refusal> {
        guard.scopes(["paint"]).check_token(claims.token()).await?;
        Ok("painted")
    }
    let own = guard.clone();
    let guarded = Router::new()
        .route("/hello", get(hello))
        .route("/door", get(door))
        .route("/by-hand", get(move |claims| by_hand(claims, own)))
        .route("/paint", get(hello).layer(guard.scopes(["paint"]).layer()))
        .layer(guard.layer());
    let open = Router::new()
        .route("/anybody", get(anybody))
        .layer(guard.layer().optional());
    let forgotten = Router::new().route("/forgotten", get(hello));
    guarded.merge(open).merge(forgotten)
}

async fn sent(path: &str, headers: &[&str]) -> Response<Body> {
    let mut request = Request::get(path);
    for header in headers {
        request = request.header(AUTHORIZATION, *header);
    }
    let request = request.body(Body::empty()).unwrap();
    service(&guard()).oneshot(request).await.unwrap()
}

async fn got(path: &str, headers: &[&str]) -> (u16, String) {
    let response = sent(path, headers).await;
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1_000)
        .await
        .unwrap();
    (status, String::from_utf8(body.into()).unwrap())
}

fn header<B>(response: &Response<B>, name: HeaderName) -> Option<&str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[test]
fn a_layer_is_ready_when_its_service_is() {
    #[derive(Clone)]
    struct Busy;

    impl Service<Request<Body>> for Busy {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it is not ready")
        }
    }

    let mut guarded = guard().layer().layer(Busy);
    let mut context = Context::from_waker(Waker::noop());
    assert!(guarded.poll_ready(&mut context).is_pending());
}

#[tokio::test]
async fn a_layer_gives_claims_to_handlers() {
    let good = bearer(&token(json!({"door": 7})));
    assert_eq!(got("/hello", &[&good]).await, (200, "demo-client".into()));
    assert_eq!(got("/door", &[&good]).await, (200, "7".into()));
    let doorless = bearer(&token(json!({})));
    let response = sent("/door", &[&doorless]).await;
    assert_eq!(response.status(), 401);
    assert_eq!(header(&response, WWW_AUTHENTICATE), Some(INVALID_TOKEN));
}

/// A refusal in the form of gRPC has the status 200: a client must not get one from a service of another kind.
#[tokio::test]
async fn only_a_request_of_grpc_is_refused_in_its_form() {
    let grpc = "application/grpc";
    for (method, version, content_type, status) in [
        (Method::POST, Version::HTTP_2, grpc, 200),
        (Method::POST, Version::HTTP_2, "application/grpc+proto", 200),
        (Method::POST, Version::HTTP_2, "application/grpc;x=y", 200),
        (Method::GET, Version::HTTP_2, grpc, 401),
        (Method::POST, Version::HTTP_11, grpc, 401),
        (Method::POST, Version::HTTP_2, "application/grpcs", 401),
        (Method::POST, Version::HTTP_2, "application/grpc-web", 401),
        (Method::POST, Version::HTTP_2, "application/json", 401),
    ] {
        let request = Request::builder()
            .method(&method)
            .version(version)
            .uri("/hello")
            .header(CONTENT_TYPE, content_type)
            .body(Body::empty());
        let response = service(&guard()).oneshot(request.unwrap()).await.unwrap();
        assert_eq!(
            response.status(),
            status,
            "{method} {version:?} {content_type}"
        );
        let code = header(&response, HeaderName::from_static("grpc-status"));
        assert_eq!(code, (status == 200).then_some("16"));
    }
}

#[tokio::test]
async fn a_layer_responds_by_itself_with_an_empty_body() {
    let good = bearer(&token(json!({})));
    for (path, headers, status, challenge) in [
        ("/hello", &[][..], 401, "Bearer"),
        ("/hello", &["Basic eDp5"], 401, "Bearer"),
        ("/hello", &["Bearer x"], 401, INVALID_TOKEN),
        (
            "/hello",
            &["Bearer"],
            400,
            r#"Bearer error="invalid_request""#,
        ),
        (
            "/hello",
            &[&good, &good],
            400,
            r#"Bearer error="invalid_request""#,
        ),
        (
            "/hello",
            &["Basic eDp5", &good],
            400,
            r#"Bearer error="invalid_request""#,
        ),
        (
            "/paint",
            &[&good],
            403,
            r#"Bearer error="insufficient_scope", scope="paint""#,
        ),
        (
            "/by-hand",
            &[&good],
            403,
            r#"Bearer error="insufficient_scope", scope="paint""#,
        ),
    ] {
        let response = sent(path, headers).await;
        assert_eq!(response.status(), status, "{path} {challenge}");
        assert_eq!(header(&response, WWW_AUTHENTICATE), Some(challenge));
        assert_eq!(header(&response, RETRY_AFTER), None);
        assert_eq!(got(path, headers).await, (status, String::new()));
    }
    let painter = bearer(&token(json!({"scope": "paint"})));
    assert_eq!(
        got("/paint", &[&painter]).await,
        (200, "demo-client".into())
    );
    assert_eq!(got("/by-hand", &[&painter]).await, (200, "painted".into()));
}

#[tokio::test]
async fn an_optional_layer_lets_no_bad_token_pass() {
    let good = bearer(&token(json!({})));
    assert_eq!(got("/anybody", &[]).await, (200, "unknown".into()));
    assert_eq!(got("/anybody", &[&good]).await, (200, "known".into()));
    assert_eq!(got("/anybody", &["Bearer x"]).await.0, 401);
    assert_eq!(got("/anybody", &["Bearer"]).await.0, 400);
    assert_eq!(got("/anybody", &[&good, &good]).await.0, 400);
}

#[tokio::test]
async fn a_route_that_no_guard_checks_is_an_internal_error() {
    let good = bearer(&token(json!({})));
    assert_eq!(got("/forgotten", &[&good]).await.0, 500);
}

#[tokio::test]
async fn claims_that_came_from_elsewhere_are_taken_away() {
    let elsewhere = guard().check_token(&token(json!({}))).await.unwrap();
    let inner = service_fn(async |request: Request<()>| {
        let is_known = request.extensions().get::<Claims>().is_some();
        Ok::<_, Infallible>(Response::new(is_known.to_string()))
    });
    let service = guard().layer().optional().layer(inner);
    let mut request = Request::new(());
    request.extensions_mut().insert(elsewhere);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.into_body(), "false");
}

/// A cookie and the query are no credentials.
#[tokio::test]
async fn a_token_in_another_place_is_no_credential() {
    let text = token(json!({}));
    let request = Request::get(format!("/hello?access_token={text}"))
        .header("cookie", format!("access_token={text}"))
        .body(Body::empty());
    let response = service(&guard()).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(header(&response, WWW_AUTHENTICATE), Some("Bearer"));
}

/// The layer waits for a key as [`Guard::check`] does.
#[tokio::test(start_paused = true)]
async fn a_layer_waits_for_a_key_that_is_not_cached() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let responded = async |guard: &Guard, key_id: &str| {
        let text = token_of(Issuer::rfc7515(), key_id, json!({}));
        let request = Request::get("/hello").header(AUTHORIZATION, bearer(&text));
        let request = request.body(Body::empty()).unwrap();
        service(guard).oneshot(request).await.unwrap()
    };
    let guard = published.guard();
    assert_eq!(responded(&guard, "a").await.status(), 200);
    assert_eq!(responded(&guard, "b").await.status(), 401);

    published.set(None);
    let response = responded(&published.guard(), "a").await;
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, WWW_AUTHENTICATE), None);
    let retry_after = header(&response, RETRY_AFTER).unwrap();
    assert!(
        (1..=60).contains(&retry_after.parse().unwrap()),
        "{retry_after}"
    );
}
