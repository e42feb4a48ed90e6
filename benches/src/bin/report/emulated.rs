//! The section of RESULTS.md on processors that this machine is not.

use std::fmt::{self, Write as _};

use tokenlatch_benches::results::{Emulated, EmulatedRow};

use crate::figure::thousands;
use crate::readme::distinct;

const INTRODUCTION: &str = "
## aarch64 and RV64

Executed instructions, in thousands, in QEMU, and how many of them multiply integers at 2048 bits: those take
such processors longest.
";

/// Nothing where nothing was counted.
pub(crate) fn emulated_section(text: &mut String, emulated: &Emulated) -> fmt::Result {
    if emulated.rows.is_empty() {
        return Ok(());
    }
    text.push_str(INTRODUCTION);
    writeln!(text, "`benches/emulated --json`; {}.", emulated.rustc)?;
    for of in distinct(emulated.rows.iter().map(table)) {
        let rows: Vec<_> = emulated
            .rows
            .iter()
            .filter(|row| table(row) == of)
            .collect();
        let (processor, operation) = of;
        writeln!(text, "\n{processor}, {operation}:\n")?;
        writeln!(
            text,
            "| | version | 2048 bits | 3072 bits | 4096 bits | multiplications |"
        )?;
        writeln!(text, "|---|---|---:|---:|---:|---:|")?;
        for first in rows.iter().filter(|row| row.bits == 2048) {
            write!(text, "| {} | {} |", first.contender, first.version)?;
            for bits in [2048, 3072, 4096] {
                let mut rows = rows.iter();
                let row = rows.find(|row| row.contender == first.contender && row.bits == bits);
                let figure = row.map_or_else(String::new, |row| thousands(row.instructions));
                write!(text, " {figure} |")?;
            }
            writeln!(text, " {} |", thousands(first.multiplications))?;
        }
    }
    Ok(())
}

fn table(row: &EmulatedRow) -> (&str, &'static str) {
    (&row.processor, row.operation.name())
}

#[cfg(test)]
mod tests {
    use tokenlatch_benches::Operation;

    use super::*;

    #[test]
    fn each_processor_and_operation_has_a_table() {
        let row = |processor: &str, bits, contender: &str, instructions| EmulatedRow {
            processor: processor.into(),
            bits,
            operation: Operation::Signature,
            contender: contender.into(),
            version: "1.0.0".into(),
            instructions,
            multiplications: instructions / 2,
        };
        let mut emulated = Emulated {
            rustc: "rustc".into(),
            rows: vec![
                row("aarch64", 2048, "a", 10_000),
                row("aarch64", 4096, "a", 40_000),
                row("aarch64", 2048, "b", 20_000),
                row("riscv64", 2048, "a", 30_000),
            ],
        };
        let mut text = String::new();
        emulated_section(&mut text, &emulated).unwrap();
        let tables = "
aarch64, signature:

| | version | 2048 bits | 3072 bits | 4096 bits | multiplications |
|---|---|---:|---:|---:|---:|
| a | 1.0.0 | 10 k |  | 40 k | 5 k |
| b | 1.0.0 | 20 k |  |  | 10 k |

riscv64, signature:

| | version | 2048 bits | 3072 bits | 4096 bits | multiplications |
|---|---|---:|---:|---:|---:|
| a | 1.0.0 | 30 k |  |  | 15 k |
";
        assert!(text.ends_with(tables), "{text}");

        emulated.rows.clear();
        let mut text = String::new();
        emulated_section(&mut text, &emulated).unwrap();
        assert_eq!(text, "");
    }
}
