//! `tokenlatch token`

use std::io::{self, Write};
use std::process::ExitCode;

use secrecy::ExposeSecret;
use tokenlatch_host::http::Limits;

use crate::examples::examples;
use crate::failure::Failure;
use crate::http_options::HttpOptions;
use crate::token_source::TokenSource;
use crate::verdict::OneLine;

/// Obtains an access token and prints it
///
/// The server is any token endpoint (--url, --discover), or speaks the dialect of Auth0 or of ATM.
///
/// The client secret is read from the environment variable TOKENLATCH_CLIENT_SECRET, from a file or from
/// standard input. It is never an argument, because every user of the machine can read those.
///
/// Exit status: 0 if there is a token, 1 if the server rejected the request, 2 for wrong usage or a secret
/// that cannot be read, 3 if the server could not be reached or its response is malformed.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    #[command(flatten)]
    source: TokenSource,
    #[command(flatten)]
    http: HttpOptions,
    /// Print the server's whole response, as a JSON object on one line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
# From any token endpoint; the secret is in a file
tokenlatch token --url https://auth.example.com/token --client-id web --client-secret-file secret
# From the token endpoint of an issuer, with a signed assertion instead of a secret
tokenlatch token --discover https://auth.example.com/ --client-id web --signing-key key.pem
# From Auth0 and from ATM; the secret is in TOKENLATCH_CLIENT_SECRET
tokenlatch token --auth0 tenant.eu.auth0.com --client-id web --audience https://api.example.com/
tokenlatch token --atm auth.example.com --client-id web --login-id admin@example.com";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let tokens = args.source.client(args.http.client(Limits::default())?)?;
    let token = tokens.token().await?;
    let mut output = io::stdout().lock();
    let written = if args.json {
        writeln!(output, "{}", OneLine(token.response().expose_secret()))
    } else {
        writeln!(output, "{}", token.text().expose_secret())
    };
    written
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}
