//! The soak: `tokenlatch serve` and a service with a guard under load for long, with every kind of trouble.
//!
//! Three processes: the issuer, `serve`, the service. This one sends requests, makes trouble, judges every response
//! by rules of its own, and watches what the processes take.

mod children;
mod disk;
mod issuer;
mod load;
mod oracle;
mod phases;
mod plot;
mod report;
mod sampler;
mod service;
mod shared;
mod tally;
mod tokens;
mod verdict;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use serde_json::json;
use tokenlatch_host::reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::sleep;

use children::{Running, Setup};
use issuer::{Control, Failed};
use load::{FLOOD, PATIENT, STEADY, Worker, request, work};
use phases::{Stage, Trouble};
use sampler::sample;
use shared::Shared;
use tokens::Kind;
use verdict::{Phase, Run};
use world::{Child, World};

/// Puts `tokenlatch serve` and a guarded service under load and in trouble. The exit status is 1 if anything was
/// wrong. `tests/assurance/soak` calls it.
#[derive(Parser)]
#[command(
    name = "soak",
    args_conflicts_with_subcommands = true,
    args_override_self = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    soak: Option<Soak>,
}

#[derive(clap::Args)]
struct Soak {
    /// How long, in minutes; all troubles come once in 10 minutes, and once in less
    #[arg(long, value_name = "N", default_value = "20")]
    minutes: f64,
    /// The date for the report
    #[arg(long)]
    date: String,
    /// The program `tokenlatch`
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// The library libfaketime
    #[arg(long, value_name = "FILE")]
    faketime: PathBuf,
    /// An empty folder for configurations
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// An empty small disk
    #[arg(long, value_name = "DIR")]
    disk: PathBuf,
    /// Where the report and the plot go
    #[arg(long, value_name = "DIR")]
    report: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Be the service under test
    #[command(hide = true)]
    Service { issuer: String },
}

/// How long everything is in order at first.
const WARM_UP: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match (arguments.command, arguments.soak) {
        (Some(Command::Service { issuer }), _) => service::serve(&issuer).await.map(|()| true),
        (None, Some(soak)) => run(soak).await,
        (None, None) => Err("see --help".into()),
    };
    match result {
        Ok(is_right) => ExitCode::from(u8::from(!is_right)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs it all. Returns whether everything was right.
async fn run(soak: Soak) -> Result<bool, Failed> {
    let setup = Arc::new(Setup {
        program: soak.program,
        faketime: soak.faketime,
        folder: soak.folder,
        disk: soak.disk,
    });
    setup.jump(0)?;
    let (issuer, origin) = setup.issuer()?;
    let control = Control::new(origin)?;
    let (serve, serve_address) = setup.serve(&control.issuer())?;
    let (service, service_address) = setup.service(&control.issuer())?;
    let shared = Arc::new(Shared::new(World::new(), [serve_address, service_address]));
    let stage = Stage {
        shared: &shared,
        setup: &setup,
        control: &control,
        issuer: &issuer,
        children: [&serve, &service],
    };
    // Which keys there are is said after a rotation.
    stage.rotate().await?;

    let start = Instant::now();
    let mut workers = JoinSet::new();
    for child in Child::ALL {
        for (count, worker) in [
            (STEADY, Worker::Steady),
            (PATIENT, Worker::Patient),
            (FLOOD, Worker::Flood),
        ] {
            for _ in 0..count {
                workers.spawn(work(shared.clone(), child, worker));
            }
        }
    }
    let processes = [issuer.id(), serve.id(), service.id()];
    let samples = tokio::spawn(sample(shared.clone(), setup.clone(), processes, start));
    let phases = play(&stage, soak.minutes, start).await;
    shared.is_over.store(true, Ordering::SeqCst);
    for worker in workers.join_all().await {
        worker?;
    }
    let samples = samples.await?;
    let mut run = Run {
        minutes: soak.minutes,
        date: soak.date,
        phases: phases?,
        samples,
    };
    run.phases
        .push(Phase::calm(start.elapsed(), start.elapsed()));

    restart(&shared, &setup, &control, serve).await?;
    let strangers = disk::strangers(&setup.disk)?;
    let mut tally = std::mem::take(&mut *shared.tally());
    if !strangers.is_empty() {
        tally.fault(format!(
            "left beside the snapshot: {}",
            strangers.join(", ")
        ));
    }
    for fault in run.growth() {
        tally.fault(fault);
    }
    report::write(&soak.report, &run, &tally)?;
    println!("{}", report::evidence(&run, &tally));
    Ok(tally.faults.is_empty())
}

/// Makes all troubles, once in 10 minutes.
async fn play(stage: &Stage<'_>, minutes: f64, start: Instant) -> Result<Vec<Phase>, Failed> {
    let rounds = (minutes / 10.0).max(1.0) as u32;
    let total = Duration::from_secs_f64(minutes * 60.0).saturating_sub(WARM_UP);
    let length = total / (rounds * 2 * Trouble::ALL.len() as u32);
    let mut phases = vec![Phase::calm(Duration::ZERO, WARM_UP)];
    sleep(WARM_UP).await;
    for trouble in Trouble::ALL.repeat(rounds as usize) {
        stage.shared.enter(phases.len());
        println!("{:4} s: {}", start.elapsed().as_secs(), trouble.name());
        let begins = start.elapsed();
        stage.play(trouble, length).await?;
        phases.push(Phase {
            trouble: Some(trouble),
            from: begins,
            to: start.elapsed(),
        });
        stage.shared.enter(phases.len());
        // A phase that takes longer than its time makes the calm no shorter.
        sleep(length).await;
        let ended = phases.last().map_or(begins, |phase| phase.to);
        phases.push(Phase::calm(ended, start.elapsed()));
    }
    // A snapshot of a clock that was behind is too old after a restart.
    while !stage.shared.world().is_snapshot_of_this_time() {
        sleep(Duration::from_secs(1)).await;
    }
    Ok(phases)
}

/// Restarts `serve` while the issuer is out of order: it has the keys of the snapshot.
async fn restart(
    shared: &Shared,
    setup: &Setup,
    control: &Control,
    mut serve: Running,
) -> Result<(), Failed> {
    control.inject(json!("outage")).await?;
    serve.signal("KILL")?;
    serve.wait()?;
    let (_serve, address) = setup.serve(&control.issuer())?;
    let token = {
        let world = shared.world();
        let now = Instant::now();
        let mut keys = world.keys.iter().rev();
        // The newest key that it had before.
        let key = keys.find(|key| !key.tokens.is_empty() && world.has_key(Child::Serve, key, now));
        let mut tokens = key.ok_or("there is no known key")?.tokens.iter();
        let token = tokens.find(|token| token.kind == Kind::Good);
        token.ok_or("there is no good token")?.text.clone()
    };
    let client = Client::builder().no_proxy().build()?;
    for (kind, right) in [(Kind::Good, 200), (Kind::BadSignature, 401)] {
        let request = request(client.get(format!("http://{address}/nginx")), kind, &token);
        let status = request.send().await?.status().as_u16();
        if status != right {
            let fault = format!("after a restart in an outage: {status} and not {right}");
            shared.tally().fault(fault);
        }
    }
    Ok(())
}
