//! A DS1307 or DS1338 real-time clock on I2C, through the `ds1307` crate.

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
