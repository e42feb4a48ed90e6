//! How many tokens got which verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

/// Counts verdicts: for people ([`Display`](fmt::Display)) or for programs ([`json`](Summary::json)).
#[derive(Default)]
pub(crate) struct Summary {
    verified: u64,
    /// By code.
    rejected: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Counts a verdict: the code of a rejection, or `None` for a verified token.
    pub(crate) fn count(&mut self, rejection: Option<&'static str>) {
        match rejection {
            Some(code) => *self.rejected.entry(code).or_default() += 1,
            None => self.verified += 1,
        }
    }

    /// Adds the verdicts that another summary counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.verified += other.verified;
        for (code, count) in other.rejected {
            *self.rejected.entry(code).or_default() += count;
        }
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.verified + self.rejected()
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        let codes = self.codes().into_iter();
        let codes: Map<String, Value> = codes
            .map(|(code, count)| (code.into(), count.into()))
            .collect();
        json!({
            "tokens": self.tokens(),
            "verified": self.verified,
            "rejected": self.rejected(),
            "codes": codes,
        })
        .to_string()
    }

    /// The codes with their counts, the most frequent code first.
    fn codes(&self) -> Vec<(&'static str, u64)> {
        let codes = self.rejected.iter().map(|(code, count)| (*code, *count));
        let mut codes: Vec<_> = codes.collect();
        // The sort is stable: codes of one count stay in the order of the alphabet.
        codes.sort_by_key(|(_, count)| Reverse(*count));
        codes
    }
}

/// The sums on the first line, and then a line for each code.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tokens, verified, rejected) = (self.tokens(), self.verified, self.rejected());
        let plural = if tokens == 1 { "" } else { "s" };
        write!(
            f,
            "{tokens} token{plural}: {verified} verified, {rejected} rejected"
        )?;
        for (code, count) in self.codes() {
            write!(f, "\n{count:>8} {code}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_by_code() {
        let (mut summary, mut other) = (Summary::default(), Summary::default());
        assert_eq!(summary.to_string(), "0 tokens: 0 verified, 0 rejected");
        summary.count(None);
        assert_eq!(summary.to_string(), "1 token: 1 verified, 0 rejected");
        let json = r#"{"tokens":1,"verified":1,"rejected":0,"codes":{}}"#;
        assert_eq!(summary.json(), json);
        for code in ["b", "c", "c"] {
            summary.count(Some(code));
        }
        other.count(Some("a"));
        other.count(Some("c"));
        other.count(None);
        summary.add(other);
        assert_eq!((summary.tokens(), summary.rejected()), (7, 5));
        assert_eq!(
            summary.to_string(),
            "7 tokens: 2 verified, 5 rejected\n       3 c\n       1 a\n       1 b"
        );
        let json = r#"{"tokens":7,"verified":2,"rejected":5,"codes":{"c":3,"a":1,"b":1}}"#;
        assert_eq!(summary.json(), json);
    }
}
