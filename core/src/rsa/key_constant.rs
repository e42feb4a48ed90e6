//! The constant of a key, which is computed when the key is made: R^2 mod n, or a reciprocal of n for backends that
//! start from one.

cfg_select! {
    all(target_arch = "x86_64", not(tokenlatch_portable)) => {
        pub(super) use super::arch::x86_64::reciprocal::{
            constant_digits, max_constant_digits, set_to_constant,
        };
    }
    _ => {
        pub(super) use super::portable::digits::stored_digits as constant_digits;
        pub(super) use super::portable::digits::stored_digits as max_constant_digits;
        pub(super) use super::portable::montgomery::set_to_constant;
    }
}
