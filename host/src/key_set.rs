//! A JWK Set from a file or a URL.

use std::fs::File;
use std::io::{self, Read};

use tokenlatch::JwkSet;

use crate::fetch::{self, FetchError, MAX_BODY_LEN};

/// A JWK Set of up to 64 keys of up to 4096 bits: more than any issuer publishes.
pub type KeySet = JwkSet<64, 4096>;

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// The URL cannot be fetched.
    #[error("cannot fetch the URL")]
    Fetch(#[from] FetchError),
    /// The document is not a JWK Set (RFC 7517 section 5).
    #[error("not a usable JWK Set")]
    Invalid(#[from] tokenlatch::Error),
    /// The document is a JWK Set, but none of its keys can verify RS256.
    #[error("no key can verify RS256 ({unusable} cannot)")]
    NoUsableKey {
        /// How many keys the document has.
        unusable: usize,
    },
}

/// Loads a JWK Set from a URL, if `source` begins with `http://` or `https://`, or else from a file.
///
/// # Errors
///
/// Any [`KeySetError`]; a set without any usable key is one too.
pub async fn load(source: &str) -> Result<Box<KeySet>, KeySetError> {
    let document = if source.starts_with("http://") || source.starts_with("https://") {
        fetch::get(source).await?
    } else {
        read(source)?
    };
    parse(&document)
}

/// Reads a file under the bound that a URL has.
fn read(path: &str) -> Result<Vec<u8>, KeySetError> {
    let mut document = Vec::new();
    let limit = MAX_BODY_LEN as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut document)?;
    if document.len() > MAX_BODY_LEN {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
    }
    Ok(document)
}

fn parse(document: &[u8]) -> Result<Box<KeySet>, KeySetError> {
    let keys = Box::new(KeySet::from_json(document)?);
    if keys.keys().is_empty() {
        return Err(KeySetError::NoUsableKey {
            unusable: keys.unusable(),
        });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_without_a_usable_key_is_refused() {
        let document = br#"{"keys":[{"kty":"EC"},{"kty":"oct"}]}"#;
        let refused = parse(document).map(drop);
        assert!(matches!(
            refused,
            Err(KeySetError::NoUsableKey { unusable: 2 })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_a_bound() {
        // It never ends.
        let refused = read("/dev/zero");
        assert!(matches!(refused, Err(KeySetError::Read(_))));
    }
}
