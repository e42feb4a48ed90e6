//! Times and spans, for people.

use std::time::{Duration, UNIX_EPOCH};

/// `HH:MM:SS`
pub(super) fn time_of_day(time: u64) -> String {
    let (hours, minutes, seconds) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// The date and the time of day, up to the end of the year 9999.
pub(super) fn date(time: u64) -> String {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time));
    // HTTP's name for it, and everybody's.
    date.replace("GMT", "UTC")
}

/// The two largest units of a span; of less than an hour, one.
pub(super) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0..2, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} days {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::model::clock::MAX_TIME;

    #[test]
    fn times_of_day_and_dates() {
        assert_eq!(time_of_day(86_400 * 3 + 3661), "01:01:01");
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 UTC");
        assert_eq!(date(MAX_TIME), "Fri, 31 Dec 9999 23:59:59 UTC");
    }

    #[test]
    fn spans_have_no_seconds_but_the_shortest() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (86_400, "24 h 0 min"),
            (172_800, "2 days 0 h"),
            (u64::MAX, "213503982334601 days 7 h"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
