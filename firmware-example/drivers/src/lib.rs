//! Drivers of what several boards have, as the door's traits.
#![cfg_attr(not(test), no_std)]

pub mod cmsdk_uart;
pub mod ds1307;
pub mod eeprom;
#[cfg(feature = "cortex-m")]
pub mod memory;
#[cfg(feature = "cortex-m")]
pub mod mps2;
pub mod pins_i2c;
pub mod register;
#[cfg(feature = "cortex-m")]
pub mod systick;
pub mod uart_error;
pub mod watchdog;
