//! What the tasks share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::tally::Tally;
use crate::world::{Child, World};

pub(crate) struct Shared {
    world: Mutex<World>,
    tally: Mutex<Tally>,
    /// The index of the current phase.
    phase: AtomicUsize,
    /// Whether unknown `kid`s come in a flood.
    pub(crate) is_flood: AtomicBool,
    /// Whether the load is over.
    pub(crate) is_over: AtomicBool,
    /// Where each child listens: `HOST:PORT`.
    pub(crate) addresses: [String; 2],
}

impl Shared {
    pub(crate) fn new(world: World, addresses: [String; 2]) -> Self {
        Self {
            world: Mutex::new(world),
            tally: Mutex::default(),
            phase: AtomicUsize::new(0),
            is_flood: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            addresses,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn phase(&self) -> usize {
        self.phase.load(Ordering::SeqCst)
    }

    pub(crate) fn enter(&self, phase: usize) {
        self.phase.store(phase, Ordering::SeqCst);
    }

    /// Where a child responds to requests for `/things`.
    pub(crate) fn url(&self, child: Child) -> String {
        let path = match child {
            Child::Serve => "nginx",
            Child::Service => "things",
        };
        format!("http://{}/{path}", self.addresses[child as usize])
    }
}
