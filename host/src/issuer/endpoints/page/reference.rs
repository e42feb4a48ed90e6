//! What the issuer knows and where it is: the parts of the page that stay the same.

use maud::{Markup, html};

use super::flows::{is_played, shown_secret};
use crate::issuer::model::client::Grant;
use crate::issuer::model::profile::token_path;
use crate::issuer::server::site::Site;

pub(super) fn clients(site: &Site) -> Markup {
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
                                    @for devices in &client.devices {
                                        div { code { (devices.prefix) "…" } " " (devices.scope) }
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

pub(super) fn endpoints(site: &Site) -> Markup {
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
    endpoints.extend([
        ("GET", "/device/root", "the root key of devices"),
        ("GET", "/device/key-set", "the key set, signed by it"),
        ("GET", "/device/revocation", "what is revoked, signed by it"),
    ]);
    if site.has_admin {
        endpoints.extend([
            ("POST", "/admin/token", "a token with claims at will"),
            ("POST", "/admin/verdict", "whether a token is good"),
            ("POST", "/admin/rotate", "rotates the keys"),
            ("GET POST DELETE", "/admin/faults", "what goes wrong"),
            ("GET POST DELETE", "/admin/revocation", "what is revoked"),
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
