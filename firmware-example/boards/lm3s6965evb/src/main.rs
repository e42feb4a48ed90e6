//! The door on a Stellaris LM3S6965 evaluation board, or in QEMU.
//!
//! | pin | what |
//! |---|---|
//! | PA0, PA1 | UART0: receive, transmit |
//! | PB2, PB3 | I2C0, with a DS1338 and a 24C256 |
//! | PB0 | the bolt: high is open; a resistor pulls it low |
//! | PF0 | the board's LED |
#![no_std]
#![no_main]

mod clock;
mod gpio;
mod i2c;
#[cfg(feature = "power-cut")]
mod power_cut;
mod registers;
mod uart;

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use embedded_hal_bus::i2c::RefCellDevice;
use tokenlatch_door::Workspace;
use tokenlatch_door::board::{Board, Peripherals};
use tokenlatch_drivers::ds1307::Ds1307;
use tokenlatch_drivers::eeprom::Eeprom;
use tokenlatch_drivers::memory::CortexM;
use tokenlatch_drivers::systick::SysTick;
use tokenlatch_drivers::watchdog::Watchdog;

#[cfg(feature = "check")]
use tokenlatch_check::run;
#[cfg(not(feature = "check"))]
use tokenlatch_door::run;

use gpio::Output;
use i2c::I2c;
use uart::Uart;

struct Lm3s6965Evb;

impl Board for Lm3s6965Evb {
    type Serial = Uart;
    type Rtc = Ds1307<Device>;
    #[cfg(not(feature = "power-cut"))]
    type Flash = Eeprom<Device>;
    #[cfg(feature = "power-cut")]
    type Flash = Eeprom<power_cut::PowerCut<Device>>;
    type Bolt = Output;
    type Led = Output;
    type Watchdog = Watchdog;
    type Timer = SysTick;
    type Memory = CortexM;
}

/// A device on the bus. The clock and the EEPROM share the bus.
type Device = RefCellDevice<'static, I2c>;

#[entry]
fn main() -> ! {
    static mut WORKSPACE: Workspace = Workspace::new();
    static mut BUS: Option<RefCell<I2c>> = None;

    // Until the bolt is an output, the resistor of its line keeps it closed.
    clock::start();
    let bolt = bolt();
    let bus: &'static RefCell<I2c> = BUS.insert(RefCell::new(I2c::new()));
    let core = cortex_m::Peripherals::take().expect("taken once");
    let eeprom = RefCellDevice::new(bus);
    #[cfg(feature = "power-cut")]
    let eeprom = power_cut::PowerCut::new(eeprom);
    run::<Lm3s6965Evb>(
        Peripherals {
            serial: Uart::new(),
            rtc: Ds1307::new(RefCellDevice::new(bus)),
            flash: Eeprom::new(eeprom),
            bolt,
            led: Output::new(registers::gpio::F, 0),
            watchdog: Watchdog::new(registers::watchdog::ALL, clock::FREQUENCY),
            timer: SysTick::new(core.SYST, clock::FREQUENCY),
            memory: CortexM,
        },
        WORKSPACE,
    )
}

fn bolt() -> Output {
    Output::new(registers::gpio::B, 0)
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
