//! Health and metrics, at an address of their own.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokenlatch_host::key_set::{Health, State as KeyState};

use super::server::Server;
use crate::failure::Failure;

pub(super) fn router(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(server.clone())
}

/// Records the metrics of this process from now on.
pub(super) fn record_metrics() -> Result<PrometheusHandle, Failure> {
    let recorder = PrometheusBuilder::new().install_recorder();
    recorder.map_err(|error| Failure::Usage(format!("cannot record metrics: {error}")))
}

/// Ready are those that have keys of every issuer and are not about to stop.
async fn ready(State(server): State<Arc<Server>>) -> (StatusCode, Json<Value>) {
    let service = server.service.load_full();
    let issuers: Vec<Health> = service.guard().health().collect();
    let has_keys = |health: &Health| matches!(health.state, KeyState::Fresh | KeyState::Stale);
    let is_draining = *server.is_draining.borrow();
    let is_ready = issuers.iter().all(has_keys) && !is_draining;
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let issuers = issuers.iter().map(|health| {
        json!({
            "state": format!("{:?}", health.state).to_lowercase(),
            "age": health.age.map(|age| age.as_secs()),
            "keys": health.keys,
            "last_error": health.last_error.as_ref().map(ToString::to_string),
        })
    });
    let issuers: Vec<Value> = issuers.collect();
    let body = json!({"ready": is_ready, "draining": is_draining, "issuers": issuers});
    (status, Json(body))
}

/// In Prometheus' text format.
async fn metrics(State(server): State<Arc<Server>>) -> String {
    server.metrics.run_upkeep();
    // Each sets the age of its key set.
    server.service.load().guard().health().for_each(drop);
    server.metrics.render()
}
