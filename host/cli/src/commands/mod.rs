//! The command line: one file for each command.

mod call;
mod demo;
mod inspect;
mod issuer;
mod jwks;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::Targets;

use crate::logging;

/// Verifies RS256 access tokens (JWT)
///
/// Without a command, runs the demo.
#[derive(Parser)]
#[command(name = "tokenlatch", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to log on standard error: a level from error to trace, or levels by module, as in
    /// tokenlatch_host=debug,hyper=info
    #[arg(long, global = true, value_name = "FILTER", env = "TOKENLATCH_LOG")]
    log: Option<Targets>,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Args),
    Inspect(inspect::Args),
    Jwks(jwks::Args),
    Token(token::Args),
    Call(call::Args),
    Issuer(issuer::Args),
    /// Shows the whole system: issuer, tokens, key set, verdicts
    ///
    /// Starts the embedded issuer on a free loopback port, obtains a token in each dialect, fetches
    /// the key set, verifies both tokens, changes one byte, and prints each step. Exit status: 0 if every
    /// step had the expected result, 1 otherwise.
    Demo,
}

/// Runs the command that the arguments name; a usage error ends the program with status 2.
pub(crate) async fn run() -> ExitCode {
    let Cli { command, log } = Cli::parse();
    if let Some(filter) = log {
        logging::start(filter);
    }
    let done = match command.unwrap_or(Command::Demo) {
        Command::Verify(args) => verify::run(args).await,
        Command::Inspect(args) => inspect::run(&args),
        Command::Jwks(args) => jwks::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Issuer(args) => issuer::run(args).await,
        Command::Demo => demo::run().await,
    };
    done.unwrap_or_else(|failure| failure.report())
}
