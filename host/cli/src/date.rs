//! Dates, for people.

use std::time::{Duration, UNIX_EPOCH};

/// The last second that RFC 3339 has a date for: that of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A date, such as `2026-11-27T18:23:20Z`. `seconds` is since 1970.
pub(crate) fn date(seconds: u64) -> String {
    if seconds > LAST {
        return "after the year 9999".into();
    }
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// A date with how far it is from now: `2026-11-27T18:23:20Z, 3m 5s ago`. `seconds` is since 1970.
pub(crate) fn date_from(seconds: u64, now: u64) -> String {
    let date = date(seconds);
    if seconds > LAST {
        return date;
    }
    let span = |seconds: u64| {
        // Nobody needs the seconds of a day.
        let unit = match seconds {
            86_400.. => 3600,
            3600.. => 60,
            _ => 1,
        };
        humantime::format_duration(Duration::from_secs(seconds - seconds % unit))
    };
    match seconds.checked_sub(now) {
        Some(0) => format!("{date}, now"),
        Some(ahead) => format!("{date}, in {}", span(ahead)),
        None => format!("{date}, {} ago", span(now - seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates() {
        for (seconds, now, expected) in [
            (1_790_000_000, 1_790_000_000, "2026-09-21T14:13:20Z, now"),
            (
                1_790_000_065,
                1_790_000_000,
                "2026-09-21T14:14:25Z, in 1m 5s",
            ),
            (0, 60, "1970-01-01T00:00:00Z, 1m ago"),
            (0, 90_061, "1970-01-01T00:00:00Z, 1day 1h ago"),
            (u64::MAX, 0, "after the year 9999"),
        ] {
            assert_eq!(date_from(seconds, now), expected);
        }
        assert_eq!(date(1_790_000_000), "2026-09-21T14:13:20Z");
    }
}
