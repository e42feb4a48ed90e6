//! MXCSR, the register that says how x86-64 rounds floating-point numbers, and which exceptions trap.
//!
//! Rust expects the default state, but a library's caller may have set another one.

use core::arch::asm;

/// Rounding to nearest, no flushing of subnormal numbers to zero, no exception traps, no exception flags.
const DEFAULT: u32 = 0x1f80;

/// Calls `f` in the default state, and restores the caller's.
pub(super) fn in_default_state<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: it is the default state.
    unsafe { in_state(DEFAULT, f) }
}

/// Calls `f` in a state, and restores the caller's, also where `f` panics.
///
/// # Safety
///
/// In any state but the default one, `f` must not compute with floating-point numbers.
unsafe fn in_state<R, F: FnOnce() -> R>(state: u32, f: F) -> R {
    let mut saved = 0;
    let mut call: fn(F) -> R = |f| f();
    // SAFETY: the assembly reads `state` and writes `saved`. To the compiler, it may also change `call`, so
    // that the compiler does not know the function and moves none of its operations out of the call.
    unsafe {
        asm!(
            "stmxcsr [{saved}]",
            "ldmxcsr [{state}]",
            saved = in(reg) &raw mut saved,
            state = in(reg) &raw const state,
            inout("rax") call,
            options(nostack),
        );
    }
    let _restore = Restore(saved);
    call(f)
}

/// A state that is restored when this is dropped.
struct Restore(u32);

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: the assembly reads the state, which the caller had set.
        unsafe {
            asm!("ldmxcsr [{}]", in(reg) &raw const self.0, options(nostack));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rsa::public_operation::tests::{moduli, oracle, ours};

    fn current() -> u32 {
        let mut state = 0_u32;
        // SAFETY: the assembly writes the state.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut state, options(nostack)) };
        state
    }

    /// All rounding modes; with and without flushing of subnormal numbers to zero, both as operands and as
    /// results; all exceptions trapping and none; all exception flags and none.
    fn states() -> impl Iterator<Item = u32> {
        (0..32).map(|choice| {
            let set = |bit: u32, bits: u32| if choice >> bit & 1 == 1 { bits } else { 0 };
            set(0, 1 << 13) | set(1, 1 << 14) | set(2, 0x8040) | set(3, 0x1f80) | set(4, 0x3f)
        })
    }

    #[test]
    fn every_backend_is_right_in_every_state() {
        for bits in [2048, 2158, 3072, 4096] {
            for n in moduli(bits) {
                // Below n, which is odd.
                let mut s = n.clone();
                s[n.len() / 2] = 0;
                s[n.len() - 1] -= 1;
                let e = 65537;
                let expected = Some(oracle(&n, e, &s));
                for state in states() {
                    // SAFETY: all floating-point numbers in it are the backend's, in the default state.
                    let (power, after) =
                        unsafe { in_state(state, || (ours::<4096>(&n, e, &s), current())) };
                    assert_eq!(power, expected, "{bits} bits, {state:#x}");
                    assert_eq!(after, state, "the state is not restored");
                }
            }
        }
    }

    #[test]
    fn the_state_is_restored_after_a_panic() {
        let before = current();
        let other = before ^ 0x6000;
        // SAFETY: it computes with no floating-point numbers.
        let within = unsafe {
            in_state(other, || {
                let panic = std::panic::catch_unwind(|| in_default_state(|| panic!()));
                (panic.is_err(), current())
            })
        };
        assert_eq!(within, (true, other));
        assert_eq!(current(), before);
    }
}
