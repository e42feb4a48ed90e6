//! A DS1307 real-time clock on I2C, or a DS1338, which is like it and also does 400 kHz; through the `ds1307`
//! crate.

use core::ops::Range;

use ::ds1307::DateTimeAccess;
use chrono::{DateTime, Datelike, NaiveDateTime};
use embedded_hal::i2c::I2c;
use tokenlatch_door::board::{Rtc, RtcNotSet};

/// The clock. It counts seconds of UTC.
pub struct Ds1307<I>(::ds1307::Ds1307<I>);

impl<I: I2c> Ds1307<I> {
    /// The clock on that bus.
    pub fn new(bus: I) -> Self {
        Self(::ds1307::Ds1307::new(bus))
    }
}

/// The chip has two digits for the year, and the crate takes any two digits for a year of this century: a
/// clock that says 1966 would be read as 2066.
const YEARS: Range<i32> = 2026..2060;

impl<I: I2c> Rtc for Ds1307<I> {
    fn read(&mut self) -> Option<u64> {
        // The oscillator stands still after the battery was replaced, until the clock is set.
        if !self.0.running().ok()? {
            return None;
        }
        let now = self.0.datetime().ok()?;
        if !YEARS.contains(&now.year()) {
            return None;
        }
        now.and_utc().timestamp().try_into().ok()
    }

    fn set(&mut self, seconds: u64) -> Result<(), RtcNotSet> {
        let now = date_time(seconds).ok_or(RtcNotSet)?;
        self.0.set_datetime(&now).map_err(|_| RtcNotSet)?;
        self.0.set_running().map_err(|_| RtcNotSet)
    }
}

/// `None` outside of [`YEARS`].
fn date_time(seconds: u64) -> Option<NaiveDateTime> {
    let now = DateTime::from_timestamp(seconds.try_into().ok()?, 0)?.naive_utc();
    YEARS.contains(&now.year()).then_some(now)
}

#[cfg(test)]
mod tests {
    use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    use super::*;

    const ADDRESS: u8 = 0x68;

    /// 2026-11-21T12:34:56Z, a Saturday.
    const TIME: u64 = 1_795_264_496;
    const REGISTERS: [u8; 7] = [0x56, 0x34, 0x12, 7, 0x21, 0x11, 0x26];

    /// What the clock says if these are its registers.
    fn read(registers: [u8; 7]) -> Option<u64> {
        let seconds = vec![registers[0]];
        let mut bus = Mock::new(&[
            Transaction::write_read(ADDRESS, vec![0], seconds),
            Transaction::write_read(ADDRESS, vec![0], registers.to_vec()),
        ]);
        let time = Ds1307::new(bus.clone()).read();
        bus.done();
        time
    }

    #[test]
    fn a_clock_that_runs_is_read() {
        assert_eq!(read(REGISTERS), Some(TIME));
    }

    #[test]
    fn no_time_is_read_that_is_no_date_or_no_year_of_this_device() {
        for (register, value) in [
            (0, 0x60),
            (2, 0x24),
            (4, 0),
            (5, 0x13),
            (6, 0x25),
            (6, 0x66),
        ] {
            let mut registers = REGISTERS;
            registers[register] = value;
            assert_eq!(read(registers), None, "{register} {value:#x}");
        }
        assert_eq!(read([0; 7]), None);
        assert_eq!(read([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn no_time_is_read_from_a_clock_that_has_stopped() {
        let mut bus = Mock::new(&[Transaction::write_read(ADDRESS, vec![0], vec![0x80])]);
        assert_eq!(Ds1307::new(bus.clone()).read(), None);
        bus.done();
    }

    #[test]
    fn no_time_is_read_or_set_without_a_clock() {
        let absent = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
        let read = Transaction::write_read(ADDRESS, vec![0], vec![0]).with_error(absent);
        let mut bus = Mock::new(&[read.clone(), read]);
        let mut clock = Ds1307::new(bus.clone());
        assert_eq!(clock.read(), None);
        assert_eq!(clock.set(TIME), Err(RtcNotSet));
        bus.done();
    }

    #[test]
    fn a_clock_that_has_stopped_is_set_and_started() {
        let mut stopped = vec![0];
        stopped.extend(REGISTERS);
        stopped[1] |= 0x80;
        let mut bus = Mock::new(&[
            Transaction::write_read(ADDRESS, vec![0], vec![0x80]),
            Transaction::write(ADDRESS, stopped),
            Transaction::write_read(ADDRESS, vec![0], vec![0xd6]),
            Transaction::write(ADDRESS, vec![0, 0x56]),
        ]);
        assert_eq!(Ds1307::new(bus.clone()).set(TIME), Ok(()));
        bus.done();
    }

    #[test]
    fn no_time_is_set_that_would_not_be_read() {
        let mut bus = Mock::new(&[]);
        let mut clock = Ds1307::new(bus.clone());
        for seconds in [0, 1_767_225_599, 2_840_140_800, u64::MAX] {
            assert_eq!(clock.set(seconds), Err(RtcNotSet), "{seconds}");
        }
        bus.done();
    }
}
