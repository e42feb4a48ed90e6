//! `GET /`: a page that shows the system at work.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::issuer::model::client::{Client, Grant};
use crate::issuer::model::endpoint::Endpoint;
use crate::issuer::model::profile::{self, token_path};
use crate::issuer::model::ring::KeyState;
use crate::issuer::server::site::Site;
use crate::profile::ProfileName;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Allows only the page's own style and script, by their hashes. The script may fetch the page again.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    )
});

/// How many of the latest requests are shown.
const REQUESTS_SHOWN: usize = 20;

/// `GET /`
pub(crate) async fn page(State(site): State<Arc<Site>>) -> Response {
    let fields = [
        (
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY.as_str(),
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (fields, Html(document(&site).into_string())).into_response()
}

fn document(site: &Site) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Tokenlatch issuer" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Tokenlatch issuer" }
                    p { "An authorization server for tests and demonstrations, at " code { (site.origin) } }
                    @if is_played(site) {
                        p {
                            "It plays " code { (site.profile) } ": its tokens are of the issuer "
                            code { (profile::issuer(site.profile, &site.public_origin)) }
                        }
                    }
                }
                main {
                    (summary(site))
                    (try_it(site))
                    (keys(site))
                    (requests(site))
                    (faults(site))
                    (clients(site))
                    (endpoints(site))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Four numbers that sum up the state.
fn summary(site: &Site) -> Markup {
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

fn number(name: &str, value: impl maud::Render) -> Markup {
    html! { div .number { strong { (value) } span { (name) } } }
}

/// One `curl` line for each flow.
fn try_it(site: &Site) -> Markup {
    let flows = flows(site);
    html! {
        section #flows {
            h2 { "Try it" }
            @for Flow { title, note, command } in &flows {
                article .flow {
                    h3 { (title) }
                    @if let Some(note) = note { p { (note) } }
                    div .command {
                        pre tabindex="0" { code { (command) } }
                        button type="button" data-copy hidden { "Copy" }
                    }
                }
            }
        }
    }
}

fn keys(site: &Site) -> Markup {
    let now = site.clock.now();
    html! {
        section #keys data-live {
            h2 { "Keys" }
            @if let Some(at) = site.keys.rotate_at() {
                p { "They rotate by themselves, next in " (at.saturating_sub(now)) " s." }
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

fn key_state(state: KeyState, now: u64) -> Markup {
    html! {
        @match state {
            KeyState::Signing => { span .tag.good { "signing" } }
            KeyState::Next => { span .tag.new { "next" } }
            KeyState::Retiring { until } => {
                span .tag.old { "retiring" }
                " for " (until.saturating_sub(now)) " s"
            }
        }
    }
}

fn requests(site: &Site) -> Markup {
    let recent = site.log.recent();
    html! {
        section #requests data-live {
            h2 { "Recent requests" }
            @if recent.is_empty() {
                p .empty { "None so far. Copy one of the lines above into a terminal." }
            } @else {
                div .scroll {
                    table {
                        thead {
                            tr { th { "time (UTC)" } th { "path" } th { "client" } th { "status" } th { "outcome" } }
                        }
                        tbody {
                            @for request in recent.iter().rev().take(REQUESTS_SHOWN) {
                                tr {
                                    td { (time_of_day(request.time)) }
                                    td { code { (request.endpoint.path()) } }
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

fn outcome(status: u16, outcome: &str) -> Markup {
    html! {
        @match status {
            200..400 => span .tag.good { (outcome) },
            _ => span .tag.bad { (outcome) },
        }
    }
}

fn faults(site: &Site) -> Markup {
    let active = site.faults.active();
    html! {
        section #faults data-live {
            h2 { "Faults" }
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

fn clients(site: &Site) -> Markup {
    html! {
        section #clients {
            h2 { "Clients" }
            div .scroll {
                table {
                    thead {
                        tr { th { "client" } th { "secret" } th { "audiences and scopes" } th { "grants" } th { "users" } }
                    }
                    tbody {
                        @for client in site.clients.all() {
                            tr {
                                td {
                                    code { (client.client_id) }
                                    @if client.deny.is_some() { " " span .tag.bad { "denied" } }
                                }
                                td {
                                    @match shown_secret(client) {
                                        Some(secret) => code { (secret) },
                                        None => span .empty { "not shown" },
                                    }
                                }
                                td {
                                    @for (audience, scope) in client.audiences() {
                                        div { code { (audience) } " " (scope) }
                                    }
                                }
                                td {
                                    @for grant in &client.grants { div { (grant.name()) } }
                                }
                                td {
                                    @if client.grants.contains(&Grant::UserCredentials) {
                                        @for user in client.users() { div { (user.email) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn endpoints(site: &Site) -> Markup {
    let mut endpoints = vec![
        (
            "POST",
            "/oauth/token",
            "tokens in Auth0's dialect, by JSON or form",
        ),
        ("POST", "/auth/token", "tokens in ATM's dialect, by JSON"),
        ("GET", "/.well-known/jwks.json", "the key set"),
        (
            "GET",
            "/auth/.well-known/jwks.json",
            "the same, where ATM has it",
        ),
        (
            "GET",
            "/.well-known/openid-configuration",
            "where everything is",
        ),
    ];
    if is_played(site) {
        let what = "tokens of the profile, by form (RFC 6749)";
        endpoints.insert(0, ("POST", token_path(site.profile), what));
    }
    if site.has_admin {
        endpoints.extend([
            ("POST", "/admin/token", "a token with claims at will"),
            ("POST", "/admin/rotate", "rotates the keys"),
            ("GET POST DELETE", "/admin/faults", "what goes wrong"),
            ("GET POST DELETE", "/admin/clock", "the issuer's time"),
            ("GET DELETE", "/admin/requests", "the log"),
        ]);
    }
    html! {
        section #endpoints {
            h2 { "Endpoints" }
            div .scroll {
                table {
                    thead { tr { th { "method" } th { "path" } th { "what it is" } } }
                    tbody {
                        @for (method, path, what) in endpoints {
                            tr { td { (method) } td { code { (path) } } td { (what) } }
                        }
                    }
                }
            }
        }
    }
}

/// Whether the issuer has tokens besides those of its two dialects.
fn is_played(site: &Site) -> bool {
    !matches!(site.profile, ProfileName::Auth0 | ProfileName::Atm)
}

struct Flow {
    title: &'static str,
    note: Option<&'static str>,
    command: String,
}

fn flows(site: &Site) -> Vec<Flow> {
    let client = &site.clients.all()[0];
    let id = client.client_id.as_str();
    let secret = shown_secret(client).unwrap_or("CLIENT_SECRET");
    let audience = client.audience.as_str();
    let origin = site.origin.as_str();
    let atm = |grant: &str, login_id: Option<&str>| {
        let mut request = json!({"clientId": id, "clientSecret": secret, "grant_types": grant});
        if let Some(login_id) = login_id {
            request["loginId"] = login_id.into();
        }
        post_json(origin, "/auth/token", &request)
    };
    let mut flows = Vec::new();
    if is_played(site) {
        let url = format!("{origin}{}", token_path(site.profile));
        flows.push(Flow {
            title: "A token of the profile",
            note: Some("As RFC 6749 has it, with the client's credentials in HTTP Basic."),
            command: format!(
                "curl -s -u {} {} -d grant_type=client_credentials",
                quoted(&format!("{id}:{secret}")),
                quoted(&url),
            ),
        });
    }
    flows.extend([
        Flow {
            title: "Auth0: client credentials, JSON",
            note: None,
            command: post_json(
                origin,
                "/oauth/token",
                &json!({
                    "grant_type": "client_credentials",
                    "client_id": id,
                    "client_secret": secret,
                    "audience": audience,
                }),
            ),
        },
        Flow {
            title: "Auth0: client credentials, form",
            note: None,
            command: post_form(
                origin,
                "/oauth/token",
                [
                    ("grant_type", "client_credentials"),
                    ("client_id", id),
                    ("client_secret", secret),
                    ("audience", audience),
                ],
            ),
        },
        Flow {
            title: "ATM: client credentials",
            note: None,
            command: atm("client_credentials", None),
        },
        Flow {
            title: "ATM: user credentials",
            note: None,
            command: atm("user_credentials", Some(&client.user.email)),
        },
        Flow {
            title: "ATM: refresh",
            note: Some(
                "With the two tokens of the response to the line above; the next refresh takes the \
                 refresh token of this response.",
            ),
            command: post_json(
                origin,
                "/auth/token",
                &json!({
                    "clientId": id,
                    "refresh_token": "REFRESH_TOKEN",
                    "id_token": "ID_TOKEN",
                    "grantType": "refresh_token",
                }),
            ),
        },
        Flow {
            title: "The key set",
            note: None,
            command: format!("curl -s {origin}/.well-known/jwks.json"),
        },
    ]);
    if site.has_admin {
        flows.push(Flow {
            title: "Rotate the keys",
            note: Some("From this machine alone."),
            command: format!("curl -s -X POST {origin}/admin/rotate"),
        });
    }
    flows
}

fn post_json(origin: &str, path: &str, body: &serde_json::Value) -> String {
    let body = quoted(&format!("{body:#}"));
    format!("curl -s {origin}{path} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}")
}

fn post_form(origin: &str, path: &str, fields: [(&str, &str); 4]) -> String {
    let mut command = format!("curl -s {origin}{path}");
    for (name, value) in fields {
        let field = quoted(&format!("{name}={value}"));
        let _ = write!(command, " \\\n  --data-urlencode {field}");
    }
    command
}

/// In single quotes: a shell does not interpret what is between them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The demo client's secret, which the documentation has. Other clients' secrets are not shown.
fn shown_secret(client: &Client) -> Option<&str> {
    let demo = Client::demo();
    let secret = client.client_secret.expose_secret();
    let is_demo =
        client.client_id == demo.client_id && secret == demo.client_secret.expose_secret();
    is_demo.then_some(secret)
}

/// `HH:MM:SS`
fn time_of_day(time: u64) -> String {
    let (hours, minutes, seconds) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::model::config::Config;

    async fn shown(config: Config) -> String {
        let site = Site::new("http://127.0.0.1:8080".into(), config);
        document(&site.await.unwrap()).into_string()
    }

    #[tokio::test]
    async fn everything_is_escaped() {
        let hostile = "<script>alert(1)</script>'\"&";
        let mut client = Client::new(hostile, "s3cret", hostile).with_scope(hostile);
        client.user.email = hostile.into();
        let page = shown(Config {
            clients: vec![client],
            ..Config::default()
        });
        let page = page.await;
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("s3cret"));
        assert!(page.contains("CLIENT_SECRET"));
    }

    #[tokio::test]
    async fn without_administration_none_is_offered() {
        let page = shown(Config {
            admin: false,
            ..Config::default()
        });
        assert!(!page.await.contains("/admin/"));
    }

    #[test]
    fn a_shell_takes_quoted_text_as_it_is() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn the_time_of_day() {
        assert_eq!(time_of_day(86_400 * 3 + 3661), "01:01:01");
    }
}
