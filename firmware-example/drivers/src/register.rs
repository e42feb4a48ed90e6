//! A register of a peripheral.
#![allow(unsafe_code)]

use core::ops::{BitAnd, BitOr, Not};
use core::ptr;

/// A register of 32 bits, or of as many as `T` has.
#[derive(Clone, Copy)]
pub struct Register<T = u32> {
    address: *mut T,
}

impl<T: Copy> Register<T> {
    /// The register at an address.
    ///
    /// # Safety
    ///
    /// The address is that of a register of this size, which is always there, and which makes the chip
    /// access no memory of the program.
    #[must_use]
    pub const unsafe fn at(address: usize) -> Self {
        Self {
            address: ptr::with_exposed_provenance_mut(address),
        }
    }

    /// The value of the register.
    pub fn read(self) -> T {
        // SAFETY: `at` was promised that the register is there, and changes no memory of the program.
        unsafe { self.address.read_volatile() }
    }

    /// Gives the register a value.
    pub fn write(self, value: T) {
        // SAFETY: as in `read`.
        unsafe { self.address.write_volatile(value) }
    }
}

impl<T: Copy + BitAnd<Output = T> + BitOr<Output = T> + Not<Output = T>> Register<T> {
    /// Sets bits, and leaves the others as they are.
    pub fn set(self, bits: T) {
        self.write(self.read() | bits);
    }

    /// Clears bits, and leaves the others as they are.
    pub fn clear(self, bits: T) {
        self.write(self.read() & !bits);
    }
}
