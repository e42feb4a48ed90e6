//! The claims of a new token.

use serde_json::{Map, Value};

/// Claims by name, in the order in which the token has them.
pub(crate) type Claims = Map<String, Value>;

/// The claims of a JSON object, except those that are `null`.
pub(crate) fn claims(members: Value) -> Claims {
    let Value::Object(mut claims) = members else {
        unreachable!("claims are an object");
    };
    claims.retain(|_, value| !value.is_null());
    claims
}
