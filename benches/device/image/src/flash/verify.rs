//! SHA-256 and the RSA that verifies in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::implementations::{Key, Rsa2048};
use tokenlatch_device_image::program_that_holds;

program_that_holds!(Rsa2048::verifies as fn(&Rsa2048, &[u8], &[u8]) -> bool);
