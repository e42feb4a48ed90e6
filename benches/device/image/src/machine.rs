//! The machine: its counter and its stack.
#![allow(unsafe_code)]

use core::arch::asm;
use core::hint::black_box;
use core::ptr;

use crate::heap;

/// What an operation cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Executed instructions; with the feature `hardware`, cycles.
    pub count: u64,
    /// The most bytes of stack in use.
    pub stack: usize,
    /// The most bytes of heap in use, including what was in use before.
    pub heap: usize,
}

/// Runs an operation.
///
/// The stack grows down over memory that is painted first, so the lowest word that has lost its
/// paint is the high-water mark.
///
/// # Panics
///
/// If no paint is left: then the depth of the stack is not known.
#[inline(never)]
pub fn measure<R>(operation: impl FnOnce() -> R) -> (R, Cost) {
    let top = stack_pointer();
    let bottom = top - PAINTED;
    let words = || (bottom..top).step_by(size_of::<u32>());

    for word in words().map(ptr::with_exposed_provenance_mut::<u32>) {
        // SAFETY: the address is a multiple of 4 in RAM and below every live frame: no Rust object
        // lies there, and no interrupt is enabled that could put one there meanwhile.
        unsafe { word.write_volatile(PAINT) };
    }
    let ((), idle) = count(|| black_box(()));
    heap::forget_peak();
    let (result, count) = count(operation);
    let count = count.saturating_sub(idle);
    let mark = words().find(|&address| {
        let word = ptr::with_exposed_provenance::<u32>(address);
        // SAFETY: as above, now that `operation` has returned.
        unsafe { word.read_volatile() != PAINT }
    });
    let stack = top - mark.unwrap_or(top);
    assert!(stack < PAINTED, "the stack is larger than what is painted");
    let heap = heap::peak();
    (result, Cost { count, stack, heap })
}

/// A word that no frame is likely to hold.
const PAINT: u32 = 0xcccc_cccc;

/// The bytes of stack that are painted.
const PAINTED: usize = 64 * 1024;

fn count<R>(operation: impl FnOnce() -> R) -> (R, u64) {
    let counter = Counter::start();
    let result = in_a_frame_of_its_own(operation);
    (result, counter.stop())
}

#[inline(never)]
fn in_a_frame_of_its_own<R>(operation: impl FnOnce() -> R) -> R {
    operation()
}

fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: this only reads a register.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack));
    }
    pointer
}

/// Timer 0 of the MPS2 boards: it counts 32 bits down, at 25 MHz, and at 20 MHz on the one for Armv8-M.
///
/// The runner has QEMU take 2^6 ns for every instruction, which is more than a period of this timer: every
/// instruction shows. (At 2^0 ns, SysTick would tell every fortieth, and of 24 bits.)
#[cfg(all(target_arch = "arm", not(feature = "hardware")))]
struct Counter;

#[cfg(all(target_arch = "arm", not(feature = "hardware")))]
impl Counter {
    const TIMER: usize = if cfg!(armv8m) {
        0x5000_0000
    } else {
        0x4000_0000
    };
    const CONTROL: *mut u32 = ptr::without_provenance_mut(Self::TIMER);
    const VALUE: *mut u32 = ptr::without_provenance_mut(Self::TIMER + 4);
    const RELOAD: *mut u32 = ptr::without_provenance_mut(Self::TIMER + 8);
    /// Nanoseconds.
    const PERIOD: u64 = if cfg!(armv8m) { 50 } else { 40 };
    const INSTRUCTION: u64 = 1 << 6;

    fn start() -> Self {
        // SAFETY: these are the timer's registers, and nothing else uses it.
        unsafe {
            Self::RELOAD.write_volatile(u32::MAX);
            Self::VALUE.write_volatile(u32::MAX);
            Self::CONTROL.write_volatile(1);
        }
        Self
    }

    fn stop(self) -> u64 {
        // SAFETY: as above.
        let periods = unsafe {
            let value = Self::VALUE.read_volatile();
            Self::CONTROL.write_volatile(0);
            u32::MAX - value
        };
        (u64::from(periods) * Self::PERIOD).div_ceil(Self::INSTRUCTION)
    }
}

#[cfg(all(target_arch = "arm", feature = "hardware"))]
struct Counter;

#[cfg(all(target_arch = "arm", feature = "hardware"))]
impl Counter {
    fn start() -> Self {
        use cortex_m::peripheral::{DWT, Peripherals};

        // SAFETY: nothing else uses these peripherals.
        let mut peripherals = unsafe { Peripherals::steal() };
        // Without it, the unit cannot be asked for anything.
        peripherals.DCB.enable_trace();
        assert!(
            DWT::has_cycle_counter(),
            "this processor has no cycle counter"
        );
        peripherals.DWT.set_cycle_count(0);
        peripherals.DWT.enable_cycle_counter();
        Self
    }

    fn stop(self) -> u64 {
        cortex_m::peripheral::DWT::cycle_count().into()
    }
}

/// QEMU tells time in nanoseconds as `minstret`: the runner has every instruction take one.
#[cfg(target_arch = "riscv32")]
struct Counter(u64);

#[cfg(target_arch = "riscv32")]
impl Counter {
    fn start() -> Self {
        Self(Self::read())
    }

    fn stop(self) -> u64 {
        Self::read() - self.0
    }

    fn read() -> u64 {
        if cfg!(feature = "hardware") {
            riscv::register::mcycle::read64()
        } else {
            riscv::register::minstret::read64()
        }
    }
}
