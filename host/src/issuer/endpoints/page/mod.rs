//! `GET /`: a page that shows the system at work, and has buttons for what `/admin/` does.

mod controls;
mod flows;
mod live;
mod reference;
mod times;

use std::sync::{Arc, LazyLock};

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::issuer::model::profile;
use crate::issuer::server::site::Site;
use crate::issuer::server::this_machine;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("page.js"),
    include_str!("controls.js"),
    include_str!("token.js"),
);

/// Allows only the page's own style and script, by their hashes. The script may send requests to the issuer.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    )
});

/// `GET /`
pub(crate) async fn page(State(site): State<Arc<Site>>, request: Request) -> Response {
    let fields = [
        (
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY.as_str(),
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let is_near = this_machine::is_near(request.extensions(), request.headers());
    (fields, Html(document(&site, is_near).into_string())).into_response()
}

/// Readers on other machines get no buttons, because `/admin/` would reject them.
fn document(site: &Site, is_near: bool) -> Markup {
    let has_controls = site.has_admin && is_near;
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
                (heading(site))
                main data-verdict=[has_controls.then_some("/admin/verdict")] {
                    (live::summary(site))
                    div .live {
                        (section("requests", "Recent requests", &live::requests(site), None))
                        (section("keys", "Keys", &live::keys(site), has_controls.then(controls::rotation)))
                        (section("clock", "Clock", &live::time(site), has_controls.then(controls::clock)))
                        (section("faults", "Faults", &live::faults(site), has_controls.then(controls::faults)))
                    }
                    (flows::flows(site, has_controls))
                    (reference::clients(site))
                    (reference::endpoints(site))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn heading(site: &Site) -> Markup {
    html! {
        header {
            h1 { "Tokenlatch issuer" }
            p { "An authorization server for tests and demonstrations, at " code { (site.origin) } }
            @if flows::is_played(site) {
                p {
                    "It plays " code { (site.profile) } ": its tokens are of the issuer "
                    code { (profile::issuer(site.profile, &site.public_origin)) }
                }
            }
        }
    }
}

/// A part that keeps itself up to date, with the buttons that change it.
fn section(id: &str, title: &str, live: &Markup, controls: Option<Markup>) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            (live)
            @if let Some(controls) = controls { (controls) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::model::client::Client;
    use crate::issuer::model::config::Config;

    async fn shown(config: Config, is_near: bool) -> String {
        let site = Site::new("http://127.0.0.1:8080".into(), config);
        document(&site.await.unwrap(), is_near).into_string()
    }

    #[tokio::test]
    async fn everything_is_escaped() {
        let hostile = "<script>alert(1)</script>'\"&";
        let mut client = Client::new(hostile, "s3cret", hostile).with_scope(hostile);
        client.user.email = hostile.into();
        let page = shown(
            Config {
                clients: vec![client.clone(), client],
                ..Config::default()
            },
            true,
        );
        let page = page.await;
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("s3cret"));
        assert!(page.contains("CLIENT_SECRET"));
    }

    #[tokio::test]
    async fn without_administration_none_is_offered() {
        let config = || Config {
            admin: false,
            ..Config::default()
        };
        for is_near in [false, true] {
            assert!(!shown(config(), is_near).await.contains("/admin/"));
        }
    }

    #[tokio::test]
    async fn buttons_are_for_this_machine_alone() {
        assert!(shown(Config::default(), true).await.contains("data-send="));
        let far = shown(Config::default(), false).await;
        assert!(!far.contains("data-send=") && !far.contains("data-verdict="));
    }
}
