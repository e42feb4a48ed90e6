//! Which of ARM's multiplications there are: no `cfg` of the stable compiler tells.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(multiplication, values(\"muls\", \"umlal\"))");
    let target = env::var("TARGET").unwrap_or_default();
    match target.split('-').next() {
        // 32 by 32 bits to 32.
        Some("thumbv6m" | "thumbv8m.base") => println!("cargo::rustc-cfg=multiplication=\"muls\""),
        // 32 by 32 bits, added to 64.
        Some("thumbv7m" | "thumbv7em" | "thumbv8m.main") => {
            println!("cargo::rustc-cfg=multiplication=\"umlal\"");
        }
        _ => {}
    }
}
