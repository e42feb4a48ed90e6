//! The body of a token request.

use secrecy::zeroize::Zeroizing;
use serde::Serialize;

/// The body of a request, and its content type.
pub struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Body {
    /// A body of JSON. `texts` is the length of all its texts in bytes. With it, the buffer does not grow and
    /// leaves no copy in freed memory.
    pub(crate) fn json(request: &impl Serialize, texts: usize) -> Self {
        // An escape takes six bytes for one; the names take the rest.
        let mut bytes = Zeroizing::new(Vec::with_capacity(6 * texts + 256));
        serde_json::to_writer(&mut *bytes, request).expect("texts can be written as JSON");
        Self {
            content_type: "application/json",
            bytes,
        }
    }
}
