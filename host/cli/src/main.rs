//! The program `tokenlatch`.

mod address;
mod batch;
mod colour;
mod commands;
mod constants;
mod date;
mod decoded;
mod examples;
mod explanation;
mod failure;
mod hint;
mod http_options;
mod key_document;
mod key_source;
mod lines;
mod logging;
mod policy_options;
mod progress;
mod serve;
mod signals;
mod signing_options;
mod summary;
mod token_source;
mod verdict;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    commands::run().await
}
