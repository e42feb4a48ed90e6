//! The body of a token request, and its credentials.

use form_urlencoded::Serializer;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

/// The body of a request, its content type, and the credentials beside it.
pub struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// `Authorization`, if the credentials are not in the body.
    pub(crate) authorization: Option<HeaderValue>,
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
            authorization: None,
        }
    }

    /// A form (RFC 6749 appendix B) of the parameters that have a value.
    pub(crate) fn form(parameters: &[(&str, Option<&str>)]) -> Self {
        let lengths = parameters.iter();
        let lengths = lengths.map(|(name, value)| name.len() + value.map_or(0, str::len) + 2);
        // A byte takes three at most, so the buffer does not grow.
        let text = String::with_capacity(3 * lengths.sum::<usize>());
        let mut form = Serializer::new(text);
        for (name, value) in parameters {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        Self {
            content_type: "application/x-www-form-urlencoded",
            bytes: Zeroizing::new(form.finish().into_bytes()),
            authorization: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_never_outgrows_its_buffer() {
        for parameters in [
            &[("&&", Some(""))],
            &[("", Some("&&"))],
            &[("&", Some("&")); 3][..],
        ] {
            let count = allocation_counter::measure(|| drop(Body::form(parameters)));
            assert_eq!(count.count_total, 1, "{parameters:?}");
        }
    }
}
