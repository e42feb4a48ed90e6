//! The responses of an issuer, from its metadata to its key set.
#![no_main]

use std::cell::OnceCell;

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::server::{ORIGIN, Server};
use tokenlatch_host::http::{MAX_BODY_LEN, MAX_ETAG_LEN, MAX_RETRY_AFTER};
use tokenlatch_host::key_set::{self, Fetched, HttpSource, Source as _, SourceError};

/// What the client already has.
const ETAG: &str = "\"1\"";

fuzz_target!(|data: &[u8]| {
    let Some((choice, responses)) = data.split_first() else {
        return;
    };
    thread_local! {
        static SERVER: OnceCell<Server> = const { OnceCell::new() };
    }
    SERVER.with(|server| fetch(server.get_or_init(Server::start), *choice, responses));
});

fn fetch(server: &Server, choice: u8, responses: &[u8]) {
    let client = server.client();
    let url = format!("{ORIGIN}/keys");
    let source = match choice & 3 {
        0 | 1 => HttpSource::url(&url, client),
        2 => HttpSource::issuer(ORIGIN, client),
        _ => HttpSource::metadata(&url, ORIGIN, client),
    };
    let source = source.expect("a source");
    let etag = (choice & 4 != 0).then_some(ETAG);
    match server.run(responses, source.fetch(etag)) {
        Ok(Fetched::Document { body, etag, .. }) => {
            assert!(body.len() <= MAX_BODY_LEN);
            assert!(etag.is_none_or(|etag| etag.len() <= MAX_ETAG_LEN));
            let keys = key_set::parse(&body);
            let listed = key_set::list(&body);
            match keys {
                Ok(keys) => assert!(!keys.keys().is_empty() && listed.is_ok()),
                Err(error) => drop(error.to_string()),
            }
        }
        Ok(Fetched::NotModified { .. }) => assert!(etag.is_some() && choice & 3 < 2),
        Err(error) => {
            drop(format!("{error} {error:?}"));
            if let SourceError::Http(error) = error {
                assert!(
                    error
                        .retry_after()
                        .is_none_or(|wait| wait <= MAX_RETRY_AFTER)
                );
            }
        }
    }
}
