//! SHA-256 in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::{hash, program_that_holds};

program_that_holds!(hash as fn(&[u8]) -> [u8; 32]);
