//! Forward authentication: a proxy asks for each request whether it is allowed.
//!
//! A request's way: `proxies` or `envoy` find out what the proxy asks about, `decision` decides by the rule of its
//! path and by the guard, and gives the claims as headers.

mod admin;
mod claim_headers;
mod config;
mod decision;
mod envoy;
mod listener;
mod path;
mod proxies;
mod rules;
mod server;

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

pub(crate) use self::config::Config;
use self::decision::Service;
use self::server::Server;
use crate::failure::Failure;

/// How long a new service may wait for the keys of its issuers before it takes over.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until `stop` resolves, then finishes the requests that have begun. For each of the `hangups`, it reads the
/// configuration file again.
pub(crate) async fn serve(
    path: &Path,
    config: Config,
    hangups: mpsc::Receiver<()>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let metrics = admin::record_metrics()?;
    let decisions = listener::bind(&config.listen).await?;
    let admin = listener::bind(&config.admin).await?;
    let addresses = config.addresses();
    // Without their keys, requests wait and `/readyz` says so.
    let service = Service::start(config, None)?;
    let server = Arc::new(Server {
        service: ArcSwap::from_pointee(service),
        metrics,
        is_draining: watch::Sender::new(false),
    });
    let decisions = listener::Listener::start(decisions, proxies::router(&server))?;
    let admin = listener::Listener::start(admin, admin::router(&server))?;
    info!(decisions = %decisions.address(), admin = %admin.address(), "serving");

    tokio::select! {
        () = stop => {}
        () = reload_at(hangups, path, &server, addresses) => {}
    }
    info!("stopping");
    server.is_draining.send_replace(true);
    // The configuration may have been read again.
    let drain = server.service.load().drain;
    sleep(drain).await;
    decisions.stop().await;
    admin.stop().await;
    server.service.load().settle().await;
    info!("stopped");
    Ok(())
}

/// Reads the configuration again for each of the `hangups`. Never ends.
async fn reload_at(
    mut hangups: mpsc::Receiver<()>,
    path: &Path,
    server: &Server,
    mut addresses: (String, String),
) {
    while hangups.recv().await.is_some() {
        match reload(path, server).await {
            Ok(new) => {
                info!("the new configuration is in force");
                if new != addresses {
                    warn!("another address to listen at needs a restart");
                    addresses = new;
                }
            }
            Err(failure) => error!(
                error = failure.message(),
                "the old configuration stays in force"
            ),
        }
    }
    pending().await
}

/// Puts what the configuration file says into force, and returns its addresses. A failure changes nothing.
async fn reload(path: &Path, server: &Server) -> Result<(String, String), Failure> {
    let config = Config::read(path)?;
    let addresses = config.addresses();
    let service = Service::start(config, Some(&server.service.load_full()))?;
    wait_for_keys(&service).await;
    server.service.store(Arc::new(service));
    Ok(addresses)
}

async fn wait_for_keys(service: &Service) {
    let ready = async {
        // It ends with the first fetch that fails. The next one begins after a second or more.
        while service.guard().ready().await.is_err() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    if timeout(READY_TIMEOUT, ready).await.is_err() {
        warn!("an issuer's keys are not there yet");
    }
}
