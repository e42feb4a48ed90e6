//! Claims as headers for the server behind the proxy.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tokenlatch_host::guard::Claims;
use tokenlatch_host::tokenlatch::json::Value;

use crate::failure::Failure;
use crate::policy_options::claim_path;

/// Which claim goes into which header.
pub(super) struct ClaimHeaders(Vec<(HeaderName, Vec<String>)>);

impl ClaimHeaders {
    pub(super) fn new(headers: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let headers = headers.iter().map(|(name, path)| {
            let wrong = || Failure::Usage(format!("headers: {name:?} is no name of a header"));
            let header: HeaderName = name.parse().map_err(|_| wrong())?;
            if RESERVED.contains(&header.as_str()) {
                let message = format!("headers: {name} has another meaning for proxies");
                return Err(Failure::Usage(message));
            }
            Ok((header, claim_path(path)))
        });
        Ok(Self(headers.collect::<Result<_, _>>()?))
    }

    /// Each header with its value, which is `None` if there is no such claim: then what a client has sent must go.
    pub(super) fn of<'h>(
        &'h self,
        claims: Option<&'h Claims>,
    ) -> impl Iterator<Item = (&'h HeaderName, Option<HeaderValue>)> {
        self.0.iter().map(move |(name, path)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let value = claims.and_then(|claims| text(claims.claim(&path)?));
            (
                name,
                value.and_then(|text| HeaderValue::try_from(text).ok()),
            )
        })
    }
}

/// What would change how a proxy or a server reads the request.
const RESERVED: [&str; 12] = [
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// What a header cannot have, and `%`, which begins an escape.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// That, and the comma between the elements of a list.
const ESCAPED_IN_LIST: &AsciiSet = &ESCAPED.add(b',');

/// A text, number or boolean as it is; a list with commas between its elements; an object as JSON. Percent-encoded
/// (RFC 3986 section 2.1) is what is not visible ASCII or a space, `%`, and the comma in an element of a list.
fn text(value: Value<'_>) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Array(array) => {
            let elements = array
                .elements()
                .map(|element| plain(element, ESCAPED_IN_LIST));
            elements.collect::<Vec<_>>().join(",")
        }
        value => plain(value, ESCAPED),
    })
}

fn plain(value: Value<'_>, escaped: &'static AsciiSet) -> String {
    let text = match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.as_str().into(),
        Value::String(text) => text.to_string(),
        Value::Array(array) => array.as_str().into(),
        Value::Object(object) => object.as_str().into(),
    };
    let encoded = utf8_percent_encode(&text, escaped).to_string();
    // A space at either end of a header is not part of its value (RFC 9110 section 5.5).
    let inner = encoded.trim_matches(' ');
    let start = encoded.len() - encoded.trim_start_matches(' ').len();
    let end = encoded.len() - start - inner.len();
    format!("{}{inner}{}", "%20".repeat(start), "%20".repeat(end))
}
