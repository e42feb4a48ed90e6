//! What an observer sees: health, metrics and logs; and what must not be seen.

use std::collections::HashMap;
use std::io;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{HttpSource, State, TTL};
use tracing_subscriber::fmt;

use super::servers::until;
use super::*;

/// The metrics by name and labels.
fn metrics(snapshotter: &Snapshotter) -> HashMap<String, f64> {
    let metrics = snapshotter.snapshot().into_vec();
    metrics
        .into_iter()
        .map(|(key, _, _, value)| {
            let (_, key) = key.into_parts();
            let labels: Vec<&str> = key.labels().map(|label| label.value()).collect();
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(_) => panic!("there is none"),
            };
            (format!("{} {}", key.name(), labels.join(" ")), value)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn health_and_metrics_count_what_happened() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let server = Fake::new(Behavior::keys(&["a", "b"]));
    let keys = busy(server.clone()).name("main").start();
    let health = keys.health();
    assert_eq!((health.state, health.age), (State::Empty, None));
    assert!(!health.is_ready());

    verify(&keys, "a").await.unwrap();
    assert!(is_unknown(&verify(&keys, "c").await));
    server.set(Behavior::NotModified);
    pass(TTL).await;
    server.once(Behavior::Fails);
    pass(TTL).await;
    let health = keys.health();
    assert!(health.is_ready());
    assert_eq!((health.keys, health.unusable), (2, 0));
    assert_eq!((health.fetched, health.failed), (2, 1));
    assert!(health.not_modified >= 2);
    let fetches = health.fetched + health.not_modified + health.failed;
    assert_eq!(fetches, server.asked() as u64);

    let mut told = metrics(&snapshotter);
    let age = told.remove("tokenlatch_key_set_age_seconds main");
    assert_eq!(age, Some(health.age.unwrap().as_secs_f64()));
    // It goes on in an outage, without a look at the health.
    server.set(Behavior::Fails);
    pass(2 * TTL).await;
    let in_outage = metrics(&snapshotter)["tokenlatch_key_set_age_seconds main"];
    assert!(in_outage > TTL.as_secs_f64(), "{in_outage}");
    let expected = [
        ("tokenlatch_key_set_fetches_total main fetched", 2.0),
        ("tokenlatch_key_set_fetches_total main failed", 1.0),
        (
            "tokenlatch_key_set_fetches_total main not_modified",
            health.not_modified as f64,
        ),
        ("tokenlatch_key_set_keys main", 2.0),
        ("tokenlatch_rejections_total unknown-key", 1.0),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(told, HashMap::from(expected));
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Captures all logs, of every level, library and thread, also those of other tests.
    fn capture(&self) {
        let log = self.clone();
        let subscriber = fmt::Subscriber::builder()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test captures");
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn neither_logs_nor_errors_tell_what_is_secret() {
    let log = Log::default();
    log.capture();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let directory = tempfile::tempdir().unwrap();
    let no_folder = directory.path().join("hush/keys");
    let no_snapshot = directory.path().join("no-snapshot");
    std::fs::write(&no_snapshot, "hush").unwrap();

    let url = format!("http://hush:hush@{closed}/hush?key=hush");
    let source = HttpSource::url(&url, HttpClient::default()).unwrap();
    let keys = busy(source).snapshot(&no_snapshot).start();
    let unavailable = keys.ready().await.unwrap_err();
    let told = format!("{unavailable} {unavailable:?} {:?}", keys.health());

    let server = Fake::new(Behavior::keys(&["hush"]));
    let keys = busy(server.clone())
        .name("observed")
        .snapshot(&no_folder)
        .start();
    verify(&keys, "hush").await.unwrap();
    server.set(Behavior::Document("hush".into()));
    let rejected = verify(&keys, "hush-hush").await.unwrap_err();
    let told = format!("{told} {rejected} {rejected:?} {:?}", keys.health());
    server.set(Behavior::keys(&["hush"]));
    verify(&keys, "hush").await.unwrap();

    for message in [
        "could not fetch the key set key_set=\"observed\"",
        "the key set's snapshot was not written key_set=\"observed\"",
        "fetched the key set key_set=\"observed\"",
        "the key set's snapshot is ignored",
    ] {
        // The cache does not wait for the disk.
        until(|| log.text().contains(message)).await;
    }
    let logged = log.text();
    assert!(told.contains("Connect"), "{told}");
    let token = token("hush");
    for text in [logged, told] {
        assert!(!text.contains("hush"), "{text}");
        assert!(token.split('.').all(|part| !text.contains(part)), "{text}");
    }
}
