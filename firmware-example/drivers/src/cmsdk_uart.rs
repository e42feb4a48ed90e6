//! The UART of Arm's Cortex-M System Design Kit, at 115,200 baud, 8 bits, no parity, 1 stop bit.

use embedded_io::{ErrorType, Read, ReadReady, Write};

use crate::register::Register;
use crate::uart_error::UartError;

/// The UART. It buffers one byte, so whoever waits for bytes has to read them within 0.1 ms.
pub struct CmsdkUart {
    data: Register,
    state: Register,
}

/// The registers that are used, in their order.
pub struct Registers {
    /// The byte that was received when read, the one to transmit when written.
    pub data: Register,
    /// What is there to read, and what is still to be transmitted.
    pub state: Register,
    /// What is on.
    pub control: Register,
    /// The cycles of a bit.
    pub divisor: Register,
}

impl CmsdkUart {
    /// Starts the UART, whose clock has this frequency in Hz.
    #[must_use]
    pub fn new(registers: Registers, frequency: u32) -> Self {
        let Registers {
            data,
            state,
            control,
            divisor,
        } = registers;
        divisor.write((2 * frequency / BAUD).div_ceil(2));
        control.write(TRANSMIT | RECEIVE);
        Self { data, state }
    }
}

const BAUD: u32 = 115_200;

// Control.
const TRANSMIT: u32 = 1;
const RECEIVE: u32 = 1 << 1;

// State.
const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 1 << 1;
const RECEIVE_OVERRUN: u32 = 1 << 3;

impl ErrorType for CmsdkUart {
    type Error = UartError;
}

impl ReadReady for CmsdkUart {
    fn read_ready(&mut self) -> Result<bool, UartError> {
        Ok(self.state.read() & (RECEIVE_FULL | RECEIVE_OVERRUN) != 0)
    }
}

impl Read for CmsdkUart {
    /// Reads one byte.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        let Some(first) = buffer.first_mut() else {
            return Ok(0);
        };
        while !self.read_ready()? {}
        if self.state.read() & RECEIVE_OVERRUN != 0 {
            // Writing the bit clears it.
            self.state.write(RECEIVE_OVERRUN);
            return Err(UartError::Overrun);
        }
        *first = self.data.read() as u8;
        Ok(1)
    }
}

impl Write for CmsdkUart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, UartError> {
        for &byte in bytes {
            self.flush()?;
            self.data.write(byte.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), UartError> {
        while self.state.read() & TRANSMIT_FULL != 0 {}
        Ok(())
    }
}
