//! The story of a door: it is provisioned, opens, rejects, learns new keys, and loses its power. In QEMU, with the
//! embedded authorization server.
//!
//! Prints the transcript, with names for what differs from run to run.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch_host::device::{Revocation, Revoked};
use tokenlatch_host::issuer::{Config, Issuer};
use tokenlatch_tests::board::{Board, Running};
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::issuer::DOOR_ROOT;

/// The clock of the door at each start: a little after [`NOW`].
const DATE: &str = "2026-11-21T12:00:02";

/// The root key is read from a file.
fn config(folder: &Path) -> io::Result<Config> {
    let root_key = folder.join("root.pem");
    std::fs::write(&root_key, DOOR_ROOT)?;
    let mut config = Config::default();
    config.issuer = Some("https://issuer.example/".into());
    config.fleet.root_key = Some(root_key);
    // A key is not published any longer once another one signs.
    config.keys.overlap = Some(Duration::ZERO);
    Ok(config)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tokenlatch-story-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let told = tell(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    told
}

async fn tell(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let issuer = Issuer::start_with(config(folder)?, "127.0.0.1:0".parse()?).await?;
    issuer.clock().set(NOW);
    let door = Door::new(folder);
    let mut told = Told::new(&issuer, door.on(DATE));
    told.chapter("The door is new: it has the public key of the root, and no other.");
    told.response();
    told.send("status", "status");
    told.send("a token", &issuer.device_token("door-1", json!({}))?);

    told.chapter("The first key set, signed by the root, provisions it.");
    let first_update = issuer.key_set_update()?;
    told.send("a key-set update", &first_update);

    told.chapter("A token of the issuer opens it for five seconds.");
    let token = issuer.device_token("door-1", json!({}))?;
    told.send("a token", &token);
    told.bolt();

    told.chapter("Once.");
    told.send("the same token", &token);

    told.chapter("A token that has expired, and others that are not for this door.");
    for (what, device, claims) in [
        (
            "a token that expired an hour ago",
            "door-1",
            json!({"iat": NOW - 3900, "exp": NOW - 3600}),
        ),
        ("a token for door-2", "door-2", json!({})),
        (
            "a token without the scope",
            "door-1",
            json!({"scope": "door:look"}),
        ),
    ] {
        told.send(what, &issuer.device_token(device, claims)?);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("a token")?;
    let forged = signed.replacen('.', "A.", 1);
    told.send(
        "a token with another header",
        &format!("{forged}.{signature}"),
    );
    told.send("a line of 7,000 bytes", &"x".repeat(7_000));
    told.closed();

    told.chapter("The power goes and comes back: what was used stays used.");
    told.restart(|| door.on(DATE));
    told.send("the first token", &token);

    told.chapter("Somebody sets the clock back by a week.");
    told.restart(|| door.on("2026-11-14T12:00:02"));
    let old = json!({"iat": NOW - 604_800, "exp": NOW - 604_500});
    told.send(
        "a token of a week ago",
        &issuer.device_token("door-1", old)?,
    );
    told.send("a token of now", &issuer.device_token("door-1", json!({}))?);
    told.closed();
    let nonce = told.challenge();
    told.send(
        "a token with that nonce",
        &issuer.device_token("door-1", json!({"nonce": nonce}))?,
    );
    told.bolt();
    told.send("status", "status");

    told.chapter("The issuer rotates its keys. A signed update brings the new one.");
    told.restart(|| door.on(DATE));
    let by_old_key = issuer.device_token("door-1", json!({}))?;
    issuer.clock().set(NOW + 10);
    told.rotate().await?;
    told.send(
        "a token of the new key",
        &issuer.device_token("door-1", json!({}))?,
    );
    told.send("the update", &issuer.key_set_update()?);
    told.send(
        "a token of the new key",
        &issuer.device_token("door-1", json!({}))?,
    );
    told.bolt();
    told.send("a token of the old key", &by_old_key);

    told.chapter("The update before, once more.");
    told.send("the first update", &first_update);

    told.chapter(
        "The keys are rotated again, and the door has no network. A badge brings the update.",
    );
    issuer.clock().set(NOW + 20);
    told.rotate().await?;
    told.send(
        "a token of the new key",
        &issuer.device_token("door-1", json!({}))?,
    );
    told.send(
        "a badge",
        &issuer.badge("door-1", json!({"signed_revocation": null}))?,
    );
    told.bolt();

    told.chapter("A badge is lost. The next one that comes to the door says so.");
    let mut revocation = Revocation::default();
    revocation.revoke(Revoked::Sub("mallory".into()));
    issuer.revoke(revocation)?;
    told.send(
        "a badge",
        &issuer.badge("door-1", json!({"signed_jwks": null}))?,
    );
    told.bolt();
    told.send(
        "the lost badge",
        &issuer.device_token("door-1", json!({"sub": "mallory"}))?,
    );

    told.chapter("The power is cut in the middle of an update.");
    issuer.clock().set(NOW + 30);
    told.rotate().await?;
    let update = issuer.key_set_update()?;
    told.restart(|| door.on_until(DATE, 700));
    told.send("the update", &update);
    told.restart(|| door.on(DATE));
    told.send("status", "status");
    told.send("the update", &update);
    told.send(
        "a token of the new key",
        &issuer.device_token("door-1", json!({}))?,
    );
    told.bolt();

    told.chapter("What the door has recorded.");
    told.send("audit", "audit");
    drop(told);
    issuer.stop().await;
    Ok(())
}

/// A door: an LM3S6965 with a DS1338 clock and an EEPROM, of which the file stays when it is switched off.
struct Door<'f> {
    folder: &'f Path,
    board: Board,
    board_with_power_cut: Board,
}

impl<'f> Door<'f> {
    fn new(folder: &'f Path) -> Self {
        Self {
            folder,
            board: Board::build("lm3s6965evb", ""),
            board_with_power_cut: Board::build("lm3s6965evb", "power-cut"),
        }
    }

    /// Switches the door on. Its clock says `date` and goes on from there.
    fn on(&self, date: &str) -> Running {
        let date = format!("base={date},clock=vm");
        self.board
            .start(self.folder, &["-rtc", &date, "-trace", "pl061_set_output"])
    }

    /// The same, and the power is cut when so many bytes were written to the EEPROM.
    fn on_until(&self, date: &str, written: u32) -> Running {
        let date = format!("base={date},clock=vm");
        let cut = format!("cut={written}");
        let options = ["-rtc", &date, "-append", &cut];
        self.board_with_power_cut.start(self.folder, &options)
    }
}

/// The pin of the bolt, PB0, in QEMU's trace.
const BOLT: &str = "/machine/unattached/device[9] setting output 0 to ";

/// Names for the keys, whose `kid` differ from run to run.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn add(&mut self, issuer: &Issuer) {
        for key in issuer.keys() {
            if !self.0.contains(&key.key_id) {
                self.0.push(key.key_id);
            }
        }
    }

    /// The line with names, and without the seconds and the figures that differ.
    fn apply(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (key_id, number) in self.0.iter().zip(1..) {
            line = line.replace(key_id, &format!("KEY-{number}"));
        }
        if line.starts_with("memory ") {
            return "memory      ...".into();
        }
        // The seconds that have passed differ: `T12:00:31Z` and the like. Only a document ends at a given one.
        if line.contains(" until ") {
            return line;
        }
        match line
            .find("T1")
            .and_then(|at| line.get(at + 7..at + 9))
            .filter(|_| line.contains('Z'))
        {
            Some(seconds) => line.replacen(&format!("{seconds}Z"), "..Z", 1),
            None => line,
        }
    }
}

/// What is told, and the door that it is told of.
struct Told<'i> {
    issuer: &'i Issuer,
    names: Names,
    /// Nothing while it is switched off.
    door: Option<Running>,
}

impl<'i> Told<'i> {
    fn new(issuer: &'i Issuer, door: Running) -> Self {
        let mut names = Names::default();
        names.add(issuer);
        Self {
            issuer,
            names,
            door: Some(door),
        }
    }

    /// Rotates the issuer's keys twice, for the next key is published ahead.
    async fn rotate(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        for _ in 0..2 {
            self.issuer.rotate().await?;
            self.names.add(self.issuer);
        }
        Ok(())
    }

    fn chapter(&self, title: &str) {
        println!("\n# {title}");
        let _ = io::stdout().flush();
    }

    /// Sends a line, and tells it by what it is.
    fn send(&mut self, what: &str, line: &str) {
        println!("> {what}");
        self.door().send(line);
        self.response();
    }

    fn response(&mut self) {
        let response = self.door().response();
        self.tell(response);
    }

    fn tell(&self, response: Option<Vec<String>>) {
        match response {
            Some(lines) => {
                for line in lines {
                    println!("{}", self.names.apply(&line));
                }
            }
            None => println!("(the power is cut)"),
        }
    }

    fn challenge(&mut self) -> Value {
        println!("> challenge");
        self.door().send("challenge");
        let response = self.door().response().unwrap_or_default();
        let nonce = response
            .first()
            .and_then(|line| line.strip_prefix("nonce "));
        println!(
            "nonce {}",
            if nonce.is_some() { "..." } else { "is missing" }
        );
        nonce.into()
    }

    /// The bolt is drawn, and shut again.
    fn bolt(&mut self) {
        for (level, what) in [(1, "drawn"), (0, "shut")] {
            let _ = self.door().trace(&format!("{BOLT}{level}"));
            println!("(the bolt is {what})");
        }
    }

    fn closed(&mut self) {
        let moved = self.door().has_traced(BOLT);
        println!(
            "(the bolt {})",
            if moved { "has moved" } else { "has not moved" }
        );
    }

    /// Switches the door off, and then on.
    fn restart(&mut self, on: impl FnOnce() -> Running) {
        // Before the next one has its EEPROM.
        self.door = None;
        self.door = Some(on());
        self.response();
    }

    fn door(&mut self) -> &mut Running {
        self.door.as_mut().expect("it is switched on")
    }
}
