//! The verdict on a token.

use std::fmt;

use serde_json::Value;
use tokenlatch::Verified;
use tokenlatch_host::key_set::VerifyError;

/// The verdict on a token, in one line: for people ([`Display`](fmt::Display)) or for programs
/// ([`json`](Verdict::json)).
pub(crate) struct Verdict<'t>(pub(crate) Result<Verified<'t>, VerifyError>);

impl Verdict<'_> {
    pub(crate) fn is_verified(&self) -> bool {
        self.0.is_ok()
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        match &self.0 {
            Ok(verified) => {
                let claims = OneLine(verified.claims().as_str());
                format!(r#"{{"verified":true,"claims":{claims}}}"#)
            }
            Err(error) => {
                let code = Value::from(error.code());
                let reason = Value::from(error.to_string());
                format!(r#"{{"verified":false,"error":{code},"reason":{reason}}}"#)
            }
        }
    }
}

/// `verified` and the claims, or `rejected`, the code and the reason.
impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(verified) => write!(f, "verified {}", OneLine(verified.claims().as_str())),
            Err(error) => write!(f, "rejected {}: {error}", error.code()),
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
            if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
                write!(f, "\\u{:04x}", u32::from(character))?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
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
        let verdict = Verdict(Err(error.into()));
        let reason = "a required claim is absent: exp";
        assert_eq!(
            verdict.to_string(),
            format!("rejected missing-claim: {reason}")
        );
        assert_eq!(
            verdict.json(),
            format!(r#"{{"verified":false,"error":"missing-claim","reason":"{reason}"}}"#)
        );
    }
}
