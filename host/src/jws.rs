//! Signs JSON Web Signatures with RS256 (RFC 7515, RFC 7518 section 3.3).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use serde::Serialize;
use sha2::Sha256;

/// The compact serialization of this header and payload.
pub(crate) fn sign(
    key: &SigningKey<Sha256>,
    header: &impl Serialize,
    payload: &impl Serialize,
) -> String {
    let mut token = signing_input(header, payload);
    // Blinding with random numbers hides the private key from those who measure the time of signing.
    let signature = key.sign_with_rng(&mut rand::rng(), token.as_bytes());
    token.push('.');
    BASE64URL.encode_string(signature.to_bytes(), &mut token);
    token
}

/// The header and the payload, with a dot between them.
pub(crate) fn signing_input(header: &impl Serialize, payload: &impl Serialize) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

fn encode(value: &impl Serialize) -> String {
    BASE64URL.encode(serde_json::to_vec(value).expect("texts and numbers make JSON"))
}
