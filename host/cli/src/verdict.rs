//! The verdict on a token.

use std::fmt;

use serde_json::Value;
use tokenlatch::Verified;
use tokenlatch_host::key_set::VerifyError;

use crate::colour;
use crate::hint::hint;

/// The verdict on a token, in one line: for people ([`Display`](fmt::Display)) or for programs
/// ([`json`](Verdict::json)).
pub(crate) struct Verdict<'t> {
    pub(crate) result: Result<Verified<'t>, VerifyError>,
    /// What is probably wrong with a token that cannot be read.
    hint: Option<&'static str>,
}

impl<'t> Verdict<'t> {
    pub(crate) fn new(token: &[u8], result: Result<Verified<'t>, VerifyError>) -> Self {
        let is_unreadable =
            |error: &VerifyError| matches!(error.code(), "not-compact" | "invalid-base64url");
        let is_unreadable = result.as_ref().is_err_and(is_unreadable);
        Self {
            result,
            hint: is_unreadable.then(|| hint(token)).flatten(),
        }
    }

    /// As [`Display`](fmt::Display) has it, with the first word in colour.
    pub(crate) fn coloured(&self) -> String {
        let style = match self.result {
            Ok(_) => colour::GOOD,
            Err(_) => colour::BAD,
        };
        let text = self.to_string();
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        format!("{style}{word}{style:#} {rest}")
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        match &self.result {
            Ok(verified) => {
                let claims = OneLine(verified.claims().as_str());
                format!(r#"{{"verified":true,"claims":{claims}}}"#)
            }
            Err(error) => {
                let code = Value::from(error.code());
                let reason = Value::from(error.to_string());
                let hint = self
                    .hint
                    .map(|hint| format!(r#","hint":{}"#, Value::from(hint)));
                let hint = hint.unwrap_or_default();
                format!(r#"{{"verified":false,"error":{code},"reason":{reason}{hint}}}"#)
            }
        }
    }
}

/// `verified` and the claims, or `rejected`, the code, the reason and a hint.
impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.result, self.hint) {
            (Ok(verified), _) => write!(f, "verified {}", OneLine(verified.claims().as_str())),
            (Err(error), None) => write!(f, "rejected {}: {error}", error.code()),
            (Err(error), Some(hint)) => {
                write!(f, "rejected {}: {error}. Hint: {hint}", error.code())
            }
        }
    }
}

/// Checked JSON on one line. It is shown unchanged, except for white space between its parts and for
/// characters that would break the line or steer a terminal.
pub(crate) struct OneLine<'t>(pub(crate) &'t str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        let mut in_string = false;
        let mut is_escaped = false;
        for character in self.0.chars() {
            if !in_string && character.is_ascii_whitespace() {
                continue;
            }
            if character == '"' && !is_escaped {
                in_string = !in_string;
            }
            is_escaped = character == '\\' && !is_escaped;
            // These characters are in strings, where they may be escaped.
            if steers(character) {
                write!(f, "\\u{:04x}", u32::from(character))?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Characters that break lines, change the order of others or steer a terminal.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_keep_order_numbers_and_escapes() {
        let signed = "{ \"b\" : 1.50E+400 ,\r\n\t\"a\" : [ 18446744073709551616 , true ] }";
        let shown = r#"{"b":1.50E+400,"a":[18446744073709551616,true]}"#;
        assert_eq!(OneLine(signed).to_string(), shown);
        let strings = r#"{"a b":"c \" d","e\\":" ","f":"\u00e9 \\\" "}"#;
        assert_eq!(OneLine(strings).to_string(), strings);
    }

    #[test]
    fn claims_stay_on_one_line_and_away_from_the_terminal() {
        let signed = "{\"a\":\"\u{9b}2J \u{85} \u{2028} \u{7f} é\"}";
        let shown = r#"{"a":"\u009b2J \u0085 \u2028 \u007f é"}"#;
        assert_eq!(OneLine(signed).to_string(), shown);
    }

    #[test]
    fn a_rejection_has_its_code_and_reason() {
        let error = tokenlatch::Error::MissingClaim(tokenlatch::Claim::Expiry);
        let verdict = Verdict::new(b"", Err(error.into()));
        let reason = "a required claim is absent: exp";
        assert_eq!(
            verdict.to_string(),
            format!("rejected missing-claim: {reason}")
        );
        assert_eq!(
            verdict.json(),
            format!(r#"{{"verified":false,"error":"missing-claim","reason":"{reason}"}}"#)
        );
        assert_eq!(
            verdict.coloured(),
            format!("\u{1b}[1m\u{1b}[31mrejected\u{1b}[0m missing-claim: {reason}")
        );
        let verdict = Verdict::new(b"opaque", Err(tokenlatch::Error::NotCompact.into()));
        assert!(verdict.to_string().contains(". Hint: it has no dots"));
        assert!(verdict.json().contains(r#"","hint":"it has no dots"#));
    }
}
