//! What the flash of a whole verifier is made of.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::image::Image;
use crate::plan::Plan;
use crate::results::rustc;

/// The names of what is listed where none are given.
pub(crate) const LISTED: &[&str] = &["Cortex-M3", "size", "tokenlatch"];

/// The bytes that each function and constant adds to a program that verifies whole tokens.
#[derive(Debug, Serialize)]
pub(crate) struct Symbols {
    /// The compiler, as it names itself.
    rustc: String,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    target: String,
    profile: String,
    symbol: String,
    bytes: u64,
}

impl Symbols {
    pub(crate) fn list(plan: &Plan) -> Result<Self, Box<dyn Error>> {
        let mut rows = Vec::new();
        for (target, profile, implementation) in plan.combinations() {
            if !implementation.is_tokenlatch() {
                continue;
            }
            let programs = ["flash-whole-token", "flash-nothing"];
            let image = Image::build(target, profile, implementation, &programs)?;
            let [with, without] = programs;
            let flash = image.flash(with)? - image.flash(without)?;
            for (symbol, bytes) in added(image.symbols(with)?, &image.symbols(without)?, flash) {
                rows.push(Row {
                    target: target.name.into(),
                    profile: profile.name.into(),
                    symbol,
                    bytes,
                });
            }
        }
        Ok(Self {
            rustc: rustc()?,
            rows,
        })
    }
}

impl fmt::Display for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let Row {
                target,
                profile,
                symbol,
                bytes,
            } = row;
            writeln!(f, "{target:<14}{profile:<7}{bytes:>7}  {symbol}")?;
        }
        Ok(())
    }
}

/// What is in a program and not in the other, the largest first, and last what no symbol tells of: the sum is
/// `flash`.
fn added(
    with: BTreeMap<String, u64>,
    without: &BTreeMap<String, u64>,
    flash: u64,
) -> Vec<(String, u64)> {
    let mut added: Vec<_> = with
        .into_iter()
        .map(|(symbol, bytes)| {
            let before = without.get(&symbol).copied().unwrap_or_default();
            (symbol, bytes.saturating_sub(before))
        })
        .filter(|&(_, bytes)| bytes > 0)
        .collect();
    added.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    let told: u64 = added.iter().map(|&(_, bytes)| bytes).sum();
    added.push((REST.into(), flash.saturating_sub(told)));
    added
}

/// Text, and space between symbols.
const REST: &str = "without a symbol";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_program_has_too_is_not_added() {
        let symbols = |all: &[(&str, u64)]| {
            all.iter()
                .map(|&(symbol, bytes)| (symbol.into(), bytes))
                .collect()
        };
        let with = symbols(&[("copy", 10), ("grows", 8), ("large", 500), ("small", 20)]);
        let without = symbols(&[("copy", 10), ("grows", 5)]);
        let expected = [("large", 500), ("small", 20), ("grows", 3), (REST, 77)];
        let expected = expected.map(|(symbol, bytes)| (symbol.into(), bytes));
        assert_eq!(added(with, &without, 600), expected);
    }
}
