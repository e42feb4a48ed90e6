//! Counts the operations of RSA. Prints a line for each operation: its name, the bits of the key, the count,
//! and the bytes of stack and heap.
//!
//! The program verifies the signature of a message of 3 bytes, and subtracts the count of its SHA-256.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use tokenlatch_device_image::implementations::{Key, Rsa2048, Rsa3072, Rsa4096};
use tokenlatch_device_image::machine::{Cost, measure};
use tokenlatch_device_image::vectors::{self, MESSAGE, Vector};
use tokenlatch_device_image::{entry, exit, hash, heap, println};

#[entry]
fn main() -> ! {
    heap::init();
    let (_, of_hash) = measure(|| black_box(hash(black_box(MESSAGE))));
    print("SHA-256 of 3 bytes", 0, of_hash);
    count::<Rsa2048>(vectors::rsa_2048(), of_hash);
    count::<Rsa3072>(vectors::rsa_3072(), of_hash);
    count::<Rsa4096>(vectors::rsa_4096(), of_hash);
    #[cfg(feature = "tokenlatch")]
    for vector in vectors::edges() {
        check(&Rsa4096::set_up(vector.n(), vector.e), vector);
    }
    println!("all results are right");
    exit(0)
}

#[inline(never)]
fn count<K: Key>(vector: Vector, of_hash: Cost) {
    let vector = black_box(vector);
    let bits = 8 * vector.n().len();
    let (key, set_up) = measure(|| K::set_up(vector.n(), vector.e));
    print("key set-up", bits, set_up);
    let (_, mut verify) = measure(|| black_box(key.verifies(MESSAGE, vector.signature())));
    verify.count -= of_hash.count;
    print("signature of a digest", bits, verify);
    check(&key, vector);
}

#[inline(never)]
fn check<K: Key>(key: &K, vector: Vector) {
    assert!(key.verifies(MESSAGE, vector.signature()));
    assert!(!key.verifies(b"abd", vector.signature()));
    for forged in vector.forged() {
        assert!(!key.verifies(MESSAGE, forged.signature()));
    }
}

fn print(operation: &str, bits: usize, cost: Cost) {
    let Cost { count, stack, heap } = cost;
    println!("{operation},{bits},{count},{stack},{heap}");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}
