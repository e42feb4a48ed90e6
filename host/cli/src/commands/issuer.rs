//! `tokenlatch issuer`

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use tokenlatch_host::issuer::{Client, Config, ExposeSecret, Issuer, ProfileName};

use crate::address::first_address;
use crate::examples::examples;
use crate::failure::Failure;
use crate::policy_options::profile_names;
use crate::signals;

/// Runs the embedded authorization server
///
/// The first line of output is `listening on http://HOST:PORT`. Open that address in a browser to see what
/// the server does, and a `curl` line for each way to get a token. The other lines say what its tokens are.
///
/// With --profile, it has the tokens and the key set of another issuer, for testing a service against it.
///
/// The server issues tokens at `POST /oauth/token` (Auth0's dialect) and `POST /auth/token` (ATM's).
/// Without a configuration, it has the client `demo-client` with the secret `demo-secret`, for the audience
/// `https://api.example.com/`. The key set is at `/.well-known/jwks.json` and
/// `/auth/.well-known/jwks.json`. What devices without a network need is below `/device/`. From this machine, `/admin/` rotates the keys, injects faults and moves
/// the clock.
///
/// The server stops on Ctrl-C and SIGTERM. Exit status: 0 after that, 1 if it could not start, 2 if the
/// configuration is invalid.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The address to listen at; port 0 stands for any free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    listen: String,
    /// The issuer to play: the shape of the tokens and of the key set [default: auth0]
    #[arg(long, value_name = "NAME", value_parser = profile_names())]
    profile: Option<ProfileName>,
    /// The public URL that `iss` and the metadata begin with [default: http://HOST:PORT/]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Clients, keys and limits, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the keys in this directory, so that a restart does not change them
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// The root key of devices without a network, in PEM; created if the file does not exist
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
}

const EXAMPLES: &str = "\
tokenlatch issuer --listen 127.0.0.1:8080
# An issuer with the tokens and the key set of Cognito
tokenlatch issuer --listen 127.0.0.1:8080 --profile cognito
# With clients of its own, and with keys that outlive it
tokenlatch issuer --listen 127.0.0.1:8080 --config issuer.toml --keys keys
# For devices, by the root key that `tokenlatch provision` has made
tokenlatch issuer --listen 127.0.0.1:8080 --root-key device/root.pem";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let stop_signal = signals::stop().map_err(Failure::Signal)?;
    let mut config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    config.keys.directory = args.keys.or(config.keys.directory);
    config.fleet.root_key = args.root_key.or(config.fleet.root_key);
    config.profile = args.profile.unwrap_or(config.profile);
    config.issuer = args.issuer.or(config.issuer);
    let issuer = Issuer::start_with(config, first_address(&args.listen).await?).await?;
    let mut output = io::stdout();
    // At once: a reader may close the pipe after the first line.
    output
        .write_all(introduction(&issuer).as_bytes())
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    stop_signal.await;
    issuer.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Where it listens, and what its tokens are.
fn introduction(issuer: &Issuer) -> String {
    let mut text = format!("listening on {}\n", issuer.origin());
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("page", &format!("{}/", issuer.origin()));
    line("issuer", &issuer.issuer());
    line("key set", &issuer.jwks_url());
    line("tokens at", &issuer.token_url());
    let demo = Client::demo();
    for client in issuer.clients() {
        line("client", &client.client_id);
        // The documentation has the demo client's secret. Those of others are not shown.
        if client.client_id == demo.client_id
            && client.client_secret.expose_secret() == demo.client_secret.expose_secret()
        {
            line("secret", demo.client_secret.expose_secret());
        }
        line("audience", &client.audience);
        for devices in &client.devices {
            line("devices", &format!("{}…", devices.prefix));
        }
    }
    text
}
