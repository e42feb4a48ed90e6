//! jsonwebtoken, in two versions. Its key is the bytes of modulus and exponent: each signature sets
//! it up.

use std::sync::atomic::{AtomicBool, Ordering};

use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use serde::Deserialize;

use super::task::Task;
use crate::case::Case;
use crate::operation::Operation;

/// What an API would have of the claims.
#[derive(Deserialize)]
struct Claims {
    #[expect(dead_code, reason = "reading it is what is measured")]
    sub: String,
    #[expect(dead_code, reason = "reading it is what is measured")]
    scope: String,
}

/// The two versions have the same API, in types of their own.
macro_rules! task {
    ($library:ident, $select:expr, $operation:expr, $case:expr) => {{
        use $library::{Algorithm, DecodingKey, Validation, crypto, decode, jwk};

        // It fails where it was done before, which is just as well.
        let _ = PROVIDER.install_default();
        let (case, select) = ($case, $select);
        let from_bytes = || DecodingKey::from_rsa_raw_components(&case.n, &case.e);
        let verifies = |key: &DecodingKey| {
            let signature = &case.signature_base64url;
            crypto::verify(signature, &case.message, key, Algorithm::RS256)
                .is_ok_and(|is_good| is_good)
        };
        let task: Task = match $operation {
            Operation::WholeToken => {
                let key = from_bytes();
                let mut validation = Validation::new(Algorithm::RS256);
                validation.set_required_spec_claims(&["aud", "exp", "iss"]);
                validation.set_issuer(&[case.issuer]);
                validation.set_audience(&[case.audience]);
                Box::new(move || {
                    select();
                    decode::<Claims>(&case.token, &key, &validation).is_ok()
                })
            }
            Operation::Signature => {
                let key = from_bytes();
                Box::new(move || {
                    select();
                    verifies(&key)
                })
            }
            Operation::KeySetUp => Box::new(move || {
                select();
                verifies(&from_bytes())
            }),
            Operation::JwkSet => Box::new(move || {
                select();
                let set: jwk::JwkSet = serde_json::from_str(&case.jwk_set).expect("a JWK Set");
                set.keys
                    .first()
                    .is_some_and(|jwk| verifies(&DecodingKey::from_jwk(jwk).expect("a key")))
            }),
        };
        task
    }};
}
pub(super) fn v9(operation: Operation, case: &'static Case) -> Option<Task> {
    Some(task!(jsonwebtoken9, || {}, operation, case))
}

pub(super) fn v12_aws_lc_rs(operation: Operation, case: &'static Case) -> Option<Task> {
    Some(task!(jsonwebtoken, || select(false), operation, case))
}

pub(super) fn v12_rust_crypto(operation: Operation, case: &'static Case) -> Option<Task> {
    Some(task!(jsonwebtoken, || select(true), operation, case))
}

/// A process has one provider, for good. This one is both, one at a time.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: rust_crypto::DEFAULT_PROVIDER.signer_factory,
    verifier_factory: |algorithm, key| {
        let provider = if IS_RUST_CRYPTO.load(Ordering::Relaxed) {
            &rust_crypto::DEFAULT_PROVIDER
        } else {
            &aws_lc::DEFAULT_PROVIDER
        };
        (provider.verifier_factory)(algorithm, key)
    },
    key_utils: KeyUtils::new_unimplemented(),
};

static IS_RUST_CRYPTO: AtomicBool = AtomicBool::new(false);

fn select(is_rust_crypto: bool) {
    IS_RUST_CRYPTO.store(is_rust_crypto, Ordering::Relaxed);
}
