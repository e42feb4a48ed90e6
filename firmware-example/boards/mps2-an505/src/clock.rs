//! The clock of the FPGA.

/// The frequency of the processor and of its peripherals, in Hz.
pub(crate) const FREQUENCY: u32 = 20_000_000;
