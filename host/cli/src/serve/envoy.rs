//! The decision for Envoy, by gRPC (`envoy.service.auth.v3.Authorization`).

use std::sync::Arc;

use axum::Router;
use axum::routing::post_service;
use envoy_types::ext_authz::v3::pb::{
    Authorization, AuthorizationServer, CheckRequest, CheckResponse, DeniedHttpResponse,
    HeaderAppendAction, HeaderValue, HeaderValueOption, HttpResponse, HttpStatus, OkHttpResponse,
};
use envoy_types::pb::google::rpc;
use metrics::counter;
use tonic::{Request, Response, Status};

use super::decision::{Decision, Question};
use super::server::Server;

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// The longest request, in bytes: Envoy sends headers of up to 60 KiB, and no body.
const MAX_REQUEST_LEN: usize = 128 * 1024;

pub(super) fn router(server: Arc<Server>) -> Router {
    let service = AuthorizationServer::new(Authorizer(server));
    let service = service.max_decoding_message_size(MAX_REQUEST_LEN);
    // Not by tonic's own router: its response to an unknown path has the status 200.
    Router::new().route(CHECK, post_service(service))
}

struct Authorizer(Arc<Server>);

#[tonic::async_trait]
impl Authorization for Authorizer {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let attributes = request.into_inner().attributes;
        let http = attributes.and_then(|it| it.request).and_then(|it| it.http);
        let http = http.ok_or_else(|| Status::invalid_argument("the request is not of HTTP"))?;
        let question = Question {
            target: Some((&http.method, &http.path)),
            // Envoy joins two headers by a comma, which no good one has.
            authorization: Ok(http.headers.get("authorization").map(String::as_str)),
        };
        let service = self.0.service.load_full();
        let (code, status, response) = match service.decide(question).await {
            Decision::Allowed(claims) => {
                let (present, absent): (Vec<_>, Vec<_>) =
                    claims.into_iter().partition(|(_, value)| value.is_some());
                let present = present.iter().filter_map(|(name, value)| {
                    Some(header(name.as_str(), value.as_ref()?.to_str().ok()?))
                });
                let response = HttpResponse::OkResponse(OkHttpResponse {
                    headers: present.collect(),
                    headers_to_remove: absent.iter().map(|(name, _)| name.to_string()).collect(),
                    ..OkHttpResponse::default()
                });
                (0, 200, response)
            }
            Decision::Refused(refusal) => {
                let status = refusal.status().as_u16();
                let challenge = refusal.challenge();
                let wait = refusal.retry_after().map(|wait| wait.as_secs().to_string());
                let headers = [("www-authenticate", challenge), ("retry-after", wait)];
                let headers = headers
                    .into_iter()
                    .filter_map(|(name, value)| Some(header(name, &value?)));
                (
                    refusal.grpc_code(),
                    status,
                    denied(status, headers.collect()),
                )
            }
            Decision::NoTarget => (13, 500, denied(500, Vec::new())),
        };
        counter!("tokenlatch_decisions_total", "status" => status.to_string()).increment(1);
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status {
                code,
                ..rpc::Status::default()
            }),
            http_response: Some(response),
            ..CheckResponse::default()
        }))
    }
}

fn denied(status: u16, headers: Vec<HeaderValueOption>) -> HttpResponse {
    HttpResponse::DeniedResponse(DeniedHttpResponse {
        status: Some(HttpStatus {
            code: status.into(),
        }),
        headers,
        ..DeniedHttpResponse::default()
    })
}

/// A header that takes the place of the one that is there.
fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.into(),
            value: value.into(),
            ..HeaderValue::default()
        }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}
