//! The layer and the interceptor, in a gRPC server of tonic that has the health service.

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::health_reporter;

use super::unavailable::Published;
use super::*;

/// How a server is guarded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Layer,
    Interceptor,
}

/// The URL of a server.
async fn served(guard: Guard, by: By) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let incoming = TcpIncoming::from(listener);
    let (_, health) = health_reporter();
    tokio::spawn(async move {
        let mut server = Server::builder();
        let served = match by {
            By::Layer => {
                let mut server = server.layer(guard.layer());
                server
                    .add_service(health)
                    .serve_with_incoming(incoming)
                    .await
            }
            By::Interceptor => {
                let health = InterceptedService::new(health, guard.interceptor());
                server
                    .add_service(health)
                    .serve_with_incoming(incoming)
                    .await
            }
        };
        served.unwrap();
    });
    url
}

async fn call(url: &str, authorizations: &[&str]) -> Result<(), Status> {
    let channel = Channel::builder(url.parse().unwrap()).connect().await;
    let mut client = HealthClient::new(channel.unwrap());
    let mut request = Request::new(HealthCheckRequest::default());
    for authorization in authorizations {
        let value: AsciiMetadataValue = authorization.parse().unwrap();
        request.metadata_mut().append("authorization", value);
    }
    client.check(request).await.map(drop)
}

fn metadata<'s>(status: &'s Status, name: &str) -> Option<&'s str> {
    status
        .metadata()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn refusals_have_the_codes_of_grpc() {
    let good = bearer(&token(json!({})));
    let needs = ["read:doors"];
    let poor = bearer(&token(json!({"scope": null})));
    for by in [By::Layer, By::Interceptor] {
        let url = served(guard().scopes(needs), by).await;
        call(&url, &[&good]).await.unwrap();
        for (headers, code, message, challenge) in [
            (&[][..], Code::Unauthenticated, "no_credentials", "Bearer"),
            (
                &["Bearer x"],
                Code::Unauthenticated,
                "invalid_token",
                INVALID_TOKEN,
            ),
            (
                &[&good, &good],
                Code::InvalidArgument,
                "invalid_request",
                r#"Bearer error="invalid_request""#,
            ),
            (
                &[&poor],
                Code::PermissionDenied,
                "insufficient_scope",
                r#"Bearer error="insufficient_scope", scope="read:doors""#,
            ),
        ] {
            let status = call(&url, headers).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (code, message), "{by:?}");
            assert_eq!(metadata(&status, "www-authenticate"), Some(challenge));
            assert_eq!(metadata(&status, "grpc-retry-pushback-ms"), None);
        }
    }
}

#[tokio::test]
async fn a_layer_waits_for_a_key_and_an_interceptor_has_it_fetched() {
    let good = bearer(&token_of(Issuer::rfc7515(), "a", json!({})));
    for by in [By::Layer, By::Interceptor] {
        let published = Published::default();
        published.set(Some(&["a"]));
        let url = served(published.guard(), by).await;
        if by == By::Interceptor {
            while let Err(status) = call(&url, &[&good]).await {
                assert_eq!(status.code(), Code::Unavailable);
                assert_eq!(metadata(&status, "grpc-retry-pushback-ms"), Some("1000"));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        call(&url, &[&good]).await.unwrap();
    }
}

#[tokio::test]
async fn without_keys_a_request_is_unavailable() {
    let good = bearer(&token_of(Issuer::rfc7515(), "a", json!({})));
    for by in [By::Layer, By::Interceptor] {
        let guard = Published::default().guard();
        assert!(guard.ready().await.is_err());
        let url = served(guard, by).await;
        let status = call(&url, &[&good]).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{by:?}");
        let wait = metadata(&status, "grpc-retry-pushback-ms").unwrap();
        assert!((1_000..=60_000).contains(&wait.parse().unwrap()), "{wait}");
        assert_eq!(metadata(&status, "www-authenticate"), None);
    }
}
