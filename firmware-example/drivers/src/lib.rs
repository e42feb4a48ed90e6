//! Drivers of the chips that several boards have, as the door's traits.
#![cfg_attr(not(test), no_std)]

pub mod ds1307;
pub mod eeprom;
#[cfg(feature = "cortex-m")]
pub mod memory;
#[cfg(feature = "cortex-m")]
pub mod systick;
