//! The page's buttons for what `/admin/` does. The script sends what is in their attributes.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::issuer::model::endpoint::Endpoint;
use crate::issuer::model::faults::Fault;

pub(super) fn rotation() -> Markup {
    html! {
        div .controls {
            button type="button" data-send=(json!({"method": "POST", "path": "/admin/rotate"})) {
                "Rotate"
            }
            output {}
        }
    }
}

pub(super) fn faults() -> Markup {
    let endpoints = Endpoint::ALL
        .into_iter()
        .filter(|it| *it != Endpoint::Other);
    html! {
        div .controls #inject data-send=(json!({"method": "POST", "path": "/admin/faults"})) {
            div .fields {
                label {
                    "for "
                    input name="requests" type="number" min="1" max="4294967295" value="1" placeholder="all";
                    " requests"
                }
                label {
                    "at "
                    select name="at" {
                        option value="" { "any endpoint" }
                        @for endpoint in endpoints { option { (name(&json!(endpoint))) } }
                    }
                }
            }
            @for fault in Fault::samples() { (one_fault(&json!(fault))) }
            div .fields {
                button type="button" data-send=(json!({"method": "DELETE", "path": "/admin/faults"})) {
                    "Clear all"
                }
                output {}
            }
        }
    }
}

pub(super) fn clock() -> Markup {
    let advance = |seconds: u64| {
        let body = json!({"advance": seconds});
        json!({"method": "POST", "path": "/admin/clock", "body": body})
    };
    html! {
        div .controls {
            button type="button" data-send=(advance(60)) { "+ 1 min" }
            button type="button" data-send=(advance(3600)) { "+ 1 h" }
            button type="button" data-send=(advance(86_400)) { "+ 1 day" }
            button type="button" data-send=(json!({"method": "DELETE", "path": "/admin/clock"})) {
                "Follow the system"
            }
            div .fields {
                label {
                    "UTC "
                    input #stop-at type="datetime-local" step="1" min="1970-01-01T00:00:00" max="9999-12-31T23:59:59";
                }
                button #stop type="button" data-send=(json!({"method": "POST", "path": "/admin/clock"})) {
                    "Set and stop"
                }
            }
            output {}
        }
    }
}

/// The button of a fault, with a field for each value that the fault has.
fn one_fault(sample: &Value) -> Markup {
    let fault = name(sample);
    html! {
        span .fault {
            button type="button" data-fault=(sample) { (fault) }
            @for (part, value) in parts(sample) {
                input
                    type=(if value.is_number() { "number" } else { "text" })
                    data-part=(part)
                    aria-label={ (fault) " " (part) }
                    value=(name(value));
            }
            @if sample.get("latency").is_some() { " ms" }
        }
    }
}

/// The values in a fault, each with its name if it has one.
fn parts(sample: &Value) -> Vec<(&str, &Value)> {
    let values = sample.as_object().into_iter().flat_map(|it| it.values());
    let parts = values.flat_map(|value| match value {
        Value::Object(parts) => parts.iter().map(|(part, it)| (part.as_str(), it)).collect(),
        value => vec![("", value)],
    });
    parts.collect()
}

/// A text as it is, an object by the name of its first member, and another value in JSON.
fn name(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => members.keys().next().cloned().unwrap_or_default(),
        value => value.to_string(),
    }
}
