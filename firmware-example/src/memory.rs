//! The memory that a program takes.
#![allow(unsafe_code)]

use core::ptr;

use cortex_m::register::msp;
use cortex_m_rt::{ExceptionFrame, exception};

/// The bytes of flash that the program takes, its constants and initial values included.
#[must_use]
pub fn flash_used() -> usize {
    (&raw const _flash_end).addr() - (&raw const _flash_start).addr()
}

/// What `call` returns, and the most bytes of stack that it used at one time, its own frame included
/// and its caller's not.
///
/// The stack grows down over memory that is painted first, so the lowest word that has lost its
/// paint is the high-water mark.
#[inline(never)]
pub fn stack_of<R>(call: impl FnOnce() -> R) -> (R, usize) {
    let bottom = (&raw const _stack_end).addr();
    let top = msp::read() as usize;
    let words = || (bottom..top).step_by(size_of::<u32>());

    for word in words().map(ptr::with_exposed_provenance_mut::<u32>) {
        // SAFETY: the address is a multiple of 4 between the end of the program's variables and the
        // stack pointer, thus in RAM and below every live frame: no Rust object lies there, and no
        // interrupt is enabled that could put one there meanwhile.
        unsafe { word.write_volatile(PAINT) };
    }
    let result = in_a_frame_of_its_own(call);
    let mark = words().find(|&address| {
        let word = ptr::with_exposed_provenance::<u32>(address);
        // SAFETY: as above, now that `call` has returned.
        unsafe { word.read_volatile() != PAINT }
    });
    (result, top - mark.unwrap_or(top))
}

/// A word that no frame is likely to hold.
const PAINT: u32 = 0xcccc_cccc;

#[inline(never)]
fn in_a_frame_of_its_own<R>(call: impl FnOnce() -> R) -> R {
    call()
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
    static _stack_end: u32;
}
