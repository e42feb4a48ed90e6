//! Every key of a JWK Set document, for people to look at.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use tokenlatch::json::Object;
use tokenlatch::{Error, Jwk, for_each_jwk};

use crate::thumbprint;

/// A key of a JWK Set document, whether it can be used or not. Members that are absent or invalid in the
/// document are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedKey {
    /// `kid`
    pub key_id: Option<String>,
    /// `kty`
    pub key_type: Option<String>,
    /// `use`
    pub usage: Option<String>,
    /// `alg`
    pub algorithm: Option<String>,
    /// The bits of an RSA key's modulus.
    pub bits: Option<usize>,
    /// The JWK thumbprint (RFC 7638).
    pub thumbprint: Option<String>,
    /// Why it cannot verify RS256, if it cannot.
    pub unusable: Option<Error>,
}

/// Lists the keys of a JWK Set document, in order.
///
/// # Errors
///
/// That of [`for_each_jwk`]: the document is not a JWK Set.
pub fn list(document: &[u8]) -> Result<Vec<ListedKey>, Error> {
    let mut keys = Vec::new();
    for_each_jwk(document, &mut |key| keys.push(listed(key)))?;
    Ok(keys)
}

fn listed(key: Result<Object<'_>, Error>) -> ListedKey {
    let jwk = match key {
        Ok(jwk) => jwk,
        Err(error) => {
            return ListedKey {
                unusable: Some(error),
                ..ListedKey::default()
            };
        }
    };
    let key_type = text(jwk, "kty");
    let modulus = unpadded(jwk, "n").filter(|_| key_type.as_deref() == Some("RSA"));
    ListedKey {
        key_id: text(jwk, "kid"),
        usage: text(jwk, "use"),
        algorithm: text(jwk, "alg"),
        bits: modulus.and_then(|n| Some(bits(&BASE64URL.decode(n).ok()?))),
        thumbprint: key_type.as_deref().and_then(|kty| thumbprint(jwk, kty)),
        unusable: Jwk::<4096>::from_json(jwk.as_str().as_bytes()).err(),
        key_type,
    }
}

fn thumbprint(jwk: Object<'_>, key_type: &str) -> Option<String> {
    let names = thumbprint::members(key_type)?;
    let value = |name| {
        let text = unpadded(jwk, name)?;
        // The number without the zeros in front that some issuers write.
        Some(match (key_type, BASE64URL.decode(&text)) {
            ("RSA", Ok(number)) if name != "kty" => BASE64URL.encode(without_zeros(&number)),
            _ => text,
        })
    };
    let values = names.iter().copied().map(value);
    let values: Vec<_> = values.collect::<Option<_>>()?;
    let members = names.iter().copied().zip(values.iter().map(String::as_str));
    Some(thumbprint::thumbprint(&members.collect::<Vec<_>>()))
}

fn text(jwk: Object<'_>, name: &str) -> Option<String> {
    Some(jwk.get(name)?.as_text()?.to_string())
}

/// A number, without the padding that some issuers write.
fn unpadded(jwk: Object<'_>, name: &str) -> Option<String> {
    Some(text(jwk, name)?.trim_end_matches('=').to_owned())
}

/// The bits of a big-endian number.
fn bits(number: &[u8]) -> usize {
    match without_zeros(number) {
        number @ [highest, ..] => 8 * number.len() - highest.leading_zeros() as usize,
        [] => 0,
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_with_its_reason() {
        let n = "_".repeat(341) + "w";
        let zeros = "AP".to_owned() + &"_".repeat(340) + "8";
        let document = format!(
            r#"{{"keys":[
                {{"kty":"RSA","kid":"good","use":"sig","alg":"RS256","n":"{n}","e":"AQAB"}},
                {{"kty":"RSA","kid":"for encryption","use":"enc","n":"{n}","e":"AQAB"}},
                {{"kty":"EC","kid":"ec","crv":"P-256","x":"eA","y":"eQ","use":"sig"}},
                {{"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"}},
                {{"kty":"oct","k":"c2VjcmV0"}},
                7,
                {{"kty":"RSA","kid":"zeros","n":"{zeros}=","e":"AAEAAQ=="}}
            ]}}"#
        );
        let keys = list(document.as_bytes()).unwrap();
        let short = |key: &ListedKey| (key.key_id.clone(), key.bits, key.unusable);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            keys.iter().map(short).collect::<Vec<_>>(),
            [
                (some("good"), Some(2048), None),
                (
                    some("for encryption"),
                    Some(2048),
                    Some(Error::KeyNotForVerifying)
                ),
                (some("ec"), None, Some(Error::UnsupportedKeyType)),
                (some("short"), Some(17), Some(Error::ModulusTooShort)),
                (None, None, Some(Error::PrivateKey)),
                (None, None, Some(Error::InvalidKey)),
                (some("zeros"), Some(2048), None),
            ]
        );
        assert_eq!(keys[0].usage.as_deref(), Some("sig"));
        assert_eq!(keys[0].algorithm.as_deref(), Some("RS256"));
        assert_eq!(keys[0].thumbprint, keys[1].thumbprint);
        assert_eq!(keys[0].thumbprint, keys[6].thumbprint);
        assert!(keys[2].thumbprint.is_some());
        assert_eq!(keys[4].thumbprint, None);
    }

    #[test]
    fn what_is_no_key_set_is_rejected() {
        for document in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(list(document.as_bytes()).is_err(), "{document}");
        }
    }
}
