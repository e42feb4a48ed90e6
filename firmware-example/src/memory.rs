//! The memory that the program takes: the one file with unsafe code.
#![allow(unsafe_code)]

use core::ptr;

use cortex_m_rt::{ExceptionFrame, STACK_PAINT_VALUE, exception};

/// The bytes of flash that the program takes, its constants and initial values included.
pub(crate) fn flash_used() -> usize {
    (&raw const _flash_end).addr() - (&raw const _flash_start).addr()
}

/// The most bytes of stack that were in use at one time since reset.
///
/// The stack grows down over memory that cortex-m-rt painted at reset, so the lowest word that has
/// lost its paint is the high-water mark.
pub(crate) fn stack_peak() -> usize {
    let top = (&raw const _stack_start).addr();
    let bottom = (&raw const _stack_end).addr();
    let painted = |address: &usize| {
        let word = ptr::with_exposed_provenance::<u32>(*address);
        // SAFETY: the address is a multiple of 4 between the linker's bounds of the stack, thus in
        // RAM. It is below every live frame, as the walk goes up from the bottom and ends at the
        // first word without paint: no Rust object lies there. The compiler knows nothing of the
        // paint, hence the volatile read.
        unsafe { word.read_volatile() == STACK_PAINT_VALUE }
    };
    let mark = (bottom..top)
        .step_by(size_of::<u32>())
        .find(|address| !painted(address));
    top - mark.unwrap_or(top)
}

/// Ends the program where it reaches for memory that is not there; the default handler hangs.
///
/// Unsafe, as cortex-m-rt demands of it, because it may interrupt any code: it touches no state of
/// the program.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    panic!("hard fault at {:#010x}", frame.pc());
}

// SAFETY: the linker defines these symbols (memory.x, and link.x of cortex-m-rt). Only their
// addresses mean something; nothing reads their values.
unsafe extern "C" {
    static _flash_start: u32;
    static _flash_end: u32;
    static _stack_start: u32;
    static _stack_end: u32;
}
