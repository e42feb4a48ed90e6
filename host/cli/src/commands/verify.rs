//! `tokenlatch verify`

use std::io::{self, Write};
use std::process::ExitCode;

use tokenlatch::{MAX_TOKEN_LEN, Time};
use tokenlatch_host::clock;
use tokenlatch_host::http::Limits;
use tokenlatch_host::policy::OwnedPolicy;

use crate::explanation::explanation;
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_source::KeySource;
use crate::lines::Lines;
use crate::policy_options::PolicyOptions;
use crate::verdict::Verdict;

/// Verifies tokens and prints one verdict per line
///
/// A verdict is `verified` and the claims, or `rejected`, a stable code and the reason.
///
/// The key set is fetched once, again before it expires, and again if a token's `kid` is not in it, but not
/// for every such token.
///
/// Exit status: 0 if every token was verified, 1 if at least one was rejected, 2 for wrong usage, for
/// input that cannot be read or has no token, 3 if the key set could not be fetched.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    keys: KeySource,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    headers: HeaderOptions,
    /// The present time, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// Print one JSON object per line: {"verified":true,"claims":{…}} or
    /// {"verified":false,"error":"…","reason":"…"}
    #[arg(long)]
    json: bool,
    /// Print what was asked for, and what the token says, below the verdict
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// The token, or - to read one token per line from standard input; blank lines are skipped
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let (profile, settings) = args.policy.settings(args.keys.discover.as_deref())?;
    let policy = OwnedPolicy::new(settings.clone())?;
    let place = profile.map(|profile| profile.keys);
    let client = args.headers.add_to(args.http.client(Limits::default())?)?;
    let keys = args.keys.keep(place, &settings, client)?;
    keys.ready().await?;
    let mut scratch = vec![0; MAX_TOKEN_LEN];
    let mut output = io::stdout().lock();
    let mut print = async |token: &[u8]| -> Result<bool, Failure> {
        let now = args.now.unwrap_or_else(clock::unix_now);
        let result = keys.verify(token, &mut scratch, policy.get(), Time::exactly(now));
        let verdict = Verdict::new(token, result.await);
        let mut text = if args.json {
            verdict.json()
        } else {
            verdict.to_string()
        };
        text.push('\n');
        if args.explain {
            text += &explanation(token, &settings, now);
        }
        output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(Failure::Output)?;
        Ok(verdict.result.is_ok())
    };

    let mut all_verified = true;
    if args.token == "-" {
        let mut lines = Lines::new(io::stdin().lock());
        let mut is_empty = true;
        while let Some(line) = lines.next().map_err(Failure::Input)? {
            is_empty = false;
            all_verified &= print(line).await?;
        }
        if is_empty {
            return Err(Failure::NoToken);
        }
    } else {
        all_verified = print(args.token.as_bytes()).await?;
    }
    keys.settle().await;
    Ok(ExitCode::from(u8::from(!all_verified)))
}
