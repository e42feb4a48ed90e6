//! The program `tokenlatch`.

mod commands;
mod failure;
mod key_source;
mod lines;
mod logging;
mod token_source;
mod verdict;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    commands::run().await
}
