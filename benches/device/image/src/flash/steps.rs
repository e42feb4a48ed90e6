//! The verification of a whole token in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::program_that_holds;
use tokenlatch_device_image::whole_token::{Verify, verify_in_steps};

program_that_holds!(verify_in_steps as Verify);
