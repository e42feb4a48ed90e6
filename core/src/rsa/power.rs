//! A power, by squaring and multiplying in Montgomery form.

/// What to do next with a residue x modulo n, where a multiplication also divides by R.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// x = x * R^2 / R, the Montgomery form of x.
    Enter,
    /// x = x * x / R.
    Square,
    /// x = x * s / R. As s is not in Montgomery form, x leaves it.
    Multiply,
}

/// The steps that take x from s to s^e mod n, for an odd e of at least 3.
///
/// The bits of e are read from the highest one down. The last one is set, so that the last step leaves
/// Montgomery form.
///
/// An iterator, so that the power can be left between two steps and taken up again.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    /// The bits of e that are still to be read, from the highest bit of this number on. The last bit of e is
    /// set, so that none is left once this is 0.
    bits: u32,
    next: Option<Step>,
}

impl Steps {
    #[inline(always)]
    pub(super) fn of(e: u32) -> Self {
        Self {
            // The highest bit of e is read: x is s.
            bits: e.unbounded_shl(e.leading_zeros() + 1),
            next: Some(Step::Enter),
        }
    }

    /// No steps at all.
    #[inline(always)]
    pub(super) fn none() -> Self {
        Self {
            bits: 0,
            next: None,
        }
    }

    /// Whether no step is left.
    #[inline(always)]
    pub(crate) fn are_done(&self) -> bool {
        self.next.is_none()
    }
}

impl Iterator for Steps {
    type Item = Step;

    #[inline(always)]
    fn next(&mut self) -> Option<Step> {
        let step = self.next?;
        self.next = match step {
            Step::Enter => Some(Step::Square),
            Step::Square => {
                let is_set = self.bits >> 31 == 1;
                self.bits <<= 1;
                if is_set {
                    Some(Step::Multiply)
                } else {
                    // No bit is left only of an even e, which no key has.
                    (self.bits != 0).then_some(Step::Square)
                }
            }
            Step::Multiply => (self.bits != 0).then_some(Step::Enter),
        };
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    fn steps(e: u32) -> String {
        let letter = |step| match step {
            Step::Enter => 'E',
            Step::Square => 'S',
            Step::Multiply => 'M',
        };
        Steps::of(e).map(letter).collect()
    }

    #[test]
    fn a_power_has_the_steps_of_its_exponent() {
        assert_eq!(steps(3), "ESM");
        assert_eq!(steps(5), "ESSM");
        assert_eq!(steps(7), "ESMESM");
        assert_eq!(steps(17), "ESSSSM");
        assert_eq!(steps(65537), "ESSSSSSSSSSSSSSSSM");
        assert_eq!(steps(u32::MAX), "ESM".repeat(31));
    }

    /// No key has such an exponent.
    #[test]
    fn the_steps_of_every_exponent_have_an_end() {
        for e in [0, 1, 2, 4, 6, 1 << 31, u32::MAX - 1] {
            assert!(Steps::of(e).count() <= 93, "{e}");
        }
    }
}
