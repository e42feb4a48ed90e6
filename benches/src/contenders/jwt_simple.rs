//! jwt-simple with BoringSSL, a C library. It verifies tokens, and nothing less.

use std::collections::HashSet;

use jwt_simple::prelude::{
    NoCustomClaims, RS256PublicKey, RSAPublicKeyLike as _, VerificationOptions,
};

use super::task::Task;
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    let Operation::WholeToken = operation else {
        return None;
    };
    let key = RS256PublicKey::from_components(&case.n, &case.e).expect("a key");
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from([case.issuer.into()])),
        allowed_audiences: Some(HashSet::from([case.audience.into()])),
        ..VerificationOptions::default()
    };
    Some(Box::new(move || {
        // It takes the options by value.
        key.verify_token::<NoCustomClaims>(&case.token, Some(options.clone()))
            .is_ok()
    }))
}
