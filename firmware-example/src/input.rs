//! A file of the computer that QEMU runs on, through semihosting.
#![allow(unsafe_code)]

use core::ffi::CStr;

use cortex_m_semihosting::{nr, syscall};

/// A file that is open for reading.
pub struct File {
    handle: usize,
}

impl File {
    /// Opens the file; a relative path starts where QEMU was started.
    #[must_use]
    pub fn open(path: &CStr) -> Option<Self> {
        // SAFETY: SYS_OPEN reads the path, which is as long as it is told.
        let handle = unsafe { syscall!(OPEN, path.as_ptr(), nr::open::R, path.count_bytes()) };
        (handle != usize::MAX).then_some(Self { handle })
    }

    /// Reads the next line, without its end, into the front of `buffer`; nothing at the end of the
    /// file, or where it does not fit.
    pub fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let mut len = 0;
        loop {
            match self.read_byte()? {
                b'\n' => return buffer.get_mut(..len),
                byte => *buffer.get_mut(len)? = byte,
            }
            len += 1;
        }
    }

    fn read_byte(&mut self) -> Option<u8> {
        let mut byte = 0_u8;
        // SAFETY: SYS_READ writes one byte at most, to where there is room for it.
        let unread = unsafe { syscall!(READ, self.handle, &raw mut byte, 1) };
        (unread == 0).then_some(byte)
    }
}
