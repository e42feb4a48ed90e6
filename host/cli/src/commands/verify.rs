//! `tokenlatch verify`

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokenlatch::{MAX_TOKEN_LEN, Policy, Time};
use tokenlatch_host::clock;

use crate::failure::Failure;
use crate::key_source::KeySource;
use crate::lines::Lines;
use crate::verdict::Verdict;

/// Verifies tokens and prints one verdict per line
///
/// A verdict is `verified` and the claims, or `rejected`, a stable code and the reason.
///
/// The key set is fetched once, again before it expires, and again if a token's `kid` is not in it, but not
/// for every such token.
///
/// Exit status: 0 if every token was verified, 1 if at least one was rejected, 2 for wrong usage or
/// input that cannot be read, 3 if the key set could not be fetched.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    keys: KeySource,
    /// The issuer to accept (`iss`) [default: that of --discover]
    #[arg(long, required_unless_present = "discover")]
    issuer: Option<String>,
    /// The audience to accept (`aud`)
    #[arg(long)]
    audience: String,
    /// The present time, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// How much the clocks of the issuer and of this machine may differ
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    leeway: u32,
    /// Print one JSON object per line: {"verified":true,"claims":{…}} or
    /// {"verified":false,"error":"…","reason":"…"}
    #[arg(long)]
    json: bool,
    /// The token, or - to read one token per line from standard input; blank lines are skipped
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let keys = args.keys.keep()?;
    keys.ready().await?;
    let issuer = args.issuer.as_ref().or(args.keys.discover.as_ref());
    let policy = Policy::new(issuer.map_or("", String::as_str), &args.audience)
        .leeway(Duration::from_secs(args.leeway.into()));
    let mut scratch = vec![0; MAX_TOKEN_LEN];
    let mut output = io::stdout().lock();
    let mut print = async |token: &[u8]| -> Result<bool, Failure> {
        let now = Time::exactly(args.now.unwrap_or_else(clock::unix_now));
        let verdict = Verdict(keys.verify(token, &mut scratch, &policy, now).await);
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
            all_verified &= print(line).await?;
        }
    } else {
        all_verified = print(args.token.as_bytes()).await?;
    }
    keys.settle().await;
    Ok(ExitCode::from(u8::from(!all_verified)))
}
