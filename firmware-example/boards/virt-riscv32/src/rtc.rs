//! The real-time clock.

use tokenlatch_door::board::{Rtc, RtcNotSet};

use crate::registers::rtc::{TIME_HIGH, TIME_LOW};

/// The clock, which counts nanoseconds. It cannot stop.
pub(crate) struct Goldfish;

const SECOND: u64 = 1_000_000_000;

impl Rtc for Goldfish {
    fn read(&mut self) -> Option<u64> {
        let low = u64::from(TIME_LOW.read());
        let high = u64::from(TIME_HIGH.read());
        Some((high << 32 | low) / SECOND)
    }

    fn set(&mut self, seconds: u64) -> Result<(), RtcNotSet> {
        let nanoseconds = seconds.checked_mul(SECOND).ok_or(RtcNotSet)?;
        TIME_HIGH.write((nanoseconds >> 32) as u32);
        TIME_LOW.write(nanoseconds as u32);
        Ok(())
    }
}
