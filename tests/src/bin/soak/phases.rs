//! The troubles, one after another, with a calm time after each.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokenlatch_host::clock::unix_now;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::children::{Running, Setup};
use crate::disk;
use crate::issuer::{Control, Failed};
use crate::shared::Shared;
use crate::tokens;
use crate::world::{Child, Key, Span, end};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    UnknownKeys,
    IdleConnections,
    Rotations,
    TwoRotations,
    Outage,
    Disconnect,
    WrongContent,
    Latency,
    StoppedIssuer,
    StoppedChildren,
    FullDisk,
    ClockAhead,
    ClockBehind,
}

impl Trouble {
    /// Those that take the most memory come first: what a child keeps of them is then no growth.
    pub(crate) const ALL: [Self; 13] = [
        Self::UnknownKeys,
        Self::IdleConnections,
        Self::Rotations,
        Self::TwoRotations,
        Self::Outage,
        Self::Disconnect,
        Self::WrongContent,
        Self::Latency,
        Self::StoppedIssuer,
        Self::StoppedChildren,
        Self::FullDisk,
        Self::ClockAhead,
        Self::ClockBehind,
    ];

    /// In the plot.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownKeys => "unknown kids",
            Self::IdleConnections => "idle connections",
            Self::Rotations => "rotations",
            Self::TwoRotations => "two rotations at once",
            Self::Outage => "outage",
            Self::Disconnect => "disconnect",
            Self::WrongContent => "wrong content",
            Self::Latency => "latency",
            Self::StoppedIssuer => "issuer stopped",
            Self::StoppedChildren => "children stopped",
            Self::FullDisk => "full disk",
            Self::ClockAhead => "clock ahead",
            Self::ClockBehind => "clock behind",
        }
    }

    /// In the report.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::UnknownKeys => "a flood of tokens with unknown `kid`s, each another one",
            Self::IdleConnections => "300 connections to each child, idle or with half a request",
            Self::Rotations => "three rotations, with time between them",
            Self::TwoRotations => "two rotations at once: nobody has seen the new key",
            Self::Outage => "the issuer responds with 503; two rotations meanwhile",
            Self::Disconnect => "the issuer closes connections; two rotations meanwhile",
            Self::WrongContent => {
                "the issuer responds with a page of HTML; two rotations meanwhile"
            }
            Self::Latency => "the issuer responds after 5 seconds; two rotations meanwhile",
            Self::StoppedIssuer => "two rotations, and the issuer's process is stopped (SIGSTOP)",
            Self::StoppedChildren => "the processes of both children are stopped (SIGSTOP)",
            Self::FullDisk => "the disk with the snapshot is full; two rotations meanwhile",
            Self::ClockAhead => "the clocks of both children jump 2 hours ahead, and back",
            Self::ClockBehind => "the clocks of both children jump 2 hours back, and ahead again",
        }
    }
}

/// Connections to each child in [`Trouble::IdleConnections`].
const CONNECTIONS: usize = 300;
/// The longest stop of a child.
const STOP: Duration = Duration::from_secs(10);
const TWO_HOURS: i64 = 2 * 60 * 60;

/// What makes the troubles.
pub(crate) struct Stage<'s> {
    pub(crate) shared: &'s Shared,
    pub(crate) setup: &'s Setup,
    pub(crate) control: &'s Control,
    pub(crate) issuer: &'s Running,
    pub(crate) children: [&'s Running; 2],
}

impl Stage<'_> {
    /// Makes trouble for this long.
    pub(crate) async fn play(&self, trouble: Trouble, duration: Duration) -> Result<(), Failed> {
        match trouble {
            Trouble::UnknownKeys => {
                self.shared.is_flood.store(true, Ordering::SeqCst);
                sleep(duration).await;
                self.shared.is_flood.store(false, Ordering::SeqCst);
            }
            Trouble::IdleConnections => self.hold_connections(duration).await?,
            Trouble::Rotations => {
                for _ in 0..3 {
                    self.rotate().await?;
                    sleep(duration / 3).await;
                }
            }
            Trouble::TwoRotations => {
                self.rotate_twice().await?;
                sleep(duration).await;
            }
            Trouble::Outage => self.fail(json!("outage"), duration).await?,
            Trouble::Disconnect => self.fail(json!("disconnect"), duration).await?,
            Trouble::WrongContent => self.fail(json!("wrong-content"), duration).await?,
            Trouble::Latency => self.fail(json!({"latency": 5000}), duration).await?,
            Trouble::StoppedIssuer => {
                self.rotate_twice().await?;
                self.shared.world().issuer_down.push(Span::since_now());
                self.issuer.signal("STOP")?;
                sleep(duration).await;
                self.issuer.signal("CONT")?;
                end(&mut self.shared.world().issuer_down);
            }
            Trouble::StoppedChildren => {
                for (stopped, child) in self.shared.world().stopped.iter_mut().zip(self.children) {
                    stopped.push(Span::since_now());
                    child.signal("STOP")?;
                }
                sleep(duration.min(STOP)).await;
                for child in self.children {
                    child.signal("CONT")?;
                }
                self.shared
                    .world()
                    .stopped
                    .iter_mut()
                    .for_each(|it| end(it));
            }
            Trouble::FullDisk => {
                self.shared.world().has_space = None;
                disk::fill(&self.setup.disk)?;
                self.rotate_twice().await?;
                sleep(duration).await;
                disk::free(&self.setup.disk)?;
                self.shared.world().has_space = Some(Instant::now());
            }
            Trouble::ClockAhead => self.jump_and_back(TWO_HOURS, duration).await?,
            Trouble::ClockBehind => self.jump_and_back(-TWO_HOURS, duration).await?,
        }
        Ok(())
    }

    /// Rotates the keys, and gets tokens of the one that signs now.
    pub(crate) async fn rotate(&self) -> Result<(), Failed> {
        let before = Instant::now();
        let published = self.control.rotate().await?;
        let after = Instant::now();
        let tokens = tokens::issue(self.control, &published.signing).await?;
        let mut world = self.shared.world();
        for key_id in [&published.signing, &published.next] {
            if world.keys.iter().all(|key| key.key_id != *key_id) {
                world.keys.push(Key {
                    key_id: key_id.clone(),
                    published: after,
                    withdrawn: None,
                    accepted: [None; 2],
                    refused: [None; 2],
                    tokens: Vec::new(),
                });
            }
        }
        for key in &mut world.keys {
            if key.key_id == published.signing {
                key.tokens.clone_from(&tokens);
            }
            if !published.all.contains(&key.key_id) {
                key.withdrawn.get_or_insert((before, after));
            }
        }
        Ok(())
    }

    /// Nobody has fetched the key that signs then.
    async fn rotate_twice(&self) -> Result<(), Failed> {
        self.rotate().await?;
        self.rotate().await
    }

    /// The issuer has this fault, and two rotations.
    async fn fail(&self, fault: Value, duration: Duration) -> Result<(), Failed> {
        self.shared.world().issuer_down.push(Span::since_now());
        self.control.inject(fault).await?;
        self.rotate_twice().await?;
        sleep(duration).await;
        self.control.mend().await?;
        end(&mut self.shared.world().issuer_down);
        Ok(())
    }

    async fn jump_and_back(&self, seconds: i64, duration: Duration) -> Result<(), Failed> {
        for offset in [seconds, 0] {
            let before = (Instant::now(), self.clock().await?.1);
            self.shared.world().jumps.push((Instant::now(), offset));
            self.setup.jump(offset)?;
            sleep(duration / 2).await;
            let (now, running) = self.clock().await?;
            let ahead = now.cast_signed() - unix_now().cast_signed();
            let elapsed = before.0.elapsed().as_secs();
            let is_right =
                (ahead - offset).abs() <= 3 && (running - before.1).abs_diff(elapsed) <= 3;
            if !is_right {
                return Err(format!(
                    "the clock is {ahead} s ahead and not {offset}, and {} s have gone by for the service, not \
                     {elapsed}",
                    running - before.1
                )
                .into());
            }
        }
        Ok(())
    }

    /// The service's time, and for how long it is running, by the clock that never jumps.
    async fn clock(&self) -> Result<(u64, u64), Failed> {
        let address = &self.shared.addresses[Child::Service as usize];
        let response = tokenlatch_host::reqwest::get(format!("http://{address}/clock")).await?;
        let clock: Value = serde_json::from_slice(&response.bytes().await?)?;
        let number = |name: &str| clock[name].as_u64().ok_or("no time");
        Ok((number("now")?, number("running")?))
    }

    /// Half of the connections send nothing, and half of them a part of a request.
    async fn hold_connections(&self, duration: Duration) -> Result<(), Failed> {
        let mut connections = Vec::new();
        for address in &self.shared.addresses {
            for number in 0..CONNECTIONS {
                let mut connection = TcpStream::connect(address).await?;
                if number % 2 == 0 {
                    let half = b"GET /things HTTP/1.1\r\nhost: localhost\r\nauthorization: Bea";
                    connection.write_all(half).await?;
                }
                connections.push(connection);
            }
        }
        sleep(duration).await;
        Ok(())
    }
}
