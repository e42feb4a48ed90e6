//! `tokenlatch serve`

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::examples::examples;
use crate::failure::Failure;
use crate::logging::Form;
use crate::serve::{Config, serve};
use crate::signals;

/// Decides for a proxy which requests are allowed
///
/// nginx (`auth_request`), Envoy (`ext_authz`, by HTTP and by gRPC), Caddy and Traefik (`forward_auth`) ask it about
/// each request. It responds with 200 and the claims as headers, or with what the client is to get: 400, 401, 403
/// or 503. The configuration says whose tokens are accepted, which scopes each path needs, and which claims go into
/// which headers. The folder host/cli/examples/serve has one, and one for each proxy.
///
/// At a second address there are /livez, /readyz and /metrics.
///
/// On SIGHUP, it reads the configuration again; if that is invalid, the old one stays in force. On SIGTERM and
/// Ctrl-C, it finishes the requests that have begun and stops.
///
/// Exit status: 0 after that, 2 if the configuration is invalid or an address cannot be listened at.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The configuration, in TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only check the configuration
    #[arg(long)]
    check: bool,
    /// The form of the log, on standard error
    #[arg(long, value_name = "FORM", default_value = "json")]
    pub(super) log_form: Form,
}

const EXAMPLES: &str = "\
tokenlatch serve --config serve.toml --check
tokenlatch serve --config serve.toml
# Each decision, for people
tokenlatch serve --config serve.toml --log-form text --log tokenlatch=debug";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let config = Config::read(&args.config)?;
    if args.check {
        let (issuers, rules) = config.counts();
        let line = format!(
            "{} is valid: issuers: {issuers}, rules for paths: {rules}\n",
            args.config.display()
        );
        let written = io::stdout().write_all(line.as_bytes());
        return written.map(|()| ExitCode::SUCCESS).map_err(Failure::Output);
    }
    let hangups = signals::hangups().map_err(Failure::Signal)?;
    let stop = signals::stop().map_err(Failure::Signal)?;
    serve(&args.config, config, hangups, stop).await?;
    Ok(ExitCode::SUCCESS)
}
