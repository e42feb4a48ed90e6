//! What every program takes in flash.
#![no_std]
#![no_main]

tokenlatch_device_image::program_that_holds!();
