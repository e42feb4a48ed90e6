//! How requests are served: bounds, faults, rate limit, log.

pub(super) mod error_response;
pub(super) mod exchange;
pub(super) mod judge;
pub(super) mod log;
pub(super) mod middleware;
mod rate;
pub(super) mod serve;
mod shown;
pub(super) mod site;
pub(super) mod this_machine;
