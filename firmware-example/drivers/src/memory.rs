//! The memory that a program built with cortex-m-rt takes.
#![allow(unsafe_code)]

use core::ptr;

use cortex_m_rt::{ExceptionFrame, exception};
use tokenlatch_door::board::{Memory, MemoryUsage};

/// A program whose memory.x defines `_flash_start`, `_flash_end`, `_static_start`, `_static_end` and
/// `_ram_size`.
pub struct CortexM;

impl Memory for CortexM {
    fn usage(&self) -> MemoryUsage {
        MemoryUsage {
            flash: bytes(&raw const _flash_start, &raw const _flash_end),
            static_ram: bytes(&raw const _static_start, &raw const _static_end),
            peak_stack: peak_stack(),
            ram: (&raw const _ram_size).addr() as u32,
        }
    }
}

fn bytes(start: *const u32, end: *const u32) -> u32 {
    (end.addr() - start.addr()) as u32
}

/// The stack grows down over memory that cortex-m-rt paints at reset (its feature `paint-stack`). The
/// lowest word that has another value is the deepest that the stack has reached.
fn peak_stack() -> u32 {
    let bottom = (&raw const _stack_end).addr();
    let top = (&raw const _stack_start).addr();
    let deepest = (bottom..top).step_by(size_of::<u32>()).find(|&address| {
        let word = ptr::with_exposed_provenance::<u32>(address);
        // SAFETY: the address is a multiple of 4 in the RAM that memory.x reserves for the stack. Each word
        // there was written at reset. The read is volatile, so the compiler assumes nothing of it.
        let value = unsafe { word.read_volatile() };
        value != cortex_m_rt::STACK_PAINT_VALUE
    });
    (top - deepest.unwrap_or(top)) as u32
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
    static _static_start: u32;
    static _static_end: u32;
    static _ram_size: u32;
    static _stack_start: u32;
    static _stack_end: u32;
}
