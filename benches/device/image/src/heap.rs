//! The heap, for the implementations that need one, and how much of it is in use at most.

#[cfg(feature = "rsa")]
pub use counting::{forget_peak, init, peak};

/// Must come before the first allocation, and only once.
#[cfg(not(feature = "rsa"))]
pub fn init() {}

/// Starts a new search for the peak.
#[cfg(not(feature = "rsa"))]
pub fn forget_peak() {}

/// The most bytes in use at one time.
#[cfg(not(feature = "rsa"))]
#[must_use]
pub fn peak() -> usize {
    0
}

#[cfg(feature = "rsa")]
mod counting {
    #![allow(unsafe_code)]

    use core::alloc::{GlobalAlloc, Layout};
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use embedded_alloc::LlffHeap;

    const SIZE: usize = 64 * 1024;

    #[global_allocator]
    static HEAP: Heap = Heap {
        heap: LlffHeap::empty(),
        in_use: AtomicUsize::new(0),
        peak: AtomicUsize::new(0),
    };

    struct Heap {
        heap: LlffHeap,
        in_use: AtomicUsize,
        peak: AtomicUsize,
    }

    /// Must come before the first allocation, and only once.
    pub fn init() {
        static mut MEMORY: [u8; SIZE] = [0; SIZE];
        // SAFETY: the memory is used for nothing else.
        unsafe { HEAP.heap.init((&raw mut MEMORY).expose_provenance(), SIZE) };
    }

    /// Starts a new search for the peak.
    pub fn forget_peak() {
        HEAP.peak.store(HEAP.in_use.load(Relaxed), Relaxed);
    }

    /// The most bytes in use at one time.
    #[must_use]
    pub fn peak() -> usize {
        HEAP.peak.load(Relaxed)
    }

    // SAFETY: all is left to the allocator that is wrapped.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // There is one thread, so loads and stores are enough. A Cortex-M0 has no more.
            let in_use = self.in_use.load(Relaxed) + layout.size();
            self.in_use.store(in_use, Relaxed);
            self.peak
                .store(self.peak.load(Relaxed).max(in_use), Relaxed);
            // SAFETY: the caller keeps to the contract.
            unsafe { self.heap.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.in_use
                .store(self.in_use.load(Relaxed) - layout.size(), Relaxed);
            // SAFETY: the caller keeps to the contract.
            unsafe { self.heap.dealloc(block, layout) }
        }
    }
}
