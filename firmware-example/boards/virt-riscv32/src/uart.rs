//! The UART, at 115,200 baud, 8 bits, no parity, 1 stop bit.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use tokenlatch_drivers::uart_error::UartError;

use crate::registers::uart::{FCR, IER_DLM, LCR, LSR, RBR_THR_DLL};

/// The UART.
pub(crate) struct Uart {
    /// Not yet reported: reading the status forgets an error.
    error: Option<UartError>,
}

impl Uart {
    /// Starts the UART, with its buffers of 16 bytes each way.
    pub(crate) fn new() -> Self {
        LCR.write(DIVISOR_LATCH);
        RBR_THR_DLL.write(DIVISOR as u8);
        IER_DLM.write((DIVISOR >> 8) as u8);
        LCR.write(EIGHT_BITS);
        IER_DLM.write(0);
        FCR.write(BUFFERS | EMPTY_BUFFERS);
        Self { error: None }
    }

    fn status(&mut self) -> u8 {
        let status = LSR.read();
        for (bit, error) in [
            (OVERRUN, UartError::Overrun),
            (BREAK, UartError::Break),
            (PARITY, UartError::Parity),
            (FRAMING, UartError::Framing),
        ] {
            if status & bit != 0 {
                self.error = self.error.or(Some(error));
            }
        }
        status
    }
}

/// The clock of the UART, 3.6864 MHz, in 16ths of the baud rate.
const DIVISOR: u16 = (3_686_400_u32 / 16 / 115_200) as u16;

// LCR.
const EIGHT_BITS: u8 = 0b11;
const DIVISOR_LATCH: u8 = 1 << 7;

// FCR.
const BUFFERS: u8 = 1;
const EMPTY_BUFFERS: u8 = 0b110;

// LSR.
const RECEIVED: u8 = 1;
const OVERRUN: u8 = 1 << 1;
const PARITY: u8 = 1 << 2;
const FRAMING: u8 = 1 << 3;
const BREAK: u8 = 1 << 4;
const TRANSMIT_EMPTY: u8 = 1 << 5;
const TRANSMITTED: u8 = 1 << 6;

impl ErrorType for Uart {
    type Error = UartError;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, UartError> {
        Ok(self.status() & RECEIVED != 0 || self.error.is_some())
    }
}

impl Read for Uart {
    /// Reads one byte.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        let Some(first) = buffer.first_mut() else {
            return Ok(0);
        };
        while !self.read_ready()? {}
        if let Some(error) = self.error.take() {
            // All but an overrun are of the byte that is next, which is lost.
            if error != UartError::Overrun {
                RBR_THR_DLL.read();
            }
            return Err(error);
        }
        *first = RBR_THR_DLL.read();
        Ok(1)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, UartError> {
        for &byte in bytes {
            while self.status() & TRANSMIT_EMPTY == 0 {}
            RBR_THR_DLL.write(byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), UartError> {
        while self.status() & TRANSMITTED == 0 {}
        Ok(())
    }
}
