//! Has Tokenlatch do an operation so many times, for `instructions` to count: `repeat OPERATION BITS
//! TIMES`.

use std::env;
use std::hint::black_box;

use tokenlatch_benches::{CONTENDERS, Case, Operation};

fn main() {
    let [operation, bits, times] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .expect("three arguments");
    let operation = Operation::ALL
        .into_iter()
        .find(|known| known.name() == operation)
        .expect("an operation");
    let case = Case::all()
        .into_iter()
        .find(|case| case.bits.to_string() == bits)
        .expect("a case")
        .leak();
    let mut task = (CONTENDERS[0].prepare)(operation, case).expect("it has them all");
    for _ in 0..times.parse().expect("a number") {
        assert!(black_box(task()), "a good token or signature was rejected");
    }
}
