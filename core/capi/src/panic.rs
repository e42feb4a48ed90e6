//! The proof that no code of the library can panic.

use core::panic::PanicInfo;

/// Never called: the function that it calls exists nowhere, so a program that could panic does not link.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: a program that calls the function does not link.
    unsafe extern "C" {
        safe fn tokenlatch_can_panic() -> !;
    }
    tokenlatch_can_panic()
}
