//! The memory that the program takes.
#![allow(unsafe_code)]

use core::arch::global_asm;
use core::ptr;

use riscv::register::{Permission, Range, pmpaddr0, pmpcfg0};
use tokenlatch_door::board::{self, MemoryUsage};

/// The program.
pub(crate) struct Memory(());

impl Memory {
    /// Makes the memory below the stack inaccessible, so that a stack that overflows is an exception.
    pub(crate) fn new() -> Self {
        let address = (&raw const _guard_start).addr();
        // How a region of 4 KiB is written (RISC-V Privileged Architecture, section "Physical Memory Protection").
        let region = address >> 2 | ((4096 >> 3) - 1);
        // SAFETY: nothing is in the region.
        unsafe {
            pmpaddr0::write(region);
            pmpcfg0::set_pmp(0, Range::NAPOT, Permission::NONE, true);
        }
        Self(())
    }
}

impl board::Memory for Memory {
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

/// The stack grows down over memory that is painted at reset. The lowest word that has another value is the
/// deepest that the stack has reached.
fn peak_stack() -> u32 {
    let bottom = (&raw const _stack_end).addr();
    let top = (&raw const _stack_start).addr();
    let deepest = (bottom..top).step_by(size_of::<u32>()).find(|&address| {
        let word = ptr::with_exposed_provenance::<u32>(address);
        // SAFETY: the address is a multiple of 4 in the RAM that memory.x reserves for the stack. Each word
        // there was written at reset. The read is volatile, so the compiler assumes nothing of it.
        let value = unsafe { word.read_volatile() };
        value != PAINT
    });
    (top - deepest.unwrap_or(top)) as u32
}

const PAINT: u32 = 0xcccc_cccc;

// riscv-rt calls it at reset, before there is a stack.
global_asm!(
    ".section .init.pre_init, \"ax\"",
    ".global __pre_init",
    "__pre_init:",
    "    la t0, _stack_end",
    "    la t1, _stack_start",
    "    li t2, {PAINT}",
    "0:  sw t2, 0(t0)",
    "    addi t0, t0, 4",
    "    bltu t0, t1, 0b",
    "    ret",
    PAINT = const PAINT,
);

// SAFETY: memory.x and the linker script of riscv-rt define these symbols. The program takes only their
// addresses and never reads them.
unsafe extern "C" {
    static _guard_start: u32;
    static _flash_start: u32;
    static _flash_end: u32;
    static _static_start: u32;
    static _static_end: u32;
    static _ram_size: u32;
    static _stack_start: u32;
    static _stack_end: u32;
}
