//! `tokenlatch verify`

use std::io::{self, Write};
use std::process::ExitCode;

use tokenlatch::{Time, Unverified, Verified};
use tokenlatch_host::clock;
use tokenlatch_host::http::Limits;
use tokenlatch_host::key_set::{KeySetCache, VerifyError};
use tokenlatch_host::policy::OwnedPolicy;
use tokenlatch_host::profile::KeyPlace;

use crate::batch::{Judge, Judged, judge_lines};
use crate::colour;
use crate::examples::examples;
use crate::explanation::explanation;
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_source::KeySource;
use crate::policy_options::PolicyOptions;
use crate::progress::Progress;
use crate::summary::Summary;
use crate::verdict::Verdict;

/// Verifies tokens and prints one verdict per line
///
/// A verdict is `verified` and the claims, or `rejected`, a stable code and the reason.
///
/// The key set is fetched once, again before it expires, and again if a token's `kid` is not in it, but not
/// for every such token.
///
/// Tokens from standard input are verified on all cores. Their verdicts come in the order of the tokens, each as
/// soon as it and those before it are there. If standard input is a file and standard error a terminal, a bar
/// there shows the progress, except where the verdicts themselves go to a terminal, or with --log.
///
/// Exit status: 0 if every token was verified, 1 if at least one was rejected, 2 for wrong usage, for
/// input that cannot be read or has no token, 3 if the key set could not be fetched.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
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
    /// At the end, print on standard error how many tokens were verified, and how many were rejected with each
    /// code; with --json as one JSON object: {"tokens":…,"verified":…,"rejected":…,"codes":{"…":…}}
    #[arg(long)]
    summary: bool,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
    /// The token, or - to read one token per line from standard input; blank lines are skipped
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

const EXAMPLES: &str = "\
# A token, by the keys that its issuer publishes
tokenlatch verify --discover https://issuer.example/ --audience https://api.example.com/ TOKEN
# Why it is rejected
tokenlatch verify --jwks keys.json --issuer https://issuer.example/ --client web --explain TOKEN
# Tokens of a known kind, one a line from another program
tokenlatch verify --profile google --audience 4abc.apps.googleusercontent.com -
# A file of tokens, and how many were rejected for which reason
tokenlatch verify --profile okta --issuer https://okta.example/oauth2/default --audience api://default \\
    --json --summary - <tokens.txt >verdicts.jsonl";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let (place, policy) = args.policy()?;
    let client = args.headers.add_to(args.http.client(Limits::default())?)?;
    let name = policy.settings().issuers.first().cloned();
    let origin = args.keys.origin(place, policy.settings())?;
    let keys = origin.keep(client, name.unwrap_or_default())?;
    keys.ready().await?;
    let judge = TokenJudge {
        keys,
        policy,
        now: args.now,
        form: args.form(),
        explain: args.explain,
    };
    let mut output = colour::stdout();
    let summary = if args.token == "-" {
        let progress = if args.no_progress {
            Progress::none()
        } else {
            Progress::of_stdin()
        };
        let summary = judge_lines(progress.stdin(), &mut output, judge.clone()).await;
        // Before anything else is written to the terminal.
        progress.end();
        summary?
    } else {
        let judged = judge.judge(args.token.into_bytes()).await;
        output
            .write_all(judged.text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(Failure::Output)?;
        let mut summary = Summary::default();
        summary.count(judged.rejection);
        summary
    };
    if summary.tokens() == 0 {
        return Err(Failure::NoToken);
    }
    if args.summary {
        let text = if args.json {
            summary.json()
        } else {
            summary.to_string()
        };
        // If standard error is closed, only the exit status remains.
        let _ = writeln!(io::stderr(), "{text}");
    }
    judge.keys.settle().await;
    Ok(ExitCode::from(u8::from(summary.rejected() > 0)))
}

impl Args {
    /// What the tokens must say, and where the keys are if a profile knows.
    pub(super) fn policy(&self) -> Result<(Option<KeyPlace>, OwnedPolicy), Failure> {
        let (profile, settings) = self.policy.settings(self.keys.discover.as_deref())?;
        let place = profile.map(|profile| profile.keys);
        Ok((place, OwnedPolicy::new(settings)?))
    }

    fn form(&self) -> Form {
        match self.json {
            true => Form::Json,
            false if colour::is_on() => Form::Coloured,
            false => Form::Plain,
        }
    }
}

/// What a verdict looks like.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Coloured,
    Plain,
}

/// Gives the verdict on each token.
#[derive(Clone)]
struct TokenJudge {
    keys: KeySetCache,
    policy: OwnedPolicy,
    now: Option<u64>,
    form: Form,
    explain: bool,
}

impl Judge for TokenJudge {
    async fn judge(&self, token: Vec<u8>) -> Judged {
        let now = self.now();
        let mut scratch = vec![0; token.len()];
        let (policy, time) = (self.policy.get(), Time::exactly(now));
        let result = self.keys.verify(&token, &mut scratch, policy, time).await;
        self.judged(&token, result, now)
    }

    fn judge_together(&self, tokens: &[Vec<u8>]) -> Vec<Option<Judged>> {
        let mut judged: Vec<_> = tokens.iter().map(|_| None).collect();
        let now = self.now();
        let mut copies = tokens.to_vec();
        let (mut readable, mut parsed) = (Vec::new(), Vec::new());
        for (at, copy) in copies.iter_mut().enumerate() {
            // The others are rejected one by one.
            if let Ok(token) = Unverified::parse(copy) {
                readable.push(at);
                parsed.push(token);
            }
        }
        let (policy, time) = (self.policy.get(), Time::exactly(now));
        let verdicts = self.keys.verify_cached(&parsed, policy, time);
        for (at, verdict) in readable.into_iter().zip(verdicts) {
            judged[at] = verdict.map(|result| self.judged(&tokens[at], result, now));
        }
        judged
    }
}

impl TokenJudge {
    fn now(&self) -> u64 {
        self.now.unwrap_or_else(clock::unix_now)
    }

    fn judged(&self, token: &[u8], result: Result<Verified<'_>, VerifyError>, now: u64) -> Judged {
        let verdict = Verdict::new(token, result);
        let mut text = match self.form {
            Form::Json => verdict.json(),
            Form::Coloured => verdict.coloured(),
            Form::Plain => verdict.to_string(),
        };
        text.push('\n');
        if self.explain {
            text += &explanation(token, self.policy.settings(), now);
        }
        let rejection = verdict.result.as_ref().err().map(|error| error.code());
        Judged { text, rejection }
    }
}
