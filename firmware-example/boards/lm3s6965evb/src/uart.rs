//! UART0, at 115,200 baud, 8 bits, no parity, 1 stop bit.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use tokenlatch_drivers::uart_error::UartError;

use crate::clock::FREQUENCY;
use crate::registers::gpio;
use crate::registers::uart0::{CTL, DR, FBRD, FR, IBRD, LCRH};

/// The UART on pins PA0 (receive) and PA1 (transmit).
pub(crate) struct Uart {
    /// Of the byte that would be the next, once those before it are read.
    error: Option<UartError>,
}

impl Uart {
    /// Starts the UART, with its buffers of 16 bytes each way.
    pub(crate) fn new() -> Self {
        gpio::A.alternate_function().set(0b11);
        gpio::A.digital().set(0b11);
        CTL.write(0);
        // The divisor is 16 times the baud rate, in 64ths, rounded. It takes effect with the write to LCRH.
        let divisor = (8 * FREQUENCY / BAUD).div_ceil(2);
        IBRD.write(divisor / 64);
        FBRD.write(divisor % 64);
        LCRH.write(EIGHT_BITS | BUFFERS);
        CTL.write(ENABLE | TRANSMIT | RECEIVE);
        Self { error: None }
    }
}

const BAUD: u32 = 115_200;

// LCRH.
const EIGHT_BITS: u32 = 3 << 5;
const BUFFERS: u32 = 1 << 4;

// CTL.
const RECEIVE: u32 = 1 << 9;
const TRANSMIT: u32 = 1 << 8;
const ENABLE: u32 = 1;

// FR.
const TRANSMIT_FULL: u32 = 1 << 5;
const RECEIVE_EMPTY: u32 = 1 << 4;
const BUSY: u32 = 1 << 3;

// DR, beside the byte.
const OVERRUN: u32 = 1 << 11;
const BREAK: u32 = 1 << 10;
const PARITY: u32 = 1 << 9;
const FRAMING: u32 = 1 << 8;

impl ErrorType for Uart {
    type Error = UartError;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, UartError> {
        Ok(self.error.is_some() || FR.read() & RECEIVE_EMPTY == 0)
    }
}

impl Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while !self.read_ready()? {}
        let mut len = 0;
        for slot in buffer {
            if !self.read_ready()? {
                break;
            }
            // What was read before an error is returned first, then the error.
            match self.error.take().map_or_else(receive, Err) {
                Ok(byte) => *slot = byte,
                Err(error) if len == 0 => return Err(error),
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
            len += 1;
        }
        Ok(len)
    }
}

/// Takes a byte that is there.
fn receive() -> Result<u8, UartError> {
    let data = DR.read();
    // After an overrun the byte is right, but those before it are lost: an error in any case.
    for (bit, error) in [
        (OVERRUN, UartError::Overrun),
        (BREAK, UartError::Break),
        (PARITY, UartError::Parity),
        (FRAMING, UartError::Framing),
    ] {
        if data & bit != 0 {
            return Err(error);
        }
    }
    Ok(data as u8)
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, UartError> {
        for &byte in bytes {
            // The UART itself empties its buffer, so this ends.
            while FR.read() & TRANSMIT_FULL != 0 {}
            DR.write(byte.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), UartError> {
        while FR.read() & BUSY != 0 {}
        Ok(())
    }
}
