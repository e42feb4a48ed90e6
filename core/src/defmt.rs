//! Logging with `defmt`.

use defmt::{Format, Formatter, write};

use crate::error::Error;

/// The error's stable code.
impl Format for Error {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.code());
    }
}
