//! The whole verifier in flash.
#![no_std]
#![no_main]

use tokenlatch::{Error, JwkSet, Policy, Time, Verified, verify_in_place};
use tokenlatch_device_image::program_that_holds;

program_that_holds!(whole_token as WholeToken);

type WholeToken =
    for<'t> fn(&'t mut [u8], &JwkSet<1>, &Policy<'_>, Time) -> Result<Verified<'t>, Error>;

fn whole_token<'t>(
    token: &'t mut [u8],
    keys: &JwkSet<1>,
    policy: &Policy<'_>,
    now: Time,
) -> Result<Verified<'t>, Error> {
    verify_in_place(token, keys, policy, now)
}
