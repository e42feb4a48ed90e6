//! `tokenlatch provision`

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::ExposeSecret;
use tokenlatch::{JwkSet, Policy, Time, Verified, verify};
use tokenlatch_host::clock;
use tokenlatch_host::device::{
    KEY_SET_TYPE, REVOCATION_TYPE, Revocation, RootKey, Terms, VerifyingKey, VerifyingKeys,
};
use tokenlatch_host::files;
use tokenlatch_host::http::{HttpClient, Limits};
use tokenlatch_host::token_client::{Authentication, ClientCredentials, TokenClient};

use crate::constants::{Constants, c, capacity_for, rust};
use crate::date::date;
use crate::examples::examples;
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_document::{fetch, left_out, place};
use crate::signing_options::read_root_key;
use crate::token_source::client_secret;

/// Shows the whole way from a server's key set to a device
///
/// Writes a folder with all that a device without a network needs, verifies it as the device will, and prints each
/// step:
///
/// root.pem: the root key, which signs what devices trust. It is created if it does not exist, and never
/// overwritten. Keep it away from servers and devices.
///
/// root.rs, root.h: its public side as constants, for the device's flash.
///
/// key-set.json: the server's key set. key-set.jwt: its keys, signed by the root key: the first key-set update.
///
/// revocation.jwt: a revocation list without an entry.
///
/// token.jwt: with --client-id, a token for the device, from the server.
///
/// Later updates and revocation lists are those of `tokenlatch pack`.
///
/// Exit status: 0 if a device accepts all of it, 1 if it does not, or if there is no token, 2 for wrong usage or a
/// file that is there already, 3 if the server could not be reached.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The folder; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the files that are there, except the root key
    #[arg(long)]
    force: bool,
    /// The issuer whose metadata has the URL of its JWK Set, and of its token endpoint
    #[arg(long, value_name = "ISSUER", required_unless_present = "jwks")]
    discover: Option<String>,
    /// The JWK Set's URL, if the issuer has no metadata
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "discover",
        requires = "issuer"
    )]
    jwks: Option<String>,
    /// The issuer of the tokens, `iss` [default: that of --discover]
    #[arg(long)]
    issuer: Option<String>,
    /// The fleet of devices that the documents are for, `aud`
    #[arg(long, value_name = "FLEET", default_value = "doors")]
    audience: String,
    /// The device that the token is for, its `aud`
    #[arg(long, value_name = "ID", default_value = "door-1")]
    device: String,
    /// When the documents expire
    #[arg(
        long,
        value_name = "DAYS",
        default_value = "90",
        value_parser = clap::value_parser!(u64).range(1..=3650)
    )]
    expires_in: u64,
    /// The bits of a new root key, from 2048 to 4096
    #[arg(long, default_value = "2048", value_parser = root_bits)]
    bits: usize,
    /// The client that asks for the token
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Read the client secret from FILE, or from standard input (-) [default: the environment variable
    /// TOKENLATCH_CLIENT_SECRET]
    #[arg(long, value_name = "FILE|-", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// The URL of the token endpoint [default: that of --discover]
    #[arg(long, value_name = "URL", requires = "client_id")]
    token_url: Option<String>,
    /// The present time, in seconds since 1970 [default: the system's clock]
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    headers: HeaderOptions,
}

const EXAMPLES: &str = "\
# All but a token
tokenlatch provision --out device --discover https://issuer.example/
# With the server of `tokenlatch issuer --listen 127.0.0.1:8080`; the secret, demo-secret, is in
# TOKENLATCH_CLIENT_SECRET
tokenlatch provision --out device --discover http://127.0.0.1:8080/ --client-id demo-client
# Another token, in the same folder
tokenlatch provision --out device --discover http://127.0.0.1:8080/ --client-id demo-client --force";

const ROOT_KEY: &str = "root.pem";
const ROOT_RUST: &str = "root.rs";
const ROOT_C: &str = "root.h";
const KEY_SET: &str = "key-set.json";
const UPDATE: &str = "key-set.jwt";
const REVOCATION: &str = "revocation.jwt";
const TOKEN: &str = "token.jwt";

/// The files that --force replaces.
const REPLACEABLE: [&str; 6] = [ROOT_RUST, ROOT_C, KEY_SET, UPDATE, REVOCATION, TOKEN];

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let now = args.now.unwrap_or_else(clock::unix_now);
    let issuer = args.issuer.as_ref().or(args.discover.as_ref());
    let issuer = issuer.cloned().unwrap_or_default();
    let folder = Folder::open(&args.out, args.force)?;
    let http = args.http.client(Limits::default())?;

    step("1. The root key, which signs what devices trust.")?;
    let (root, is_new) = folder.root_key(args.bits)?;
    let root_keys = [root.public().clone()];
    let age = if is_new { "new" } else { "there already" };
    say(ROOT_KEY, format_args!("{age}: {}", shown(root.public())))?;
    let constants = Constants {
        name: "root_keys",
        source: ROOT_KEY,
        time: now,
        capacity: capacity_for(&root_keys),
        keys: &root_keys,
    };
    folder.write(ROOT_RUST, &rust(&constants))?;
    say(ROOT_RUST, "its public side in Rust, for the device's flash")?;
    folder.write(ROOT_C, &c(&constants))?;
    say(ROOT_C, "the same in C")?;

    step("2. The server's keys, with which it signs tokens.")?;
    let keys = args.keys(&folder, &http).await?;
    say(KEY_SET, format_args!("the key set of {issuer}"))?;
    for key in &keys {
        say("", shown(key))?;
    }

    let expires_at = now.saturating_add(args.expires_in * 86_400);
    let terms = Terms::new(&issuer, &args.audience, now, expires_at);
    step("3. The documents for devices, signed by the root key.")?;
    let update = root.key_set_update(&terms, &keys)?;
    folder.write(UPDATE, &update)?;
    let until = date(expires_at);
    let len = update.len();
    say(
        UPDATE,
        format_args!("the key-set update: {len} bytes, until {until}"),
    )?;
    let revocation = root.revocation(&terms, &Revocation::default())?;
    folder.write(REVOCATION, &revocation)?;
    let len = revocation.len();
    say(
        REVOCATION,
        format_args!("the revocation list, without an entry: {len} bytes, until {until}"),
    )?;

    let token = args.token(&issuer, http).await?;
    if let Some(token) = &token {
        step("4. A token from the server.")?;
        folder.write(TOKEN, token)?;
        let len = token.len();
        say(TOKEN, format_args!("for {}: {len} bytes", args.device))?;
    }

    let last = if token.is_some() { 5 } else { 4 };
    step(&format!("{last}. What a device with that root key says."))?;
    let device = Device {
        root_keys: key_set(&root_keys)?,
        issuer: &issuer,
        fleet: &args.audience,
        now: Time::exactly(now),
    };
    let mut scratch = vec![0; tokenlatch::MAX_TOKEN_LEN];
    let keys = device.document(UPDATE, &update, KEY_SET_TYPE, &mut scratch)?;
    let keys = keys.claims().as_str().as_bytes();
    let keys = JwkSet::<64, 4096>::from_json(keys);
    let keys = Box::new(keys.map_err(|error| Failure::Rejected(UPDATE, error))?);
    say(UPDATE, format_args!("verified: {} keys", keys.keys().len()))?;
    let mut scratch = vec![0; tokenlatch::MAX_TOKEN_LEN];
    device.document(REVOCATION, &revocation, REVOCATION_TYPE, &mut scratch)?;
    say(REVOCATION, "verified")?;
    if let Some(token) = &token {
        let policy = Policy::new(&issuer, &args.device);
        let verified = verify(token.as_bytes(), &mut scratch, &*keys, &policy, device.now);
        let verified = verified.map_err(|error| Failure::Rejected(TOKEN, error))?;
        let scopes: Vec<_> = verified.scopes().map(|scope| scope.to_string()).collect();
        let (scopes, until) = (scopes.join(" "), date(verified.expiry()));
        say(
            TOKEN,
            format_args!("verified by those keys: scope {scopes:?}, until {until}"),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The server's keys that devices can use; the others are named on standard error.
    async fn keys(
        &self,
        folder: &Folder<'_>,
        http: &HttpClient,
    ) -> Result<Vec<VerifyingKey>, Failure> {
        let place = place(self.jwks.clone(), self.discover.clone(), None)?;
        let document = fetch(&place, self.headers.add_to(http.clone())?).await?;
        let VerifyingKeys {
            usable, unusable, ..
        } = VerifyingKeys::read(&document, None)?;
        for key in &unusable {
            // If standard error is closed, only the exit status remains.
            let _ = writeln!(io::stderr(), "tokenlatch: {}", left_out(key));
        }
        if usable.is_empty() {
            return Err(Failure::NoKey);
        }
        folder.write_bytes(KEY_SET, &document)?;
        Ok(usable)
    }

    /// A token for the device, if there is a client to ask for it.
    async fn token(&self, issuer: &str, http: HttpClient) -> Result<Option<String>, Failure> {
        let Some(client_id) = &self.client_id else {
            return Ok(None);
        };
        let secret = client_secret(self.client_secret_file.as_deref());
        let secret = secret.map_err(Failure::Secret)?;
        let credentials = Authentication::Post(ClientCredentials::new(client_id, secret));
        let builder = match &self.token_url {
            Some(url) => TokenClient::oauth(url, credentials),
            None => TokenClient::discover(issuer, credentials),
        };
        let tokens = builder.audience(&self.device).client(http).start();
        let token = tokens.map_err(Failure::Server)?.token().await?;
        Ok(Some(token.text().expose_secret().to_owned()))
    }
}

/// The folder that is written.
struct Folder<'f>(&'f Path);

impl<'f> Folder<'f> {
    /// Creates the folder. Unless it is forced, none of the files may be there.
    fn open(path: &'f Path, force: bool) -> Result<Self, Failure> {
        if !force {
            let mut files = REPLACEABLE.iter().map(|name| path.join(name));
            if let Some(file) = files.find(|file| file.exists()) {
                let file = file.display();
                return Err(Failure::Usage(format!(
                    "{file} is there already: --force replaces it"
                )));
            }
        }
        fs::create_dir_all(path).map_err(|error| Failure::File(path.to_owned(), error))?;
        Ok(Self(path))
    }

    /// The root key, and whether it is new.
    fn root_key(&self, bits: usize) -> Result<(RootKey, bool), Failure> {
        let path = self.0.join(ROOT_KEY);
        if path.exists() {
            return Ok((read_root_key(&path)?, false));
        }
        let root = RootKey::generate(bits)?;
        self.write(ROOT_KEY, root.to_pem().expose_secret())?;
        Ok((root, true))
    }

    /// Writes a file that only its owner can read.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.write_bytes(name, text.as_bytes())
    }

    fn write_bytes(&self, name: &str, contents: &[u8]) -> Result<(), Failure> {
        let path = self.0.join(name);
        files::replace(&path, contents).map_err(|error| Failure::File(path, error))
    }
}

/// A device that has nothing but the root key and a clock.
struct Device<'d> {
    root_keys: Box<JwkSet<1, 4096>>,
    issuer: &'d str,
    fleet: &'d str,
    now: Time,
}

impl Device<'_> {
    /// Verifies a document by the root key.
    fn document<'s>(
        &self,
        name: &'static str,
        document: &str,
        token_type: &str,
        scratch: &'s mut [u8],
    ) -> Result<Verified<'s>, Failure> {
        let policy = Policy::new(self.issuer, self.fleet)
            .require_type(token_type)
            .require_subject(self.issuer);
        let (document, keys) = (document.as_bytes(), &*self.root_keys);
        let verified = verify(document, scratch, keys, &policy, self.now);
        verified.map_err(|error| Failure::Rejected(name, error))
    }
}

/// The keys as a device has them.
fn key_set(keys: &[VerifyingKey]) -> Result<Box<JwkSet<1, 4096>>, Failure> {
    let keys: Vec<_> = keys.iter().map(VerifyingKey::jwk).collect();
    let document = serde_json::json!({"keys": keys}).to_string();
    let keys = JwkSet::from_json(document.as_bytes());
    Ok(Box::new(
        keys.map_err(|error| Failure::Rejected(ROOT_KEY, error))?,
    ))
}

fn root_bits(text: &str) -> Result<usize, &'static str> {
    let bits = text.parse().ok();
    bits.filter(|bits| (2048..=4096).contains(bits) && bits % 8 == 0)
        .ok_or("it is a multiple of 8 from 2048 to 4096")
}

/// What a person compares.
fn shown(key: &VerifyingKey) -> String {
    let (bits, thumbprint, key_id) = (key.bits(), key.thumbprint(), key.key_id());
    if key_id == thumbprint {
        return format!("{bits} bits, thumbprint and kid {thumbprint}");
    }
    // Escaped: control characters could steer a terminal.
    format!("{bits} bits, thumbprint {thumbprint}, kid {key_id:?}")
}

fn step(title: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{title}").map_err(Failure::Output)
}

/// A file, and what is to be said of it.
fn say(file: &str, what: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "   {file:<14} {what}").map_err(Failure::Output)
}
