//! `tokenlatch pack`

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use tokenlatch::Error;
use tokenlatch_host::clock;
use tokenlatch_host::device::{Epoch, Revocation, Revoked, VerifyingKey, VerifyingKeys};
use tokenlatch_host::http::Limits;
use tokenlatch_host::reqwest::Url;

use crate::constants::{CAPACITIES, Constants, c, capacity_for, rust};
use crate::examples::examples;
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_document::{fetch, left_out, place, read};
use crate::signing_options::SigningOptions;

/// Turns an issuer's keys into what a device takes
///
/// The keys are a JWK Set or a public key in PEM, in a file, on standard input, or at a server. They become
/// constants in Rust or in C, or a key-set update: a JWT that a device verifies by the root key in its flash. A
/// revocation list is signed by the same root key. All is printed on standard output.
///
/// Each constant has the thumbprint of its key (RFC 7638) beside it, for a person to compare with that of
/// `tokenlatch jwks show` on another machine.
///
/// A key that a device cannot use is named on standard error, with the reason, and left out.
///
/// Exit status: 0 if there is output, 1 if no key can be used, or with --strict if one cannot, or if the document
/// would be longer than a device reads; 2 for wrong usage, 3 if there are no keys.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// A JWK Set or a public key in PEM, or - to read it from standard input
    #[arg(value_name = "FILE|-", conflicts_with_all = ["jwks", "discover"])]
    file: Option<String>,
    /// The JWK Set's URL: https, or http to a loopback address
    #[arg(long, value_name = "URL", conflicts_with = "discover")]
    jwks: Option<String>,
    /// The issuer whose metadata has the URL of its JWK Set
    #[arg(long, value_name = "ISSUER")]
    discover: Option<String>,
    /// The metadata of the issuer of --discover, if it is not where the standards put it
    #[arg(long, value_name = "URL", requires = "discover")]
    metadata: Option<String>,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    headers: HeaderOptions,
    /// What to print
    #[arg(long, value_enum, default_value = "rust")]
    format: Format,
    /// The `kid` of a key that has none and is alone, as a key in PEM is
    #[arg(long)]
    kid: Option<String>,
    /// The name of the constants
    #[arg(long, value_name = "IDENTIFIER", default_value = "keys", value_parser = identifier)]
    name: String,
    /// How long a modulus may be, in bits: 2048, 3072 or 4096; a longer one cannot be used [default: as long as the
    /// longest one needs]
    #[arg(long, value_name = "BITS", value_parser = capacity)]
    capacity: Option<usize>,
    /// Fail if a key cannot be used
    #[arg(long)]
    strict: bool,
    /// The present time, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    #[command(flatten)]
    signing: SigningOptions,
    /// Reject tokens issued before TIME, in seconds since 1970 [default: now]: `issuer=URL@TIME` or
    /// `group=NAME@TIME`, by the claims `iss` and `groups`; may be repeated (revocation)
    #[arg(long, value_name = "OF@TIME", value_parser = epoch)]
    epoch: Vec<EpochArgument>,
    /// Reject tokens by `jti=ID`, `sub=SUBJECT` or `kid=KID`; may be repeated (revocation)
    #[arg(long, value_name = "NAME=VALUE", value_parser = revoked)]
    revoke: Vec<Revoked>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Constants in Rust: a `JwkSet`
    Rust,
    /// Constants in C: a header
    C,
    /// A key-set update, signed by the root key
    Update,
    /// A revocation list, signed by the root key
    Revocation,
}

const EXAMPLES: &str = "\
# The keys that an issuer publishes, as constants in Rust and in C
tokenlatch pack --discover https://issuer.example/ >src/keys.rs
tokenlatch pack --discover https://issuer.example/ --format c >keys.h
# One key in PEM, which has no kid of its own
tokenlatch pack --kid 2026-11 public.pem >src/keys.rs
# A key-set update for the doors, which they accept for 90 days
tokenlatch pack keys.json --format update --root-key root.pem --issuer https://issuer.example/ \\
    --audience doors --expires-in 90 >update.jwt
# All badges of the contractors so far, and one lost badge
tokenlatch pack --format revocation --root-key root.pem --issuer https://issuer.example/ \\
    --audience doors --expires-in 90 --epoch group=contractors --revoke jti=7f3a >revocation.jwt";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let now = args.now.unwrap_or_else(clock::unix_now);
    args.check()?;
    if args.format == Format::Revocation {
        return print(&args.revocation(now)?);
    }
    let (document, source) = args.document().await?;
    let VerifyingKeys {
        usable, unusable, ..
    } = VerifyingKeys::read(&document, args.kid.as_deref())?;
    let mut lines: Vec<_> = unusable.iter().map(left_out).collect();
    let (keys, refused) = args.split(usable);
    lines.extend(refused);
    for line in &lines {
        // If standard error is closed, only the exit status remains.
        let _ = writeln!(io::stderr(), "tokenlatch: {line}");
    }
    if keys.is_empty() {
        let _ = writeln!(
            io::stderr(),
            "tokenlatch: there is no key that a device can use"
        );
        return Ok(ExitCode::FAILURE);
    }
    if args.strict && !lines.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let constants = Constants {
        name: &args.name,
        source: &source,
        time: now,
        capacity: args.capacity.unwrap_or_else(|| capacity_for(&keys)),
        keys: &keys,
    };
    match args.format {
        Format::Rust => print(&rust(&constants)),
        Format::C => print(&c(&constants)),
        Format::Update | Format::Revocation => {
            let (root, terms) = args.signing.root_and_terms(now)?;
            print(&(root.key_set_update(&terms, &keys)? + "\n"))
        }
    }
}

impl Args {
    /// Whether the arguments go together.
    fn check(&self) -> Result<(), Failure> {
        let is_signed = matches!(self.format, Format::Update | Format::Revocation);
        let revokes = !self.epoch.is_empty() || !self.revoke.is_empty();
        let has_keys = self.file.is_some() || self.jwks.is_some() || self.discover.is_some();
        let wrong = match self.format {
            Format::Revocation if has_keys => "a revocation list has no keys",
            Format::Rust | Format::C | Format::Update if revokes => {
                "--epoch and --revoke are for --format revocation"
            }
            Format::Rust | Format::C | Format::Update if !has_keys => {
                "which keys? Give a file, --jwks or --discover"
            }
            _ if !is_signed && self.signing.are_given() => {
                "constants are not signed: give --format update or revocation"
            }
            _ => return Ok(()),
        };
        Err(Failure::Usage(wrong.into()))
    }

    /// The document with the keys, and where it comes from.
    async fn document(&self) -> Result<(Vec<u8>, String), Failure> {
        if let Some(file) = &self.file {
            let source = match file.as_str() {
                "-" => "standard input",
                file => file,
            };
            return Ok((read(file)?, source.into()));
        }
        let client = self.headers.add_to(self.http.client(Limits::default())?)?;
        let source = self.jwks.as_deref().or(self.discover.as_deref());
        let source = without_secrets(source.unwrap_or_default());
        let place = place(
            self.jwks.clone(),
            self.discover.clone(),
            self.metadata.clone(),
        )?;
        Ok((fetch(&place, client).await?, source))
    }

    /// The keys that the output has room for, and why it has none for the others.
    fn split(&self, keys: Vec<VerifyingKey>) -> (Vec<VerifyingKey>, Vec<String>) {
        let mut refused = Vec::new();
        let mut fitting = keys;
        fitting.retain(|key| {
            let why = if self.capacity.is_some_and(|capacity| key.bits() > capacity) {
                Error::ModulusTooLong.to_string()
            } else if self.format == Format::C && key.key_id().contains('\0') {
                "the kid has a NUL, where C would cut it off".into()
            } else {
                return true;
            };
            refused.push(format!("{:?} is left out: {why}", key.key_id()));
            false
        });
        (fitting, refused)
    }

    fn revocation(&self, now: u64) -> Result<String, Failure> {
        let (root, terms) = self.signing.root_and_terms(now)?;
        let mut revocation = Revocation::default();
        for epoch in &self.epoch {
            revocation.begin(epoch.at(now));
        }
        for revoked in &self.revoke {
            revocation.revoke(revoked.clone());
        }
        Ok(root.revocation(&terms, &revocation)? + "\n")
    }
}

/// An epoch, perhaps without its time.
#[derive(Clone)]
struct EpochArgument {
    is_group: bool,
    name: String,
    time: Option<u64>,
}

impl EpochArgument {
    fn at(&self, now: u64) -> Epoch {
        let (name, iat) = (self.name.clone(), self.time.unwrap_or(now));
        match self.is_group {
            true => Epoch::Group { group: name, iat },
            false => Epoch::Issuer { iss: name, iat },
        }
    }
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    let mut output = io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

fn capacity(text: &str) -> Result<usize, &'static str> {
    let bits = text.parse().ok();
    bits.filter(|bits| CAPACITIES.contains(bits))
        .ok_or("it is 2048, 3072 or 4096")
}

fn identifier(text: &str) -> Result<String, &'static str> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
    if starts_well && text.len() <= 64 && text.bytes().all(is_word) {
        return Ok(text.into());
    }
    Err("it is a letter, and letters, digits and underscores, 64 at most")
}

fn epoch(text: &str) -> Result<EpochArgument, &'static str> {
    let wrong = "it is issuer=URL@TIME or group=NAME@TIME";
    let (of, name) = text.split_once('=').ok_or(wrong)?;
    let (name, time) = match name.rsplit_once('@') {
        // A URL may have an `@`, too.
        Some((name, time)) if time.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name, Some(time.parse().map_err(|_| wrong)?))
        }
        _ => (name, None),
    };
    let is_group = match of {
        "issuer" => false,
        "group" => true,
        _ => return Err(wrong),
    };
    if name.is_empty() {
        return Err(wrong);
    }
    Ok(EpochArgument {
        is_group,
        name: name.into(),
        time,
    })
}

fn revoked(text: &str) -> Result<Revoked, &'static str> {
    let wrong = "it is jti=ID, sub=SUBJECT or kid=KID";
    match text.split_once('=') {
        Some((_, "")) | None => Err(wrong),
        Some(("jti", id)) => Ok(Revoked::Jti(id.into())),
        Some(("sub", subject)) => Ok(Revoked::Sub(subject.into())),
        Some(("kid", key_id)) => Ok(Revoked::Kid(key_id.into())),
        Some(_) => Err(wrong),
    }
}

/// A URL without what may be a secret in it.
fn without_secrets(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return "a URL".into();
    };
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_may_leave_its_time_to_the_clock() {
        let of = |text| epoch(text).map(|epoch| epoch.at(7));
        let issuer = |iss: &str, iat| Epoch::Issuer {
            iss: iss.into(),
            iat,
        };
        assert_eq!(
            of("issuer=https://a.example/@5"),
            Ok(issuer("https://a.example/", 5))
        );
        assert_eq!(
            of("issuer=https://u@a.example/"),
            Ok(issuer("https://u@a.example/", 7))
        );
        let group = Epoch::Group {
            group: "a@b".into(),
            iat: 5,
        };
        assert_eq!(of("group=a@b@5"), Ok(group));
        for wrong in [
            "",
            "issuer",
            "issuer=",
            "user=a@5",
            "group=@5",
            "group=a@99999999999999999999",
            "group=a@",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_source_shows_no_secret() {
        let shown = without_secrets("https://user:s3cret@a.example:8443/keys?token=s3cret#x");
        assert_eq!(shown, "https://a.example:8443/keys");
    }
}
