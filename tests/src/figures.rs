//! Tables of figures in a README, each between two markers, held to what is measured:
//!
//! ```text
//! <!-- figures: boards -->
//! <!-- end -->
//! ```

use std::path::Path;
use std::{env, fs};

/// Where this variable is set, [`Table::hold`] writes the tables instead of comparing them.
pub const RECORD: &str = "RECORD_FIGURES";

/// A table whose columns are bytes, but for the first one.
pub struct Table {
    /// The name in the markers.
    pub name: &'static str,
    /// The heads of the columns.
    pub columns: &'static [&'static str],
    /// The name of each row, and its figures.
    pub rows: Vec<(String, Vec<u64>)>,
}

impl Table {
    /// Compares the table with the one of a README, or writes it there.
    ///
    /// `is_near` says whether a figure is near enough to the one of the README: by the number of its column, from 0
    /// on, what the README says, and what was measured.
    ///
    /// # Panics
    ///
    /// If a figure is not near enough, with the table in the message; or if the README has no place for it.
    pub fn hold(&self, readme: &Path, is_near: impl Fn(usize, u64, u64) -> bool) {
        let (name, text) = (self.name, fs::read_to_string(readme).expect("the README"));
        let start = format!("<!-- figures: {name} -->\n");
        let (before, rest) = text.split_once(&start).expect("a place for the figures");
        let (said, after) = rest.split_once(END).expect("the end of the figures");
        let table = self.text();
        println!("{table}");
        if env::var_os(RECORD).is_some() {
            let filled = format!("{before}{start}{table}{END}{after}");
            return fs::write(readme, filled).expect("the README can be written");
        }
        let is_held = said.lines().count() == table.lines().count()
            && said.lines().zip(table.lines()).all(|(said, is)| {
                let ((said, said_figures), (is, figures)) = (figures(said), figures(is));
                let mut both = said_figures.iter().zip(&figures).enumerate();
                said == is
                    && said_figures.len() == figures.len()
                    && both.all(|(column, (said, is))| is_near(column, *said, *is))
            });
        assert!(
            is_held,
            "the figures `{name}` of the README are not what was measured; with {RECORD}=1 this test writes \
             them:\n{table}"
        );
    }

    fn text(&self) -> String {
        let heads = self.columns.join(" | ");
        let rule = "---:|".repeat(self.columns.len() - 1);
        let mut text = format!("| {heads} |\n|---|{rule}\n");
        for (name, figures) in &self.rows {
            let figures: Vec<_> = figures.iter().map(|figure| grouped(*figure)).collect();
            text.push_str(&format!("| {name} | {} |\n", figures.join(" | ")));
        }
        text
    }
}

const END: &str = "<!-- end -->";

/// The first cell of a row, and the figures in the others.
fn figures(row: &str) -> (&str, Vec<u64>) {
    let mut cells = row.split('|').skip(1).map(str::trim);
    let name = cells.next().unwrap_or_default();
    let figures = cells.filter_map(|cell| cell.replace(',', "").parse().ok());
    (name, figures.collect())
}

/// The figure with a comma before every third digit from the end.
#[must_use]
pub fn grouped(figure: u64) -> String {
    let digits = figure.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_is_written() {
        let table = Table {
            name: "x",
            columns: &["what", "bytes", "more"],
            rows: vec![("a".into(), vec![7, 1_234_567])],
        };
        let text = table.text();
        assert_eq!(
            text,
            "| what | bytes | more |\n|---|---:|---:|\n| a | 7 | 1,234,567 |\n"
        );
        assert_eq!(
            figures(text.lines().last().unwrap()),
            ("a", vec![7, 1_234_567])
        );
    }
}
