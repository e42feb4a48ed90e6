//! A door controller that verifies access tokens offline: the logic, for any board.
//!
//! | file | what |
//! |---|---|
//! | `board.rs` | what the door needs of a board |
//! | `line.rs` | lines from the wire |
//! | `door.rs` | what a line leads to: an access token, a key-set update, a revocation, a command |
//! | `bolt.rs`, `upkeep.rs` | the bolt, and what must go on while a token is verified |
//! | `quota.rs` | how many rejections are worth a record, and how many challenges in a row a nonce |
//! | `provisioned.rs`, `root.rs` | what the door was provisioned with |
#![no_std]

#[cfg(test)]
extern crate std;

pub mod board;
mod bolt;
mod door;
mod line;
mod provisioned;
mod quota;
/// The root key, which signs key sets and revocations: the file is what `tokenlatch provision` writes.
///
/// NEVER use this one outside this example. Its private half is in `tests/src`, so anybody can sign with it.
#[allow(unreachable_pub)]
mod root;
mod upkeep;

pub use door::{Door, Workspace};
pub use line::MAX_LINE;

use board::{Board, Peripherals};

/// Runs the door, for ever.
pub fn run<B: Board>(peripherals: Peripherals<B>, workspace: &mut Workspace) -> ! {
    let mut door = Door::new(peripherals, workspace);
    door.load();
    loop {
        door.poll();
    }
}
