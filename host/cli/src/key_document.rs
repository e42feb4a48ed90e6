//! A document with keys, from where the arguments say.

use std::io;

use tokenlatch_host::device::UnusableKey;
use tokenlatch_host::files;
use tokenlatch_host::http::{Fetched, HttpClient, MAX_BODY_LEN};
use tokenlatch_host::key_set::{self, KeySetError, Source};
use tokenlatch_host::profile::KeyPlace;

use crate::failure::Failure;

/// A document in a file, or on standard input (`-`).
pub(crate) fn read(file: &str) -> Result<Vec<u8>, Failure> {
    if file != "-" {
        return Ok(key_set::read(file)?);
    }
    let mut document = Vec::new();
    let read = files::read_into(io::stdin().lock(), MAX_BODY_LEN, &mut document);
    read.map_err(Failure::Input)?;
    Ok(document)
}

/// Where these arguments say that the keys are.
pub(crate) fn place(
    url: Option<String>,
    discover: Option<String>,
    metadata: Option<String>,
) -> Result<KeyPlace, Failure> {
    match (url, discover, metadata) {
        (Some(url), _, _) => Ok(KeyPlace::Url(url)),
        (None, Some(issuer), None) => Ok(KeyPlace::Issuer(issuer)),
        (None, Some(issuer), Some(url)) => Ok(KeyPlace::Metadata { url, issuer }),
        (None, None, _) => Err(Failure::Usage(
            "which keys? Give their URL, or their issuer with --discover".into(),
        )),
    }
}

/// The document that is there now.
pub(crate) async fn fetch(place: &KeyPlace, client: HttpClient) -> Result<Vec<u8>, KeySetError> {
    let source = place.source(client)?;
    match source.fetch(None).await? {
        Fetched::Document { body, .. } => Ok(body),
        Fetched::NotModified { .. } => unreachable!("there was no ETag to compare"),
    }
}

/// What to tell people about a key that devices cannot use.
pub(crate) fn left_out(key: &UnusableKey) -> String {
    let UnusableKey {
        place, key_id, why, ..
    } = key;
    match key_id {
        // Escaped: control characters could steer a terminal.
        Some(key_id) => format!("{key_id:?} is left out: {why}"),
        None => format!("key {} is left out: {why}", place + 1),
    }
}
