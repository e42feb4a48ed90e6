//! SHA-256, the RSA that verifies, and what makes its keys, in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::implementations::{Key, Rsa2048};
use tokenlatch_device_image::program_that_holds;

program_that_holds!(
    Rsa2048::verifies as fn(&Rsa2048, &[u8], &[u8]) -> bool,
    Rsa2048::set_up as fn(&[u8], u32) -> Rsa2048,
);
