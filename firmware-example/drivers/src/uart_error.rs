//! What can happen to bytes on their way through a UART.

use core::fmt;

use embedded_io::ErrorKind;

/// What happened to a byte that was received. It is lost, or others before it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UartError {
    /// Bytes came faster than they were read.
    Overrun,
    /// The line was held low for longer than a byte.
    Break,
    /// The parity bit was wrong.
    Parity,
    /// The byte had no stop bit: the other side has another baud rate, or there was noise.
    Framing,
}

impl fmt::Display for UartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overrun => "overrun",
            Self::Break => "break",
            Self::Parity => "wrong parity",
            Self::Framing => "no stop bit",
        })
    }
}

impl core::error::Error for UartError {}

impl embedded_io::Error for UartError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Overrun => ErrorKind::Other,
            Self::Break | Self::Parity | Self::Framing => ErrorKind::InvalidData,
        }
    }
}
