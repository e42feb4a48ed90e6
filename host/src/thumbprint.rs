//! JWK thumbprints (RFC 7638): names for keys that depend only on the key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use sha2::{Digest, Sha256};

/// The members that are required for each type of public key, in the order that they are hashed in (RFC
/// 7638 section 3.2, RFC 8037 section 2).
const MEMBERS: [(&str, &[&str]); 3] = [
    ("EC", &["crv", "kty", "x", "y"]),
    ("OKP", &["crv", "kty", "x"]),
    ("RSA", &["e", "kty", "n"]),
];

/// The members to call [`thumbprint`] with for a public key of this type.
pub(crate) fn members(key_type: &str) -> Option<&'static [&'static str]> {
    let mut types = MEMBERS.iter();
    types.find_map(|(name, members)| (*name == key_type).then_some(*members))
}

/// The thumbprint of a key with these members, which are in the order of their names.
pub(crate) fn thumbprint(members: &[(&str, &str)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{}", serde_json::json!(name), serde_json::json!(value)))
        .collect();
    BASE64URL.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_of_rfc_7638() {
        let n = concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc",
            "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ",
            "R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF",
            "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        );
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(
            thumbprint(&[("e", "AQAB"), ("kty", "RSA"), ("n", n)]),
            expected
        );
    }

    #[test]
    fn members_are_in_the_order_of_their_names() {
        for (key_type, names) in MEMBERS {
            assert!(names.is_sorted());
            assert_eq!(members(key_type), Some(names));
        }
        assert_eq!(members("oct"), None, "a secret has no public name");
    }
}
