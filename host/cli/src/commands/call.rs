//! `tokenlatch call`

use std::io::{self, Write};
use std::process::ExitCode;

use tokenlatch_host::files;
use tokenlatch_host::http::Limits;
use tokenlatch_host::reqwest::header::{CONTENT_TYPE, HeaderValue};
use tokenlatch_host::reqwest::{Method, Request, Url};

use crate::examples::examples;
use crate::failure::Failure;
use crate::http_options::HttpOptions;
use crate::token_source::TokenSource;

/// The longest body that is sent or shown, in bytes.
const MAX_BODY_LEN: usize = 16 * 1024 * 1024;

/// Calls an API with an access token and prints the response's body
///
/// The token is obtained as with `tokenlatch token`. If the API rejects the token as invalid, the program
/// replaces the token and calls the API once more. It follows no redirect.
///
/// Exit status: 0 if the API's response has a status from 200 to 299, 1 if it has another status or the
/// authorization server rejected the request for a token, 2 for wrong usage or input that cannot be read, 3
/// if the API or the authorization server could not be reached or its response is malformed.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The URL to call: https, or http to a loopback address or to a host of --allow-http
    url: Url,
    #[command(flatten)]
    source: TokenSource,
    #[command(flatten)]
    http: HttpOptions,
    /// The request's method [default: GET, or POST with --data]
    #[arg(long, short = 'X')]
    method: Option<Method>,
    /// The request's body, or - for standard input
    #[arg(long, short, value_name = "DATA|-")]
    data: Option<String>,
    /// The content type of the body
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "application/json",
        requires = "data"
    )]
    content_type: HeaderValue,
}

const EXAMPLES: &str = "\
tokenlatch call https://api.example.com/report --atm auth.example.com --client-id web
# With a body from a file
tokenlatch call https://api.example.com/doors --discover https://auth.example.com/ --client-id web \\
    --client-secret-file secret --data - <door.json";

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut limits = Limits::default();
    limits.max_body_len = MAX_BODY_LEN;
    let tokens = args.source.client(args.http.client(limits)?)?;
    let response = tokens.call(args.request()?).await?;
    let mut output = io::stdout().lock();
    output
        .write_all(&response.body)
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    if response.status.is_success() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::Status(response.status))
}

impl Args {
    fn request(&self) -> Result<Request, Failure> {
        let default = match self.data {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let method = self.method.clone().unwrap_or(default);
        let mut request = Request::new(method, self.url.clone());
        if let Some(data) = &self.data {
            *request.body_mut() = Some(self.body(data).map_err(Failure::Input)?.into());
            let content_type = self.content_type.clone();
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        Ok(request)
    }

    fn body(&self, data: &str) -> io::Result<Vec<u8>> {
        if data != "-" {
            return Ok(data.as_bytes().to_vec());
        }
        if self.source.reads_stdin() {
            return Err(io::Error::other("the client secret is read from it"));
        }
        let mut body = Vec::new();
        files::read_into(io::stdin().lock(), MAX_BODY_LEN, &mut body)?;
        Ok(body)
    }
}
