//! `tokenlatch jwks`

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use tokenlatch_host::http::Limits;
use tokenlatch_host::key_set::{self, KeySetError, ListedKey};

use crate::examples::examples;
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_document::{fetch, place, read};

/// Shows the keys of a JWK Set
///
/// For each key: `kid`, the bits of its modulus, `use`, `alg`, its thumbprint (RFC 7638), and whether it
/// can verify RS256 or why it cannot.
///
/// Exit status: 0 if a key can be used, 1 if none can, 2 for wrong usage, 3 if there is no JWK Set.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the keys that an issuer publishes
    #[command(after_help = examples(FETCH_EXAMPLES))]
    Fetch {
        /// The JWK Set's URL: https, or http to a loopback address
        url: Option<String>,
        /// The issuer whose metadata has the URL of its JWK Set
        #[arg(long, value_name = "ISSUER", conflicts_with = "url")]
        discover: Option<String>,
        /// The metadata of the issuer of --discover, if it is not where the standards put it
        #[arg(long, value_name = "URL", requires = "discover")]
        metadata: Option<String>,
        #[command(flatten)]
        http: HttpOptions,
        #[command(flatten)]
        headers: HeaderOptions,
        /// Print the document unchanged, to keep it in a file
        #[arg(long, conflicts_with = "json")]
        document: bool,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Shows the keys in a file
    #[command(after_help = examples(SHOW_EXAMPLES))]
    Show {
        /// The JWK Set, or - to read it from standard input
        #[arg(value_name = "FILE|-")]
        file: String,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}

const EXAMPLES: &str = "\
tokenlatch jwks fetch --discover https://issuer.example/
tokenlatch jwks show keys.json";

const FETCH_EXAMPLES: &str = "\
tokenlatch jwks fetch https://issuer.example/.well-known/jwks.json
# To keep the set in a file, for `tokenlatch verify --jwks keys.json`
tokenlatch jwks fetch --discover https://issuer.example/ --document >keys.json";

const SHOW_EXAMPLES: &str = "\
tokenlatch jwks show keys.json
# Which keys cannot verify, for another program
tokenlatch jwks show --json - <keys.json";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let (document, form) = match args.command {
        Command::Fetch {
            url,
            discover,
            metadata,
            http,
            headers,
            document,
            json,
        } => {
            let client = headers.add_to(http.client(Limits::default())?)?;
            let form = if document {
                Form::Document
            } else {
                Form::of(json)
            };
            (fetch(&place(url, discover, metadata)?, client).await?, form)
        }
        Command::Show { file, json } => (read(&file)?, Form::of(json)),
    };
    // A document that is not a JWK Set is not shown in any form.
    let keys = key_set::list(&document).map_err(KeySetError::Invalid)?;
    let shown = match form {
        Form::Document => document,
        Form::Json => as_json(&keys).into_bytes(),
        Form::Table => as_table(&keys).into_bytes(),
    };
    let mut output = io::stdout().lock();
    output.write_all(&shown).map_err(Failure::Output)?;
    let is_usable = keys.iter().any(|key| key.unusable.is_none());
    Ok(ExitCode::from(u8::from(!is_usable)))
}

#[derive(Clone, Copy)]
enum Form {
    Document,
    Json,
    Table,
}

impl Form {
    fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Table }
    }
}

fn as_json(keys: &[ListedKey]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "kid": key.key_id,
                "kty": key.key_type,
                "use": key.usage,
                "alg": key.algorithm,
                "bits": key.bits,
                "thumbprint": key.thumbprint,
                "usable": key.unusable.is_none(),
                "error": key.unusable.map(|error| error.code()),
                "reason": key.unusable.map(|error| error.to_string()),
            })
        })
        .collect();
    format!("{:#}\n", json!(keys))
}

/// A line for each key.
fn as_table(keys: &[ListedKey]) -> String {
    let titles = ["bits", "use", "alg", "thumbprint", "kid", "verifies RS256"].map(String::from);
    let rows: Vec<[String; 6]> = std::iter::once(titles)
        .chain(keys.iter().map(row))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(key: &ListedKey) -> [String; 6] {
    // Escaped: control characters could steer a terminal.
    let text = |text: &Option<String>| match text {
        Some(text) => text.escape_debug().to_string(),
        None => "-".into(),
    };
    let verdict = match key.unusable {
        None => "yes".into(),
        Some(error) => format!("no: {} ({error})", error.code()),
    };
    [
        key.bits.map_or("-".into(), |bits| bits.to_string()),
        text(&key.usage),
        text(&key.algorithm),
        text(&key.thumbprint),
        text(&key.key_id),
        verdict,
    ]
}
