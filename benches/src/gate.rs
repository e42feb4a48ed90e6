//! Compares a count with the recorded one. The gates of the host and of the device share this file; they are
//! programs of two workspaces.

/// In percent. Compilers differ by a few.
const TOLERANCE: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    New,
    Better,
    Same,
    Worse,
}

impl Verdict {
    pub(crate) fn on(before: Option<u64>, now: u64) -> Self {
        let Some(before) = before else {
            return Self::New;
        };
        if 100 * now > (100 + TOLERANCE) * before {
            Self::Worse
        } else if 100 * now < (100 - TOLERANCE) * before {
            Self::Better
        } else {
            Self::Same
        }
    }

    /// Whether the gate passes.
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Self::Better | Self::Same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_tolerance_is_worse() {
        for (now, expected) in [
            (949, Verdict::Better),
            (950, Verdict::Same),
            (1000, Verdict::Same),
            (1050, Verdict::Same),
            (1051, Verdict::Worse),
        ] {
            assert_eq!(Verdict::on(Some(1000), now), expected, "{now}");
        }
        assert_eq!(Verdict::on(None, 1), Verdict::New);
    }
}
