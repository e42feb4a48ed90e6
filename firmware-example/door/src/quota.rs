//! How many rejections are worth a record, and how many challenges in a row a nonce.

/// What is left of them: one more each minute, up to 16.
///
/// Whoever is at the wire can have a line rejected, or ask for a challenge, many times a second, and the storage bears
/// a limited number of writes.
pub(crate) struct Quota {
    left: u64,
    /// When the last one was added, in milliseconds since reset.
    since: u64,
}

const MOST: u64 = 16;
const EVERY: u64 = 60_000;

impl Quota {
    pub(crate) const FULL: Self = Self {
        left: MOST,
        since: 0,
    };

    /// Takes one, if one is left.
    pub(crate) fn take(&mut self, now: u64) -> bool {
        let more = now.saturating_sub(self.since) / EVERY;
        self.since += more * EVERY;
        self.left = (self.left + more).min(MOST);
        let is_left = self.left > 0;
        self.left -= u64::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_adds_one() {
        let mut quota = Quota::FULL;
        for now in 0..16 {
            assert!(quota.take(now));
        }
        assert!(!quota.take(59_999));
        assert!(quota.take(60_000));
        assert!(!quota.take(60_000));
        assert!(quota.take(180_000) && quota.take(180_000));
        assert!(!quota.take(180_000));
        let years = u64::MAX / 2;
        assert!((0..16).all(|_| quota.take(years)));
        assert!(!quota.take(years));
    }
}
