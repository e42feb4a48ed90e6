//! UART0, at 115,200 baud, 8 bits, no parity, 1 stop bit.

use core::fmt;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};

use crate::clock::FREQUENCY;
use crate::registers::uart0::{BAUDDIV, CTRL, DATA, STATE};

/// The UART. It buffers one byte, so whoever waits for bytes has to read them within 0.1 ms.
pub(crate) struct Uart(());

impl Uart {
    /// Starts the UART.
    pub(crate) fn new() -> Self {
        BAUDDIV.write((2 * FREQUENCY / BAUD).div_ceil(2));
        CTRL.write(TRANSMIT | RECEIVE);
        Self(())
    }
}

/// Bytes came faster than they were read: some are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overrun;

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("overrun")
    }
}

impl core::error::Error for Overrun {}

impl embedded_io::Error for Overrun {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

const BAUD: u32 = 115_200;

// CTRL.
const TRANSMIT: u32 = 1;
const RECEIVE: u32 = 1 << 1;

// STATE.
const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 1 << 1;
const RECEIVE_OVERRUN: u32 = 1 << 3;

impl ErrorType for Uart {
    type Error = Overrun;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Overrun> {
        Ok(STATE.read() & (RECEIVE_FULL | RECEIVE_OVERRUN) != 0)
    }
}

impl Read for Uart {
    /// Reads one byte.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Overrun> {
        let Some(first) = buffer.first_mut() else {
            return Ok(0);
        };
        while !self.read_ready()? {}
        if STATE.read() & RECEIVE_OVERRUN != 0 {
            // Writing the bit clears it.
            STATE.write(RECEIVE_OVERRUN);
            return Err(Overrun);
        }
        *first = DATA.read() as u8;
        Ok(1)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        for &byte in bytes {
            self.flush()?;
            DATA.write(byte.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Overrun> {
        while STATE.read() & TRANSMIT_FULL != 0 {}
        Ok(())
    }
}
