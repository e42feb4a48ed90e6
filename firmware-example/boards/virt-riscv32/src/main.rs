//! The door on a RISC-V processor, on QEMU's machine virt.
//!
//! | what | where |
//! |---|---|
//! | serial | the UART |
//! | clock | the real-time clock |
//! | flash | the second flash memory |
//! | bolt, status LED | virt has no pins: their changes are lines on QEMU's standard error |
//! | watchdog | the interrupt of the timer |
#![no_std]
#![no_main]

mod end;
mod flash;
mod memory;
mod pin;
mod registers;
mod rtc;
mod timer;
mod uart;
mod watchdog;

use riscv_rt::entry;
use tokenlatch_door::Workspace;
use tokenlatch_door::board::{Board, Peripherals};

#[cfg(feature = "check")]
use tokenlatch_check::run;
#[cfg(not(feature = "check"))]
use tokenlatch_door::run;

use flash::Flash;
use memory::Memory;
use pin::Pin;
use rtc::Goldfish;
use timer::Timer;
use uart::Uart;
use watchdog::Watchdog;

struct VirtRiscv32;

impl Board for VirtRiscv32 {
    type Serial = Uart;
    type Rtc = Goldfish;
    type Flash = Flash;
    type Bolt = Pin;
    type Led = Pin;
    type Watchdog = Watchdog;
    type Timer = Timer;
    type Memory = Memory;
}

#[entry]
fn main() -> ! {
    static mut WORKSPACE: Workspace = Workspace::new();
    let workspace = &raw mut WORKSPACE;
    #[expect(
        unsafe_code,
        reason = "riscv-rt does not make a variable of `main` its own, as cortex-m-rt does"
    )]
    // SAFETY: this is the only place that names the variable, and `main` is called once.
    let workspace = unsafe { &mut *workspace };
    run::<VirtRiscv32>(
        Peripherals {
            serial: Uart::new(),
            rtc: Goldfish,
            flash: Flash::new(),
            bolt: Pin::new("bolt"),
            led: Pin::new("led"),
            watchdog: Watchdog::new(),
            timer: Timer::new(),
            memory: Memory::new(),
        },
        workspace,
    )
}
