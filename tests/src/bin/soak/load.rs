//! The requests: two kinds of workers for each child.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::seq::{IndexedRandom, IteratorRandom};
use tokenlatch_host::reqwest::{Client, RequestBuilder};
use tokio::time::{MissedTickBehavior, interval};

use crate::issuer::Failed;
use crate::oracle::{self, Request};
use crate::shared::Shared;
use crate::tokens::{Kind, Token, authorization};
use crate::world::Child;

/// How many workers there are for each child that ask about keys which the child has.
pub(crate) const STEADY: usize = 12;
/// How many that ask about other keys, and may have to wait until a fetch has ended.
pub(crate) const PATIENT: usize = 4;
/// How many more of them are there in a flood.
pub(crate) const FLOOD: usize = 16;

/// The time between two requests of a worker.
const PACE: Duration = Duration::from_millis(100);
/// The same in a flood.
const FLOOD_PACE: Duration = Duration::from_millis(20);

/// How long a request may wait for its response: two fetches and more.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a worker asks about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    /// Every kind of token of keys that the child has.
    Steady,
    /// Keys that the child may not have.
    Patient,
    /// Unknown keys, in a flood alone.
    Flood,
}

/// Sends requests to a child until the load is over.
pub(crate) async fn work(shared: Arc<Shared>, child: Child, worker: Worker) -> Result<(), Failed> {
    let (pace, idle) = match worker {
        // After the flood, its connections are closed.
        Worker::Flood => (FLOOD_PACE, Duration::from_secs(1)),
        Worker::Steady | Worker::Patient => (PACE, TIMEOUT),
    };
    let client = Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(idle)
        .timeout(TIMEOUT)
        .build()?;
    let mut interval = interval(pace);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.is_over.load(Ordering::SeqCst) {
        interval.tick().await;
        if worker == Worker::Flood && !shared.is_flood.load(Ordering::SeqCst) {
            continue;
        }
        let Some((kind, key, token)) = pick(&shared, child, worker) else {
            continue;
        };
        let request = request(client.get(shared.url(child)), kind, &token.text);
        let sent = Instant::now();
        let status = match request.send().await {
            // The connection is used again if the whole response is read.
            Ok(response) => {
                let status = response.status().as_u16();
                response.bytes().await.map(|_| status)
            }
            Err(error) => Err(error),
        };
        let request = Request {
            child,
            kind,
            key,
            valid: token.valid,
            sent,
            responded: Instant::now(),
        };
        judge(
            &shared,
            &request,
            status.map_err(|error| error.to_string()),
            worker,
        );
    }
    Ok(())
}

/// A request of this kind for the things, made of a good token. The headers about them are for `serve`; the service
/// ignores them.
pub(crate) fn request(request: RequestBuilder, kind: Kind, token: &str) -> RequestBuilder {
    let request = request
        .header("x-original-method", "GET")
        .header("x-original-uri", "/things");
    let values = authorization(kind, token).into_iter();
    values.fold(request, |request, value| {
        request.header("authorization", value)
    })
}

/// What to ask about next: its kind, the key's index and the token that it is made of.
fn pick(shared: &Shared, child: Child, worker: Worker) -> Option<(Kind, usize, Token)> {
    let mut random = rand::rng();
    let world = shared.world();
    let now = Instant::now();
    let signing: Vec<usize> = (0..world.keys.len())
        .filter(|key| !world.keys[*key].tokens.is_empty())
        .collect();
    let is_known = |key: &usize| {
        let key = &world.keys[*key];
        key.withdrawn.is_none() && world.has_key(child, key, now)
    };
    let (kind, key) = match worker {
        Worker::Flood => (Kind::UnknownKey, *signing.last()?),
        Worker::Steady => {
            // Half of them the newest.
            let known: Vec<usize> = signing.iter().copied().filter(is_known).collect();
            let newest = *known.last()?;
            let key = if random.random() {
                newest
            } else {
                *known.choose(&mut random)?
            };
            // Patient workers ask about the last three.
            let others = Kind::ALL.into_iter().filter(|kind| {
                !matches!(
                    kind,
                    Kind::Good | Kind::NewKey | Kind::WithdrawnKey | Kind::UnknownKey
                )
            });
            let kind = if random.random() {
                Kind::Good
            } else {
                others.choose(&mut random)?
            };
            (kind, key)
        }
        Worker::Patient => {
            let new = signing.iter().rev().find(|key| {
                let key = &world.keys[**key];
                key.withdrawn.is_none() && !world.has_key(child, key, now)
            });
            let withdrawn = signing
                .iter()
                .filter(|key| world.keys[**key].withdrawn.is_some());
            let withdrawn: Vec<usize> = withdrawn.copied().collect();
            match (random.random_range(0..4), new) {
                (0 | 1, Some(new)) => (Kind::NewKey, *new),
                (2, _) if !withdrawn.is_empty() => {
                    (Kind::WithdrawnKey, *withdrawn.choose(&mut random)?)
                }
                _ => (Kind::UnknownKey, *signing.last()?),
            }
        }
    };
    let issued = if kind.is_issued() { kind } else { Kind::Good };
    let mut tokens = world.keys[key].tokens.iter();
    let token = tokens.find(|token| token.kind == issued)?;
    Some((kind, key, token.clone()))
}

fn judge(shared: &Shared, request: &Request, status: Result<u16, String>, worker: Worker) {
    let phase = shared.phase();
    let mut world = shared.world();
    let child = request.child;
    let right = oracle::right(&world, request);
    let was_stopped = world.was_stopped(child, request.sent, request.responded);
    let key = &mut world.keys[request.key];
    let mut refused_for = None;
    match status {
        Ok(200) if key.accepted[child as usize].is_none() => {
            key.accepted[child as usize] = Some(request.responded);
            let refused = key.refused[child as usize];
            refused_for = refused.map(|refused| request.responded.duration_since(refused));
        }
        Ok(503) if request.kind == Kind::NewKey => {
            key.refused[child as usize].get_or_insert(request.responded);
        }
        _ => {}
    }
    drop(world);
    let mut tally = shared.tally();
    tally.refused_for.extend(refused_for);
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            *tally.lost.entry(phase).or_default() += 1;
            let kind = request.kind.name();
            tally.fault(format!(
                "{}: no response to \"{kind}\": {error}",
                child.name()
            ));
            return;
        }
    };
    let place = (phase, child, request.kind);
    *tally
        .statuses
        .entry(place)
        .or_default()
        .entry(status)
        .or_default() += 1;
    if worker == Worker::Steady && !was_stopped {
        let longest = tally.longest.entry(phase).or_default();
        *longest = (*longest).max(request.responded - request.sent);
    }
    if !right.contains(&status) {
        *tally.wrong.entry(phase).or_default() += 1;
        let kind = request.kind.name();
        tally.fault(format!(
            "{}: {status} and not {right:?} to \"{kind}\" of key {}, in phase {phase}",
            child.name(),
            request.key
        ));
    }
}
