//! Tells the linker how memory is laid out.

use std::path::Path;
use std::{env, fs};

/// The memory of QEMU's MPS2 boards. Many chips have as much of it, such as the nRF52840.
const CORTEX_M: &str = "
MEMORY
{
  FLASH : ORIGIN = 0x00000000, LENGTH = 1M
  RAM   : ORIGIN = 0x20000000, LENGTH = 256K
}
";

/// The memory of QEMU's MPS2 board for Armv8-M, at its secure addresses: the processor starts there.
const CORTEX_M_SECURE: &str = "
MEMORY
{
  FLASH : ORIGIN = 0x10000000, LENGTH = 1M
  RAM   : ORIGIN = 0x38000000, LENGTH = 256K
}
";

/// The memory of QEMU's `virt`.
const RISC_V: &str = r#"
MEMORY
{
  FLASH : ORIGIN = 0x80000000, LENGTH = 1M
  RAM   : ORIGIN = 0x80100000, LENGTH = 256K
}
REGION_ALIAS("REGION_TEXT", FLASH);
REGION_ALIAS("REGION_RODATA", FLASH);
REGION_ALIAS("REGION_DATA", RAM);
REGION_ALIAS("REGION_BSS", RAM);
REGION_ALIAS("REGION_HEAP", RAM);
REGION_ALIAS("REGION_STACK", RAM);
"#;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MEMORY_X");
    let is_arm = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "arm");
    // No `cfg` of the compiler tells.
    let is_armv8m = env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m"));
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    if is_armv8m {
        println!("cargo::rustc-cfg=armv8m");
    }
    let memory = match env::var("MEMORY_X") {
        Ok(path) => fs::read_to_string(path).expect("MEMORY_X is a file"),
        Err(_) if is_armv8m => CORTEX_M_SECURE.into(),
        Err(_) if is_arm => CORTEX_M.into(),
        Err(_) => RISC_V.into(),
    };
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("memory.x"), memory).expect("it can be written");
    println!("cargo::rustc-link-search={out}");
    if !is_arm {
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // They take no flash, and tell the bound of the stack whose addresses the program takes.
    println!("cargo::rustc-link-arg-bins=--emit-relocs");
}
