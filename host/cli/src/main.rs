//! The program `tokenlatch`.

mod commands;
mod decoded;
mod explanation;
mod failure;
mod hint;
mod http_options;
mod key_source;
mod lines;
mod logging;
mod policy_options;
mod token_source;
mod verdict;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    commands::run().await
}
