//! Rows of 32-bit digits, without a backend: what a Cortex-M4 computes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=tokenlatch_portable");
    println!("cargo::rustc-cfg=digits=\"32\"");
    println!("cargo::rustc-cfg=products=\"rows\"");
}
