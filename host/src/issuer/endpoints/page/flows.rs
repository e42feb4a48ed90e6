//! One `curl` line for each flow, and a place beside it for the token that it brings.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokenlatch::MAX_TOKEN_LEN;

use crate::issuer::model::client::Client;
use crate::issuer::model::profile::token_path;
use crate::issuer::server::site::Site;
use crate::profile::ProfileName;

pub(super) fn flows(site: &Site, has_controls: bool) -> Markup {
    html! {
        section #flows {
            h2 { "Try it" }
            div .flows {
                @if has_controls { (pasted(site)) }
                @for flow in &all(site) { (one_flow(site, flow)) }
            }
        }
    }
}

/// Whether the issuer has tokens besides those of its two dialects.
pub(super) fn is_played(site: &Site) -> bool {
    !matches!(site.profile, ProfileName::Auth0 | ProfileName::Atm)
}

/// The demo client's secret, which the documentation has. Other clients' secrets are not shown.
pub(super) fn shown_secret(client: &Client) -> Option<&str> {
    let demo = Client::demo();
    let secret = client.client_secret.expose_secret();
    let is_demo =
        client.client_id == demo.client_id && secret == demo.client_secret.expose_secret();
    is_demo.then_some(secret)
}

/// A flow: what the reader can send.
struct Flow {
    title: &'static str,
    note: Option<&'static str>,
    method: &'static str,
    path: &'static str,
    /// The client identifier and the secret, for HTTP Basic.
    basic: Option<String>,
    body: Body,
    /// Whether it is complete: not if a secret is not shown.
    is_complete: bool,
}

enum Body {
    None,
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

/// A place for a token from elsewhere.
fn pasted(site: &Site) -> Markup {
    let clients = site.clients.all();
    html! {
        article .flow.open #paste {
            div {
                h3 { label for="token" { "A token of yours" } }
                p { "It is decoded here, and judged by this issuer’s keys." }
                // One more than a token may have, so that a longer one is seen to be too long.
                textarea #token rows="7" spellcheck="false" autocomplete="off"
                    maxlength=(MAX_TOKEN_LEN + 1) placeholder="Paste it here" {}
                @if clients.len() > 1 {
                    label {
                        "for the client "
                        select #client {
                            @for client in clients { option { (client.client_id) } }
                        }
                    }
                }
            }
            div .result aria-live="polite" {}
        }
    }
}

fn one_flow(site: &Site, flow: &Flow) -> Markup {
    html! {
        article .flow {
            div {
                h3 { (flow.title) }
                @if let Some(note) = flow.note { p { (note) } }
                div .command {
                    pre tabindex="0" { code { (flow.curl(&site.origin)) } }
                    div .buttons {
                        @if flow.is_complete {
                            button type="button" data-run=(flow.request()) hidden { "Run" }
                        }
                        button type="button" data-copy hidden { "Copy" }
                    }
                }
            }
            div .result aria-live="polite" hidden {}
        }
    }
}

fn all(site: &Site) -> Vec<Flow> {
    let client = &site.clients.all()[0];
    let id = client.client_id.as_str();
    let shown = shown_secret(client);
    let secret = shown.unwrap_or("CLIENT_SECRET");
    let audience = client.audience.as_str();
    let post = |title, path, body| Flow {
        title,
        note: None,
        method: "POST",
        path,
        basic: None,
        body,
        is_complete: shown.is_some(),
    };
    let atm = |title, grant: &str, login_id: Option<&str>| {
        let mut request = json!({"clientId": id, "clientSecret": secret, "grant_types": grant});
        if let Some(login_id) = login_id {
            request["loginId"] = login_id.into();
        }
        post(title, "/auth/token", Body::Json(request))
    };
    let members = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("audience", audience),
    ];
    let form = members.map(|(name, value)| (name, value.to_owned()));
    let mut flows = Vec::new();
    if is_played(site) {
        let form = vec![("grant_type", "client_credentials".to_owned())];
        flows.push(Flow {
            note: Some("As RFC 6749 has it, with the client's credentials in HTTP Basic."),
            basic: Some(format!("{id}:{secret}")),
            ..post(
                "A token of the profile",
                token_path(site.profile),
                Body::Form(form),
            )
        });
    }
    flows.extend([
        post(
            "Auth0: client credentials, JSON",
            "/oauth/token",
            Body::Json(members.into_iter().collect()),
        ),
        post(
            "Auth0: client credentials, form",
            "/oauth/token",
            Body::Form(form.to_vec()),
        ),
        atm("ATM: client credentials", "client_credentials", None),
        atm(
            "ATM: user credentials",
            "user_credentials",
            Some(&client.user.email),
        ),
        Flow {
            note: Some(
                "With the two tokens of the response to the line above; the next refresh takes the \
                 refresh token of this response.",
            ),
            // It has no secret.
            is_complete: true,
            ..post(
                "ATM: refresh",
                "/auth/token",
                Body::Json(json!({
                    "clientId": id,
                    "refresh_token": "REFRESH_TOKEN",
                    "id_token": "ID_TOKEN",
                    "grantType": "refresh_token",
                })),
            )
        },
        Flow {
            method: "GET",
            is_complete: true,
            ..post("The key set", "/.well-known/jwks.json", Body::None)
        },
    ]);
    if site.has_admin {
        flows.extend([
            Flow {
                note: Some(
                    "With these claims besides or in place of its own. From this machine alone.",
                ),
                is_complete: true,
                ..post(
                    "A token with claims at will",
                    "/admin/token",
                    Body::Json(json!({"claims": {"roles": ["door-opener"]}})),
                )
            },
            Flow {
                note: Some("From this machine alone."),
                is_complete: true,
                ..post("Rotate the keys", "/admin/rotate", Body::None)
            },
        ]);
    }
    flows
}

impl Flow {
    fn curl(&self, origin: &str) -> String {
        let mut command = String::from("curl -s");
        if let Some(basic) = &self.basic {
            // Writing to a string does not fail.
            let _ = write!(command, " -u {}", quoted(basic));
        }
        if self.method == "POST" && matches!(self.body, Body::None) {
            command += " -X POST";
        }
        let _ = write!(command, " {origin}{}", self.path);
        match &self.body {
            Body::None => {}
            Body::Json(body) => {
                let body = quoted(&format!("{body:#}"));
                command += " \\\n  -H 'Content-Type: application/json' \\\n  -d ";
                command += &body;
            }
            Body::Form(fields) => {
                for (name, value) in fields {
                    let field = quoted(&format!("{name}={value}"));
                    let _ = write!(command, " \\\n  --data-urlencode {field}");
                }
            }
        }
        command
    }

    /// The same request, for the page's script.
    fn request(&self) -> Value {
        let (content_type, body) = match &self.body {
            Body::None => (None, None),
            Body::Json(body) => (Some("application/json"), Some(body.to_string())),
            Body::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                (
                    Some("application/x-www-form-urlencoded"),
                    Some(form.extend_pairs(fields).finish()),
                )
            }
        };
        let mut headers = serde_json::Map::new();
        let basic = self.basic.as_ref();
        let basic = basic.map(|basic| format!("Basic {}", BASE64.encode(basic)));
        headers.extend(basic.map(|basic| ("Authorization".into(), basic.into())));
        headers.extend(content_type.map(|it| ("Content-Type".into(), it.into())));
        json!({"method": self.method, "path": self.path, "headers": headers, "body": body})
    }
}

/// In single quotes: a shell does not interpret what is between them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_quoted_text_as_it_is() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
