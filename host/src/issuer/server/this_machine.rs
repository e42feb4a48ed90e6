//! Which requests come from this machine, and from no page of another site in a browser on it.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap, header};
use headers::{HeaderMapExt, Host};

use super::serve::Peer;

/// Whether the request was sent by this machine, to a name that only this machine can have. A page whose name
/// was made to resolve to this machine (DNS rebinding) sends its own name.
pub(crate) fn is_near(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let peer = extensions.get::<Peer>();
    peer.is_some_and(|Peer(peer)| peer.ip().to_canonical().is_loopback())
        && is_for_this_machine(headers)
}

/// Whether a browser sent this for a page of another origin.
pub(crate) fn is_of_other_page(headers: &HeaderMap) -> bool {
    has_other_origin(headers) || is_from_other_site(headers)
}

fn is_for_this_machine(headers: &HeaderMap) -> bool {
    headers.typed_get::<Host>().is_some_and(|host| {
        let name = host.hostname();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let address = address.parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.is_loopback())
    })
}

/// A browser adds `Origin` to requests that change something.
fn has_other_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let host = headers.get(header::HOST).map(|host| host.as_bytes());
    origin.as_bytes().strip_prefix(b"http://") != host
}

/// A browser adds `Sec-Fetch-Site` to all requests for this machine (Fetch Metadata Request Headers, section
/// 2.4). All ports of this machine are one site, so another program's page is `same-site`. The reader's own
/// request, such as one from the address bar, is `none`.
fn is_from_other_site(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.any(|site| site != "same-origin" && site != "none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_names_of_this_machine_are_for_it() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:80",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert!(is_for_this_machine(&headers(&[("host", host)])), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:8080",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_for_this_machine(&headers(&[("host", host)])), "{host}");
        }
        assert!(!is_for_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn pages_of_other_sites_are_told_by_their_origin() {
        assert!(!is_of_other_page(&headers(&[("host", "127.0.0.1:80")])));
        for (origin, is_foreign) in [
            ("http://127.0.0.1:80", false),
            ("http://127.0.0.1:81", true),
            ("https://evil.example", true),
            ("null", true),
        ] {
            let headers = headers(&[("host", "127.0.0.1:80"), ("origin", origin)]);
            assert_eq!(is_of_other_page(&headers), is_foreign, "{origin}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_told_by_what_the_browser_says() {
        for (site, is_foreign) in [
            ("same-origin", false),
            ("none", false),
            ("same-site", true),
            ("cross-site", true),
            ("SAME-ORIGIN", true),
            ("", true),
        ] {
            let headers = headers(&[("host", "127.0.0.1:80"), ("sec-fetch-site", site)]);
            assert_eq!(is_of_other_page(&headers), is_foreign, "{site}");
        }
        let both = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site"),
        ];
        assert!(is_of_other_page(&headers(&both)));
    }
}
