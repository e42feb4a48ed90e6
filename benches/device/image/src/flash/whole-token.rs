//! The verification of a whole token in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::program_that_holds;
use tokenlatch_device_image::whole_token::{Verify, verify};

program_that_holds!(verify as Verify);
