//! The memory that the program takes.
#![allow(unsafe_code)]

use core::ptr;

use cortex_m_rt::{ExceptionFrame, exception};

/// The bytes of flash that the program takes, with its constants and the initial values of its variables.
pub(crate) fn flash_used() -> usize {
    (&raw const _flash_end).addr() - (&raw const _flash_start).addr()
}

/// The most bytes of stack that the program has used since reset.
///
/// The stack grows down over memory that cortex-m-rt paints at reset (its feature `paint-stack`). The
/// lowest word that has another value is the deepest that the stack has reached.
pub(crate) fn stack_used() -> usize {
    let bottom = (&raw const _stack_end).addr();
    let top = (&raw const _stack_start).addr();
    let deepest = (bottom..top).step_by(size_of::<u32>()).find(|&address| {
        let word = ptr::with_exposed_provenance::<u32>(address);
        // SAFETY: the address is a multiple of 4 in the RAM that cortex-m-rt reserves for the stack. Each
        // word there was written at reset. The read is volatile, so the compiler assumes nothing of it.
        let value = unsafe { word.read_volatile() };
        value != cortex_m_rt::STACK_PAINT_VALUE
    });
    top - deepest.unwrap_or(top)
}

/// Ends the program when it accesses memory that does not exist, as when the stack overflows. The handler
/// of cortex-m-rt would loop forever.
///
/// It is unsafe because it can interrupt any code. It touches no state of the program.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    panic!("hard fault at {:#010x}", frame.pc());
}

// SAFETY: memory.x and the linker script of cortex-m-rt define these symbols. The program takes only their
// addresses and never reads them.
unsafe extern "C" {
    static _flash_start: u32;
    static _flash_end: u32;
    static _stack_start: u32;
    static _stack_end: u32;
}
