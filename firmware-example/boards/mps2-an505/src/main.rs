//! The door on an Arm MPS2+ board with the FPGA image AN505, or in QEMU.
//!
//! | what | where |
//! |---|---|
//! | serial | UART0 |
//! | clock | none: the door knows only the earliest time that it can be |
//! | EEPROM | a 24C256 on the I2C bus of the second shield |
//! | bolt | LED 1 of the FPGA, for QEMU has none of the board's pins |
//! | status LED | LED 0 of the FPGA |
//!
//! All of it is on the secure side: the door has no other.
#![no_std]
#![no_main]

mod clock;
mod i2c;
mod led;
mod registers;
mod uart;

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use tokenlatch_door::Workspace;
use tokenlatch_door::board::{Board, NoRtc, Peripherals};
use tokenlatch_drivers::eeprom::Eeprom;
use tokenlatch_drivers::memory::CortexM;
use tokenlatch_drivers::systick::SysTick;
use tokenlatch_drivers::watchdog::Watchdog;

#[cfg(feature = "check")]
use tokenlatch_check::run;
#[cfg(not(feature = "check"))]
use tokenlatch_door::run;

use clock::FREQUENCY;
use i2c::I2c;
use led::Led;
use uart::Uart;

struct Mps2An505;

impl Board for Mps2An505 {
    type Serial = Uart;
    type Rtc = NoRtc;
    type Flash = Eeprom<I2c>;
    type Bolt = Led;
    type Led = Led;
    type Watchdog = Watchdog;
    type Timer = SysTick;
    type Memory = CortexM;
}

#[entry]
fn main() -> ! {
    static mut WORKSPACE: Workspace = Workspace::new();
    let bolt = bolt();
    let core = cortex_m::Peripherals::take().expect("taken once");
    run::<Mps2An505>(
        Peripherals {
            serial: Uart::new(),
            rtc: NoRtc,
            flash: Eeprom::new(i2c::i2c()),
            bolt,
            led: Led::new(0),
            watchdog: Watchdog::new(registers::watchdog::ALL, FREQUENCY),
            timer: SysTick::new(core.SYST, FREQUENCY),
            memory: CortexM,
        },
        WORKSPACE,
    )
}

fn bolt() -> Led {
    Led::new(1)
}

/// Closes the bolt, and waits for the watchdog to reset the chip.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    bolt();
    #[cfg(feature = "qemu")]
    {
        // The place only: a message may have what was received.
        if let Some(place) = _info.location() {
            semihosting::eprintln!("panicked at {place}");
        }
        semihosting::process::exit(1);
    }
    #[cfg(not(feature = "qemu"))]
    loop {
        core::hint::spin_loop();
    }
}
