//! Measures the cost of a lookup of a cached key, with more and more threads.
//!
//! Beside Tokenlatch's cache, for async callers and for blocking ones, there are other crates' ways from
//! a `kid` to a key set or key that is cached: `Registry::resolve()` of jwks-cache, with `JwkSet::find()`
//! as its users need it, and `KeySource::get_key()` of jwt-authorizer, which takes a whole header each
//! time. All of them take turns, so that other load on the machine slows all of them: ratios hold, absolute
//! times say little.

use std::env;
use std::hint::black_box;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken9::{Algorithm, Header};
use jwks_cache::{IdentityProviderRegistration, Registry};
use jwt_authorizer::{AuthorizerBuilder, RegisteredClaims};
use serde_json::{Value, json};
use tokenlatch_benches::machine;
use tokenlatch_benches::results::{Lookups, LookupsRow};
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{HttpSource, KeySetCache, blocking};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// How many threads look up at a time.
const THREADS: [usize; 4] = [1, 2, 8, 64];

/// How many turns each contender has with each number of threads.
const ROUNDS: usize = 15;

/// How long a turn is.
const TURN: Duration = Duration::from_millis(40);

/// The name of the last key of three.
const KEY_ID: &str = "key-2";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_json = match arguments.as_slice() {
        [] => false,
        [json] if json == "--json" => true,
        _ => {
            eprintln!("usage: lookups [--json]");
            return ExitCode::from(2);
        }
    };
    let runtime = Runtime::new().expect("a runtime");
    let contenders = runtime.block_on(contenders());
    let rows = THREADS.map(|threads| measure(&contenders, threads));
    let lookups = Lookups {
        date: machine::date(),
        processor: machine::processor(),
        parallelism: thread::available_parallelism().map_or(1, NonZero::get),
        rustc: machine::rustc(),
        rows: rows.into_iter().flatten().collect(),
    };
    if is_json {
        println!("{}", serde_json::to_string_pretty(&lookups).expect("JSON"));
    } else {
        println!("nanoseconds: time passed per lookup, those of all threads together");
        println!("ratio: that of Tokenlatch's async cache divided by this\n");
        println!(
            "{:>7}  {:<32} {:>11} {:>6}",
            "threads", "contender", "nanoseconds", "ratio"
        );
        for row in &lookups.rows {
            println!(
                "{:>7}  {:<32} {:>11.1} {:>6.2}",
                row.threads, row.contender, row.nanoseconds, row.ratio
            );
        }
    }
    ExitCode::SUCCESS
}

/// One way of looking a key up.
struct Contender {
    name: String,
    /// Looks up until it is over; returns how often.
    run: Box<dyn Fn(&Turn) -> u64 + Send + Sync>,
}

/// What the threads of a turn have in common.
struct Turn {
    barrier: Barrier,
    /// When the first of them began. The thread that starts them may see that late.
    start: OnceLock<Instant>,
    is_over: AtomicBool,
}

/// How many lookups there are from one look at the clock to the next.
const BATCH: u64 = 32;

impl Turn {
    /// Waits until all of them are ready.
    fn begin(&self) {
        self.barrier.wait();
        self.start.get_or_init(Instant::now);
    }

    async fn repeat(&self, lookup: &impl AsyncFn()) -> u64 {
        let mut times = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            for _ in 0..BATCH {
                lookup().await;
            }
            times += BATCH;
        }
        times
    }
}

impl Contender {
    /// Callers have a runtime of their own on each thread.
    fn asynchronous(package: &str, lookup: impl AsyncFn() + Send + Sync + 'static) -> Self {
        let run = move |turn: &Turn| {
            let runtime = Builder::new_current_thread().build().expect("a runtime");
            turn.begin();
            runtime.block_on(turn.repeat(&lookup))
        };
        Self {
            name: with_version(package),
            run: Box::new(run),
        }
    }

    fn blocking(package: &str, lookup: impl Fn() + Send + Sync + 'static) -> Self {
        let run = move |turn: &Turn| {
            turn.begin();
            let mut times = 0;
            while !turn.is_over.load(Ordering::Relaxed) {
                (0..BATCH).for_each(|_| lookup());
                times += BATCH;
            }
            times
        };
        Self {
            name: format!("{}, blocking", with_version(package)),
            run: Box::new(run),
        }
    }

    /// The time that passes per lookup, in nanoseconds.
    fn turn(&self, threads: usize) -> f64 {
        let turn = Turn {
            barrier: Barrier::new(threads + 1),
            start: OnceLock::new(),
            is_over: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            let run = || ((self.run)(&turn), Instant::now());
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            turn.begin();
            thread::sleep(TURN);
            turn.is_over.store(true, Ordering::Relaxed);
            let ended = running.into_iter().map(|thread| thread.join());
            let (times, ends): (Vec<u64>, Vec<Instant>) =
                ended.map(|ended| ended.expect("no panic")).unzip();
            let start = *turn.start.get_or_init(Instant::now);
            let end = ends.into_iter().max().unwrap_or(start);
            let times: u64 = times.into_iter().sum();
            (end - start).as_nanos() as f64 / times as f64
        })
    }
}

/// All of them, with the key set fetched.
async fn contenders() -> Vec<Contender> {
    let url = serve(key_set()).await;
    let source = || HttpSource::url(&url, HttpClient::default()).expect("a loopback address");

    let ours = KeySetCache::new(source());
    ours.ready().await.expect("a key set");
    let ours_blocking = blocking::KeySetCache::new(source()).expect("a thread");
    let waiting = ours_blocking.clone();
    let ready = tokio::task::spawn_blocking(move || waiting.ready()).await;
    ready.expect("no panic").expect("a key set");

    let registry = Registry::builder().require_https(false).build();
    let registration = IdentityProviderRegistration::new("tenant", "provider", &url)
        .expect("a URL")
        .with_require_https(false);
    registry
        .register(registration)
        .await
        .expect("a registration");

    let keys = registry.resolve("tenant", "provider", Some(KEY_ID)).await;
    keys.expect("a key set");

    let authorizer: AuthorizerBuilder<RegisteredClaims> = AuthorizerBuilder::from_jwks_url(&url);
    let authorizer = authorizer.build().await.expect("an authorizer");
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(KEY_ID.into());
    authorizer
        .key_source
        .get_key(header.clone())
        .await
        .expect("a key");

    vec![
        Contender::asynchronous("tokenlatch-host", async move || {
            black_box(ours.keys(Some(black_box(KEY_ID))).await.expect("keys"));
        }),
        Contender::blocking("tokenlatch-host", move || {
            black_box(ours_blocking.keys(Some(black_box(KEY_ID))).expect("keys"));
        }),
        Contender::asynchronous("jwks-cache", async move || {
            let key_id = black_box(KEY_ID);
            let keys = registry.resolve("tenant", "provider", Some(key_id)).await;
            black_box(keys.expect("keys").find(key_id).expect("the key"));
        }),
        Contender::asynchronous("jwt-authorizer", async move || {
            let header = black_box(header.clone());
            black_box(authorizer.key_source.get_key(header).await.expect("a key"));
        }),
    ]
}

fn key_set() -> String {
    let n = BASE64URL.encode([0xff; 256]);
    let keys: Vec<Value> = (0..3)
        .map(|i| json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("key-{i}"), "n": n, "e": "AQAB"}))
        .collect();
    json!({ "keys": keys }).to_string()
}

/// Serves this document; returns its URL.
async fn serve(document: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a bound port");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: max-age=3600";
    let len = document.len();
    let response =
        format!("{head}\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{document}");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => break,
                }
            }
            // Whether it arrives, the contenders tell.
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    format!("http://{address}/keys")
}

fn measure(contenders: &[Contender], threads: usize) -> Vec<LookupsRow> {
    let mut samples = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            samples.push(contender.turn(threads));
        }
    }
    let medians: Vec<f64> = samples.iter_mut().map(|samples| median(samples)).collect();
    let rows = contenders.iter().zip(&medians);
    rows.map(|(contender, nanoseconds)| LookupsRow {
        threads,
        contender: contender.name.clone(),
        nanoseconds: *nanoseconds,
        ratio: medians[0] / nanoseconds,
    })
    .collect()
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// The package and the version of it that was locked when this program was built.
fn with_version(package: &str) -> String {
    let (_, rest) = include_str!("../../../Cargo.lock")
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .expect("every contender is locked");
    let (version, _) = rest.split_once('"').expect("a version");
    format!("{package} {version}")
}
