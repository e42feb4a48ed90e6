//! `tokenlatch verify`

use std::io::{self, Write};
use std::process::ExitCode;

use tokenlatch::{Policy, Time, verify_in_place};
use tokenlatch_host::clock;
use tokenlatch_host::key_set::{self, KeySet};

use super::failure::Failure;
use super::lines::Lines;
use super::verdict::Verdict;

/// Verifies tokens and prints one verdict a line
///
/// A verdict is `verified` and the claims, or `rejected`, a stable code and the reason.
///
/// Exit status: 0 if every token was verified, 1 if at least one was rejected, 2 for wrong usage or
/// input that cannot be read, 3 if the key set could not be had.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The issuer's JWK Set; a URL must be https, or http to a loopback address
    #[arg(long, value_name = "FILE|URL")]
    jwks: String,
    /// The issuer to accept (`iss`)
    #[arg(long)]
    issuer: String,
    /// The audience to accept (`aud`)
    #[arg(long)]
    audience: String,
    /// The present, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// How far the issuer's clock may be off
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    leeway: u32,
    /// Print a JSON object a line: {"verified":true,"claims":{…}} or
    /// {"verified":false,"error":"…","reason":"…"}
    #[arg(long)]
    json: bool,
    /// The token, or - for one token a line from standard input; blank lines are skipped
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let keys = key_set::load(&args.jwks).await?;
    let policy = Policy::new(&args.issuer, &args.audience).leeway(args.leeway);
    let mut output = io::stdout().lock();
    let mut print = |token: &mut [u8]| -> Result<bool, Failure> {
        let now = args.now.unwrap_or_else(clock::unix_now);
        let verdict = verdict(token, &keys, &policy, now);
        let line = if args.json {
            verdict.json()
        } else {
            verdict.to_string()
        };
        writeln!(output, "{line}")
            .and_then(|()| output.flush())
            .map_err(Failure::Output)?;
        Ok(verdict.is_verified())
    };

    let mut all_verified = true;
    if args.token == "-" {
        let mut lines = Lines::new(io::stdin().lock());
        while let Some(line) = lines.next().map_err(Failure::Input)? {
            all_verified &= print(line)?;
        }
    } else {
        all_verified = print(&mut args.token.clone().into_bytes()[..])?;
    }
    Ok(ExitCode::from(u8::from(!all_verified)))
}

/// The verdict on one token, `now` being in seconds since 1970; the token is overwritten.
pub(crate) fn verdict<'t>(
    token: &'t mut [u8],
    keys: &KeySet,
    policy: &Policy<'_>,
    now: u64,
) -> Verdict<'t> {
    Verdict(verify_in_place(token, keys, policy, Time::exactly(now)))
}
