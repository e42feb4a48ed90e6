//! Commands that try each driver of a board, one a line, instead of the door: for whoever writes the drivers.
//!
//! | command | what |
//! |---|---|
//! | `rtc` | reads the clock, in seconds since 1970 |
//! | `rtc N` | sets the clock |
//! | `timer` | the milliseconds since reset |
//! | `memory` | what the program takes |
//! | `flash` | the geometry |
//! | `read A N` | N bytes of flash at address A, in hexadecimal |
//! | `write A N B` | N bytes B to flash at address A |
//! | `erase A B` | erases from A to B |
//! | `bolt 1`, `bolt 0`, `led 1`, `led 0` | moves the pin |
//! | `hang` | stops feeding the watchdog: the board resets |
//! | `overflow` | takes more stack than there is |
//! | `panic` | panics |
#![no_std]

use core::{hint, str};

use embedded_hal::digital::{OutputPin, PinState};
use embedded_io::{Read, ReadReady, Write};
use embedded_storage::nor_flash::{NorFlash, NorFlashError, ReadNorFlash};
use heapless::Vec;
use tokenlatch_door::Workspace;
use tokenlatch_door::board::{Board, Memory, Peripherals, Rtc, Timer, Watchdog};

/// Carries out commands for ever.
pub fn run<B: Board>(mut peripherals: Peripherals<B>, _workspace: &mut Workspace) -> ! {
    let mut line = Vec::<u8, 64>::new();
    let _ = writeln!(peripherals.serial, "check");
    loop {
        peripherals.watchdog.feed();
        if !matches!(peripherals.serial.read_ready(), Ok(true)) {
            continue;
        }
        let mut byte = [0];
        if let Err(error) = peripherals.serial.read(&mut byte) {
            let _ = writeln!(peripherals.serial, "serial: {error}");
            line.clear();
            continue;
        }
        if byte != *b"\n" {
            let _ = line.push(byte[0]);
            continue;
        }
        let text = str::from_utf8(&line).unwrap_or_default();
        if carry_out(text, &mut peripherals).is_none() {
            let _ = writeln!(peripherals.serial, "no such command");
        }
        line.clear();
    }
}

/// `None` if there is no such command. Nothing that goes wrong in writing a response could be reported.
fn carry_out<B: Board>(line: &str, peripherals: &mut Peripherals<B>) -> Option<()> {
    let Peripherals {
        serial,
        rtc,
        flash,
        bolt,
        led,
        timer,
        memory,
        ..
    } = peripherals;
    let mut words = line.split_ascii_whitespace();
    let command = words.next()?;
    let mut number = || words.next()?.parse::<u32>().ok();
    let _ = match command {
        "rtc" => match number() {
            None => writeln!(serial, "{:?}", rtc.read()),
            Some(seconds) => writeln!(serial, "{:?}", rtc.set(seconds.into())),
        },
        "timer" => writeln!(serial, "{} ms", timer.milliseconds()),
        "memory" => writeln!(serial, "{:?}", memory.usage()),
        "flash" => writeln!(
            serial,
            "{} bytes, read {}, write {}, erase {}",
            flash.capacity(),
            B::Flash::READ_SIZE,
            B::Flash::WRITE_SIZE,
            B::Flash::ERASE_SIZE
        ),
        "read" => {
            let (address, len) = (number()?, number()?);
            let mut buffer = [0; 256];
            let bytes = buffer.get_mut(..len as usize)?;
            match flash.read(address, bytes) {
                Ok(()) => {
                    for byte in bytes {
                        let _ = write!(serial, "{byte:02x}");
                    }
                    writeln!(serial)
                }
                Err(error) => writeln!(serial, "{:?}", error.kind()),
            }
        }
        "write" => {
            let (address, len, byte) = (number()?, number()?, number()?);
            let buffer = [byte as u8; 256];
            let bytes = buffer.get(..len as usize)?;
            let result = flash.write(address, bytes);
            writeln!(serial, "{:?}", result.map_err(|error| error.kind()))
        }
        "erase" => {
            let result = flash.erase(number()?, number()?);
            writeln!(serial, "{:?}", result.map_err(|error| error.kind()))
        }
        "bolt" => {
            let state = PinState::from(number()? != 0);
            writeln!(serial, "{:?}", bolt.set_state(state).is_ok())
        }
        "led" => {
            let state = PinState::from(number()? != 0);
            writeln!(serial, "{:?}", led.set_state(state).is_ok())
        }
        "hang" => loop {
            hint::spin_loop();
        },
        "overflow" => writeln!(serial, "{}", recurse(1)),
        "panic" => panic!("as told"),
        _ => return None,
    };
    Some(())
}

/// Ends where the stack does.
fn recurse(depth: u32) -> u32 {
    let bytes = hint::black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    recurse(depth.wrapping_add(1)) ^ bytes[3]
}
