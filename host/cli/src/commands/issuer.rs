//! `tokenlatch issuer`

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use tokenlatch_host::issuer::{Config, Issuer};

use crate::failure::Failure;

/// Runs the embedded authorization server
///
/// The first line of output is `listening on http://HOST:PORT`. Open that address in a browser to see what
/// the server does, and a `curl` line for each way to get a token.
///
/// The server issues tokens at `POST /oauth/token` (Auth0's dialect) and `POST /auth/token` (ATM's).
/// Without a configuration, it has the client `demo-client` with the secret `demo-secret`, for the audience
/// `https://api.example.com/`. The key set is at `/.well-known/jwks.json` and
/// `/auth/.well-known/jwks.json`. From this machine, `/admin/` rotates the keys, injects faults and moves
/// the clock.
///
/// The server stops on Ctrl-C and SIGTERM. Exit status: 0 after that, 1 if it could not start, 2 if the
/// configuration is invalid.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen at; port 0 stands for any free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Clients, keys and limits, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the keys in this directory, so that a restart does not change them
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let stop_signal = stop_signal().map_err(Failure::Signal)?;
    let mut config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    config.keys.directory = args.keys.or(config.keys.directory);
    let issuer = Issuer::start_with(config, args.listen).await?;
    let mut output = io::stdout();
    writeln!(output, "listening on {}", issuer.origin())
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    stop_signal.await;
    issuer.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Listens for Ctrl-C and SIGTERM from now on. The future ends with the first signal.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C from now on. The future ends with the first signal.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
