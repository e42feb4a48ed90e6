//! A power cut in the middle of a write, for tests in QEMU.

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use semihosting::experimental::env::args;

/// The bus to the EEPROM. Once as many bytes were written as `cut=N` on QEMU's command line says, the power is
/// gone: what is left of that write is not written, and QEMU ends.
pub(crate) struct PowerCut<I> {
    bus: I,
    /// `None` if the power is not to be cut.
    left: Option<usize>,
}

impl<I> PowerCut<I> {
    /// Reads the command line: `-semihosting-config enable=on,target=native,arg=door,arg=cut=N`.
    pub(crate) fn new(bus: I) -> Self {
        let left = args::<128>().ok().and_then(|args| {
            args.filter_map(Result::ok)
                .find_map(|arg| arg.strip_prefix("cut=")?.parse().ok())
        });
        Self { bus, left }
    }
}

/// The exit status of QEMU after a power cut.
const STATUS: i32 = 3;

/// The bytes of an EEPROM's address, which come before those that are stored.
const ADDRESS: usize = 2;

impl<I: ErrorType> ErrorType for PowerCut<I> {
    type Error = I::Error;
}

impl<I: I2c> I2c for PowerCut<I> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), I::Error> {
        // Only writes of more than an address store anything, and the EEPROM's driver sends each on its own.
        if let ([Operation::Write(bytes)], Some(left)) = (&*operations, &mut self.left) {
            let len = bytes.len().saturating_sub(ADDRESS);
            if len > *left {
                if *left > 0 {
                    self.bus.write(address, &bytes[..ADDRESS + *left])?;
                }
                semihosting::process::exit(STATUS);
            }
            *left -= len;
        }
        self.bus.transaction(address, operations)
    }
}
