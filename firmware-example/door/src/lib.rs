//! A door controller that verifies access tokens offline: the logic, for any board.
#![no_std]

pub mod board;

use embedded_io::{Read, Write};

use board::{Board, Peripherals, Rtc, Timer, Watchdog};

/// Runs the door. A placeholder: it echoes bytes, and prints the time of the real-time clock after each line.
pub fn run<B: Board>(mut peripherals: Peripherals<B>) -> ! {
    loop {
        peripherals.watchdog.feed();
        let mut byte = [0];
        if peripherals.serial.read(&mut byte).is_err() {
            continue;
        }
        let _ = peripherals.serial.write_all(&byte);
        if byte == *b"\n" {
            let milliseconds = peripherals.timer.milliseconds();
            let rtc = peripherals.rtc.read();
            let _ = writeln!(peripherals.serial, "rtc {rtc:?}, {milliseconds} ms");
        }
    }
}
