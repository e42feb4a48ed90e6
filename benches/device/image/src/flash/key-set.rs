//! The verification of a whole token and the reader of a JWK Set in flash.
#![no_std]
#![no_main]

use tokenlatch_device_image::program_that_holds;
use tokenlatch_device_image::whole_token::{ReadKeySet, Verify, read_key_set, verify};

program_that_holds!(verify as Verify, read_key_set as ReadKeySet);
