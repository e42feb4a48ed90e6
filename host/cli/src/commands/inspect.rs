//! `tokenlatch inspect`

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;
use tokenlatch::Error;
use tokenlatch::json::{Object, Text, Value};
use tokenlatch_host::clock;

use crate::date::date_from;
use crate::decoded::{Decoded, quoted, seconds, written};
use crate::examples::examples;
use crate::failure::Failure;
use crate::hint::hint;
use crate::lines::Lines;
use crate::verdict::OneLine;

/// Shows what a token says, without verifying it
///
/// Dates are shown as dates. Everybody can write a token that says anything: `tokenlatch verify` tells whether
/// it is good.
///
/// Exit status: 0 if it can be decoded, 1 if it cannot, 2 for wrong usage or input that cannot be read.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// Print one JSON object: {"verified":false,"header":{…},"claims":{…}}
    #[arg(long)]
    json: bool,
    /// The present time, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// The token, or - to read it from standard input
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

const EXAMPLES: &str = "\
tokenlatch inspect TOKEN
# A token from another program, as JSON
tokenlatch token --atm auth.example.com --client-id web | tokenlatch inspect --json -";

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let token = if args.token == "-" {
        let mut lines = Lines::new(io::stdin().lock());
        let line = lines.next().map_err(Failure::Input)?;
        line.ok_or(Failure::NoToken)?.to_vec()
    } else {
        args.token.clone().into_bytes()
    };
    let now = args.now.unwrap_or_else(clock::unix_now);
    let decoded = Decoded::new(&token);
    let shown = decoded.as_ref().map_err(|error| *error).and_then(|it| {
        let (header, claims) = (it.header()?, it.claims()?);
        Ok(if args.json {
            as_json(header, claims)
        } else {
            as_text(header, claims, it.signature_len, now)
        })
    });
    let is_good = shown.is_ok();
    let shown = shown.unwrap_or_else(|error| undecodable(error, hint(&token), args.json));
    let mut output = io::stdout().lock();
    writeln!(output, "{shown}")
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    Ok(ExitCode::from(u8::from(!is_good)))
}

fn as_json(header: Object<'_>, claims: Object<'_>) -> String {
    let (header, claims) = (OneLine(header.as_str()), OneLine(claims.as_str()));
    format!(r#"{{"verified":false,"header":{header},"claims":{claims}}}"#)
}

fn as_text(header: Object<'_>, claims: Object<'_>, signature_len: usize, now: u64) -> String {
    let header = members(header, now);
    let claims = members(claims, now);
    format!(
        "NOT VERIFIED: this is what the token says, and anybody could have written it.\n\
         header\n{header}claims\n{claims}signature: {signature_len} bytes"
    )
}

/// A line for each member.
fn members(object: Object<'_>, now: u64) -> String {
    let line = |(name, value): (Text<'_>, Value<'_>)| {
        let name = name.to_string();
        let is_date = matches!(
            name.as_str(),
            "exp" | "nbf" | "iat" | "auth_time" | "updated_at"
        );
        let seconds = seconds(value).filter(|_| is_date);
        let date = seconds.map(|seconds| format!(" ({})", date_from(seconds, now)));
        let date = date.unwrap_or_default();
        format!("  {}: {}{date}\n", quoted(&name), written(value))
    };
    object.members().map(line).collect()
}

fn undecodable(error: Error, hint: Option<&str>, json: bool) -> String {
    let code = error.code();
    match (json, hint) {
        (true, hint) => json!({
            "verified": false,
            "error": code,
            "reason": error.to_string(),
            "hint": hint,
        })
        .to_string(),
        (false, Some(hint)) => format!("not a token: {code}: {error}. Hint: {hint}"),
        (false, None) => format!("not a token: {code}: {error}"),
    }
}
