//! What the listeners share.

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use super::decision::Service;

/// What the listeners share. The service is replaced as a whole.
pub(super) struct Server {
    pub(super) service: ArcSwap<Service>,
    pub(super) metrics: PrometheusHandle,
    /// Whether the server is about to stop.
    pub(super) is_draining: watch::Sender<bool>,
}
