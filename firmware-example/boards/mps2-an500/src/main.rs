//! The door on an Arm MPS2+ board with the FPGA image AN500, or in QEMU.
//!
//! | what | where |
//! |---|---|
//! | serial | UART0 |
//! | clock | none: the door knows only the earliest time that it can be |
//! | EEPROM | a 24C256 on the I2C bus of the second shield |
//! | bolt | LED 1 of the FPGA, for QEMU has none of the board's pins |
//! | status LED | LED 0 of the FPGA |
#![no_std]
#![no_main]

mod registers;

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use tokenlatch_door::Workspace;
use tokenlatch_door::board::{Board, NoRtc, Peripherals};
use tokenlatch_drivers::cmsdk_uart::CmsdkUart;
use tokenlatch_drivers::eeprom::Eeprom;
use tokenlatch_drivers::memory::CortexM;
use tokenlatch_drivers::mps2::{self, I2c, Led};
use tokenlatch_drivers::systick::SysTick;
use tokenlatch_drivers::watchdog::Watchdog;

#[cfg(feature = "check")]
use tokenlatch_check::run;
#[cfg(not(feature = "check"))]
use tokenlatch_door::run;

use registers::{LEDS, i2c, uart0, watchdog};

/// The frequency of the processor and of its peripherals, in Hz: that of the FPGA's clock.
const FREQUENCY: u32 = 25_000_000;

struct Mps2An500;

impl Board for Mps2An500 {
    type Serial = CmsdkUart;
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
    run::<Mps2An500>(
        Peripherals {
            serial: CmsdkUart::new(uart0::ALL, FREQUENCY),
            rtc: NoRtc,
            flash: Eeprom::new(mps2::i2c(i2c::SET, i2c::CLEAR, FREQUENCY)),
            bolt,
            led: Led::new(LEDS, 0),
            watchdog: Watchdog::new(watchdog::ALL, FREQUENCY),
            timer: SysTick::new(core.SYST, FREQUENCY),
            memory: CortexM,
        },
        WORKSPACE,
    )
}

fn bolt() -> Led {
    Led::new(LEDS, 1)
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
