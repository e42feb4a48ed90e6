//! Has a contender do an operation so many times, for `instructions` and `emulated` to count:
//! `repeat CONTENDER OPERATION BITS TIMES`. Without arguments, it lists what it can do.

use std::env;
use std::hint::black_box;

use tokenlatch_benches::{CONTENDERS, Case, Operation};

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => list(),
        [contender, operation, bits, times] => {
            repeat(contender, operation, bits, times.parse().expect("a number"));
        }
        _ => panic!("four arguments, or none"),
    }
}

/// Prints a line for each contender and operation.
fn list() {
    let case = Case::all().swap_remove(0).leak();
    for contender in CONTENDERS {
        for operation in Operation::ALL {
            if (contender.prepare)(operation, case).is_some() {
                let (name, operation) = (contender.name, operation.name());
                println!("{name}\t{}\t{operation}", contender.version());
            }
        }
    }
}

fn repeat(contender: &str, operation: &str, bits: &str, times: u64) {
    let contender = CONTENDERS
        .iter()
        .find(|known| known.name == contender)
        .expect("a contender");
    let operation = Operation::ALL
        .into_iter()
        .find(|known| known.name() == operation)
        .expect("an operation");
    let case = Case::all()
        .into_iter()
        .find(|case| case.bits.to_string() == bits)
        .expect("a case")
        .leak();
    let mut task = (contender.prepare)(operation, case).expect("it has the operation");
    for _ in 0..times {
        assert!(black_box(task()), "a good token or signature was rejected");
    }
}
