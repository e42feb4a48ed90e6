//! The backend of x86-64 processors that have AVX and FMA, and no AVX-512 IFMA.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=tokenlatch_without_ifma");
    println!("cargo::rustc-cfg=digits=\"60\"");
    println!("cargo::rustc-cfg=products=\"columns\"");
}
