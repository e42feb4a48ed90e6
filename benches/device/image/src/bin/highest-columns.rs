//! Checks products by columns on this processor, if built with `--cfg tokenlatch_highest_columns`.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use tokenlatch_device_image::{entry, exit, heap, println};

#[entry]
fn main() -> ! {
    heap::init();
    assert!(tokenlatch::highest_columns_are_right());
    println!("all columns are right");
    exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}
