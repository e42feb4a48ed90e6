//! The parts of the page that keep themselves up to date.

use maud::{Markup, html};
use serde_json::json;

use super::times::{date, span, time_of_day};
use crate::clock;
use crate::issuer::model::endpoint::Endpoint;
use crate::issuer::model::ring::KeyState;
use crate::issuer::server::site::Site;

/// How many of the latest requests are shown.
const REQUESTS_SHOWN: usize = 20;

/// Four numbers that sum up the state.
pub(super) fn summary(site: &Site) -> Markup {
    let now = site.clock.now();
    let issued = site.log.count_of(Endpoint::Auth0Token, "issued")
        + site.log.count_of(Endpoint::AtmToken, "issued")
        + site.log.count_of(Endpoint::Token, "issued");
    html! {
        section #summary data-live aria-label="Summary" {
            (number("tokens issued", issued))
            (number("key set requests", site.log.count(Endpoint::KeySet)))
            (number("keys published", site.keys.list(now).len()))
            (number("faults active", site.faults.active().len()))
        }
    }
}

pub(super) fn requests(site: &Site) -> Markup {
    let recent = site.log.recent();
    html! {
        div #live-requests data-live {
            @if recent.is_empty() {
                p .empty { "None so far. Run one of the lines under “Try it”." }
            } @else {
                div .scroll {
                    table {
                        thead {
                            tr {
                                th { "time (UTC)" }
                                th { "method" }
                                th { "path" }
                                th { "client" }
                                th { "status" }
                                th { "outcome" }
                            }
                        }
                        tbody {
                            @for request in recent.iter().rev().take(REQUESTS_SHOWN) {
                                tr {
                                    td { (time_of_day(request.time)) }
                                    td { (request.method) }
                                    td .path { code { (request.path) } }
                                    td { (request.client_id.as_deref().unwrap_or("–")) }
                                    td {
                                        @if request.status == 0 { "–" } @else { (request.status) }
                                    }
                                    td { (outcome(request.status, request.outcome)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn keys(site: &Site) -> Markup {
    let now = site.clock.now();
    html! {
        div #live-keys data-live {
            @if let Some(at) = site.keys.rotate_at() {
                p { "They rotate by themselves, next in " (span(at.saturating_sub(now))) "." }
            }
            div .scroll {
                table {
                    thead { tr { th { "kid" } th { "bits" } th { "state" } } }
                    tbody {
                        @for key in site.keys.list(now) {
                            tr {
                                td { code { (key.key_id) } }
                                td { (key.bits) }
                                td { (key_state(key.state, now)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn faults(site: &Site) -> Markup {
    let active = site.faults.active();
    html! {
        div #live-faults data-live {
            @if active.is_empty() {
                p .empty { "None: everything works as it should." }
            } @else {
                ul {
                    @for fault in &active {
                        li { code .tag.bad { (json!(fault)) } }
                    }
                }
            }
        }
    }
}

pub(super) fn time(site: &Site) -> Markup {
    let (now, system) = (site.clock.now(), clock::unix_now());
    html! {
        div #live-clock data-live {
            p {
                strong { (date(now)) }
                @if site.clock.stands_still() { " " span .tag.old { "stands still" } }
            }
            p .empty {
                @match now.abs_diff(system) {
                    // The two may fall on two sides of a second.
                    0..=1 => "The system’s time.",
                    apart => {
                        (span(apart))
                        @if now > system { " ahead of" } @else { " behind" }
                        " the system’s clock."
                    }
                }
            }
        }
    }
}

fn number(name: &str, value: impl maud::Render) -> Markup {
    html! { div .number { strong { (value) } span { (name) } } }
}

fn key_state(state: KeyState, now: u64) -> Markup {
    html! {
        @match state {
            KeyState::Signing => { span .tag.good { "signing" } }
            KeyState::Next => { span .tag.new { "next" } }
            KeyState::Retiring { until } => {
                span .tag.old { "retiring" }
                " for " (span(until.saturating_sub(now)))
            }
        }
    }
}

fn outcome(status: u16, outcome: &str) -> Markup {
    html! {
        @match status {
            200..400 => span .tag.good { (outcome) },
            _ => span .tag.bad { (outcome) },
        }
    }
}
