//! Columns of 60-bit digits, without a backend: what is computed where there is no faster way.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=tokenlatch_portable");
    println!("cargo::rustc-cfg=digits=\"60\"");
    println!("cargo::rustc-cfg=products=\"columns\"");
}
