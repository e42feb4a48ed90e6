//! A power, by squaring and multiplying in Montgomery form.

/// What to do next with a residue x modulo n, where a multiplication also divides by R.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// x = x * R^2 / R, the Montgomery form of x.
    Enter,
    /// x = x * x / R.
    Square,
    /// x = x * s / R. As s is not in Montgomery form, x leaves it.
    Multiply,
}

/// Takes x from s to s^e mod n, for an odd e of at least 3: `raise!(e, |step| ..)` evaluates the
/// expression for one step after the other.
///
/// The bits of e are read from the highest one down. The last one is set, so that the last step leaves
/// Montgomery form.
///
/// A macro, because a function would call a closure, which the compiler does not inline where it is
/// asked for the smallest code: that takes more instructions, flash and stack.
macro_rules! raise {
    ($e:expr, |$step:ident| $take:expr) => {{
        let e: u32 = $e;
        let $step = Step::Enter;
        $take;
        for bit in (0..31_u32.saturating_sub(e.leading_zeros())).rev() {
            let $step = Step::Square;
            $take;
            if e >> bit & 1 == 1 {
                let $step = Step::Multiply;
                $take;
                if bit > 0 {
                    let $step = Step::Enter;
                    $take;
                }
            }
        }
    }};
}
pub(super) use raise;
