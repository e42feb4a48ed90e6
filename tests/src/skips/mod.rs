//! Faults in the example door, one a run: an instruction that is skipped, or a condition that is taken the other way,
//! while the door judges a token that it has to reject.
//!
//! The door runs in QEMU, whose time is counted in instructions. It is brought to the moment before the last bytes of
//! the token arrive, and memory and registers are kept: QEMU's own snapshots do not work with this board, whose card
//! reader and EEPROM cannot be restored. Each run begins there, and the trace of the bolt's pin tells whether the bolt
//! has moved.

mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::num::NonZero;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{self, ChildStdin, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use object::{Object as _, ObjectSegment as _, ObjectSymbol as _, SymbolKind};

use crate::board::Board;
use crate::gdb::{Gdb, State};
use crate::thumb::Instruction;

pub use scenes::{Scene, forged, good};

/// The program of the door, and where it is in it.
pub struct Door {
    board: Board,
    flash: Vec<u8>,
    functions: Vec<Function>,
    /// Where the processor goes after an exception that is an error, the one of a panic included.
    hard_fault: u32,
    /// Feeds the watchdog, and is called at least once in each round of the door's loop.
    tick: u32,
    /// Begins the door's loop, when the peripherals are ready.
    run: u32,
}

/// A function of the program.
struct Function {
    addresses: Range<u32>,
    name: String,
}

impl Door {
    /// Builds the door for the LM3S6965, as it is shipped.
    ///
    /// # Panics
    ///
    /// If it does not build, or has no function of that name.
    #[must_use]
    pub fn build() -> Self {
        let board = Board::build("lm3s6965evb", "");
        let program = object::File::parse(board.program()).expect("an ELF file");
        let mut flash = Vec::new();
        for segment in program.segments() {
            let (address, bytes) = (segment.address() as usize, segment.data().expect("bytes"));
            if address < RAM.start as usize && !bytes.is_empty() {
                flash.resize(flash.len().max(address + bytes.len()), 0xff);
                flash[address..address + bytes.len()].copy_from_slice(bytes);
            }
        }
        let functions = program
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text);
        let functions = functions.map(|symbol| {
            let start = symbol.address() as u32 & !1;
            let name = symbol.name().expect("a name");
            Function {
                addresses: start..start + symbol.size() as u32,
                name: format!("{:#}", rustc_demangle::demangle(name)),
            }
        });
        let mut functions: Vec<_> = functions.filter(|f| !f.addresses.is_empty()).collect();
        functions.sort_by_key(|function| function.addresses.start);

        let (vectors, _) = flash.as_chunks::<4>();
        let mut door = Self {
            hard_fault: u32::from_le_bytes(vectors[HARD_FAULT]) & !1,
            tick: 0,
            run: 0,
            board,
            functions,
            flash,
        };
        door.tick = door.function(&["tokenlatch_door::upkeep::Upkeep<", "::tick"]);
        door.run = door.function(&["tokenlatch_door::run"]);
        door
    }

    /// The name of the function at an address, and how far into it that is.
    #[must_use]
    pub fn place(&self, address: u32) -> (&str, u32) {
        let after = self
            .functions
            .partition_point(|f| f.addresses.start <= address);
        match self.functions[..after].last() {
            Some(function) if function.addresses.contains(&address) => {
                (&function.name, address - function.addresses.start)
            }
            _ => ("?", address),
        }
    }

    /// The instruction at an address.
    ///
    /// # Panics
    ///
    /// If it is none of the flash.
    #[must_use]
    pub fn instruction(&self, address: u32) -> Instruction {
        Instruction::first(&self.flash[address as usize..])
    }

    /// Every fault of the instruction at an address that is executed so many times: it is skipped, and decides the
    /// other way, the first time and the last time, and every time.
    #[must_use]
    pub fn faults(&self, address: u32, count: u32) -> Vec<Fault> {
        let instruction = self.instruction(address);
        let changes = [Some(instruction.skipped()), instruction.flipped()];
        let mut whens = vec![When::Once(1), When::Once(count), When::Always];
        whens.dedup();
        let changes = changes.into_iter().flatten();
        let faults = changes.flat_map(|changed| {
            let changed = changed.bytes().to_vec();
            let fault = |when: &When| Fault {
                address,
                changed: changed.clone(),
                when: *when,
            };
            whens.iter().map(fault).collect::<Vec<_>>()
        });
        faults.collect()
    }

    /// Whether a function at the way from the token to the bolt has the address: the door's, and of the verifier those
    /// that decide.
    #[must_use]
    pub fn leads_to_the_verdict(&self, address: u32) -> bool {
        let (name, _) = self.place(address);
        VERDICT_PATH.iter().any(|part| name.contains(part))
    }

    /// The address of the only function with these parts in its name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[must_use]
    pub fn function(&self, parts: &[&str]) -> u32 {
        let has = |function: &&Function| parts.iter().all(|part| function.name.contains(part));
        let found: Vec<_> = self.functions.iter().filter(has).collect();
        let [function] = found[..] else {
            panic!("{} functions with {parts:?}", found.len());
        };
        function.addresses.start
    }
}

/// A fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where the instruction is.
    pub address: u32,
    /// What is in its place.
    pub changed: Vec<u8>,
    /// When.
    pub when: When,
}

/// When a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// The nth time that the instruction is executed, counted from 1, and no other time.
    Once(u32),
    /// From the token's arrival on.
    Always,
}

/// Whether the door opens to a forged token once its verifier takes every signature for a good one: whether a run tells
/// that the bolt has moved.
#[must_use]
pub fn is_weak(door: &Door) -> bool {
    let scene = scenes::wrong_signature();
    let fault = Fault {
        address: door.function(&["tokenlatch::rs256::is_encoded_message"]),
        changed: RETURN_TRUE.into(),
        when: When::Always,
    };
    Stage::set(door, &scene).inject(&[fault]) == [Some(Outcome::Moved)]
}

/// movs r0, #1; bx lr
const RETURN_TRUE: [u8; 4] = [0x01, 0x20, 0x70, 0x47];

/// Parts of the names of functions.
const VERDICT_PATH: [&str; 11] = [
    "tokenlatch_door::bolt",
    "tokenlatch_door::door",
    "tokenlatch_door::run",
    "tokenlatch_device::challenge",
    "tokenlatch_device::document",
    "tokenlatch_device::hardened",
    "tokenlatch_device::replay",
    "tokenlatch_device::revocation",
    "tokenlatch::policy",
    "tokenlatch::rs256",
    "tokenlatch::verified",
];

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The door says that it rejects the token.
    Rejected,
    /// The door says nothing of the kind, and the bolt stays.
    Silent,
    /// An exception or a panic, which shut the bolt.
    Crashed,
    /// The door does nothing any more: the watchdog has reset it, or is fed for ever.
    Hung,
    /// The bolt has moved.
    Moved,
}

/// A door that stands before the last bytes of a scene's line.
pub struct Stage<'d> {
    door: &'d Door,
    scene: &'d Scene,
    /// Where the door's loop begins a round, just after a tick.
    round: u32,
    /// Of the memory and the processor.
    state: State,
    eeprom: Vec<u8>,
    /// The last bytes of the line.
    last: [u8; CHUNK],
    /// The response without a fault.
    clean: String,
}

/// What a run has led to.
#[derive(Debug)]
struct Run {
    end: End,
    response: String,
    has_moved: bool,
    was_injected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Responded,
    Crashed,
    Hung,
}

impl<'d> Stage<'d> {
    /// Plays the lines before the one that is judged.
    ///
    /// # Panics
    ///
    /// If the door responds otherwise than the scene says.
    #[must_use]
    pub fn set(door: &'d Door, scene: &'d Scene) -> Self {
        Self::prepare(door, scene).unwrap_or_else(|error| panic!("{}: {error}", scene.name))
    }

    fn prepare(door: &'d Door, scene: &'d Scene) -> io::Result<Self> {
        let mut machine = Machine::start(door, scene, PREPARING, None)?;
        let round = machine.find_round(door)?;
        machine.next_round(round)?;
        for (line, expected) in &scene.before {
            let response = machine.say(line, round)?;
            assert!(
                last_line(&response).starts_with(expected),
                "{expected}: {response}"
            );
            // What the line has opened is shut.
            while machine.is_open()? {
                machine.next_round(round)?;
            }
            // Once the door has recorded its share of rejections, those of the runs leave the storage as it is.
            loop {
                let eeprom = machine.eeprom()?;
                machine.say("x", round)?;
                if machine.eeprom()? == eeprom {
                    break;
                }
            }
        }
        let chunks = chunks(&scene.line);
        let (last, chunks) = chunks.split_last().expect("a chunk");
        for chunk in chunks {
            machine.arrive(chunk)?;
            machine.next_round(round)?;
        }
        let mut stage = Self {
            door,
            scene,
            round,
            state: machine.gdb.state(RAM)?,
            eeprom: machine.eeprom()?,
            last: *last,
            clean: String::new(),
        };
        let mut machine = stage.start()?;
        let run = stage.run(&mut machine, None)?;
        let is_as_said = last_line(&run.response).starts_with(scene.response);
        assert!(is_as_said, "{run:?}");
        assert_eq!(run.has_moved, scene.response == "open", "{run:?}");
        stage.clean = run.response;
        Ok(stage)
    }

    /// The instructions that are executed from there to the end of the response, and how often.
    ///
    /// # Panics
    ///
    /// If the response is another one than the scene says, or the bolt moves where it must not.
    #[must_use]
    pub fn executed(&self) -> BTreeMap<u32, u32> {
        let mut machine = self.start().expect("QEMU starts");
        self.log(&mut machine).expect("QEMU runs")
    }

    /// What becomes of each fault, one a run: nothing where the instruction is not executed that often.
    #[must_use]
    pub fn inject(&self, faults: &[Fault]) -> Vec<Option<Outcome>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut machine = None;
            let mut outcomes = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(fault) = faults.get(index) else {
                    return outcomes;
                };
                let outcome = self.outcome(&mut machine, fault);
                let outcome = outcome.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                outcomes.push((index, outcome));
            }
        };
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let outcomes: BTreeMap<_, _> = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let outcomes = workers
                .into_iter()
                .map(|worker| worker.join().expect("no panic"));
            outcomes.flatten().collect()
        });
        outcomes.into_values().collect()
    }

    /// What becomes of a fault, in a QEMU that is as good as new.
    fn outcome(&self, kept: &mut Option<Machine>, fault: &Fault) -> io::Result<Option<Outcome>> {
        let mut machine = match kept.take() {
            Some(machine) => machine,
            None => self.start()?,
        };
        let run = self.run(&mut machine, Some(fault))?;
        if run.was_injected
            && run.end == End::Responded
            && run.response == self.clean
            && !run.has_moved
            && machine.is_reusable()?
        {
            machine.repair(fault, self.door)?;
            *kept = Some(machine);
        }
        if !run.was_injected {
            return Ok(None);
        }
        Ok(Some(match run.end {
            _ if run.has_moved => Outcome::Moved,
            End::Crashed => Outcome::Crashed,
            End::Hung => Outcome::Hung,
            End::Responded if last_line(&run.response).starts_with("rejected ") => {
                Outcome::Rejected
            }
            End::Responded => Outcome::Silent,
        }))
    }

    fn log(&self, machine: &mut Machine) -> io::Result<BTreeMap<u32, u32>> {
        let log = machine.folder.0.join("log");
        machine.command("logfile log")?;
        machine.command("singlestep on")?;
        machine.command("log exec,nochain")?;
        let run = self.run(machine, None)?;
        assert_eq!(run.response, self.clean);
        let mut executed = BTreeMap::new();
        let mut last = None;
        for line in BufReader::new(File::open(log)?).lines() {
            // Trace 0: 0x7f5b8c000100 [00400000/00000f9c/00000110/ff211001] name
            let line = line?;
            let address = line.starts_with("Trace ").then(|| line.split('/').nth(1));
            let Some(address) = address.flatten() else {
                continue;
            };
            let address = u32::from_str_radix(address, 16).expect("an address");
            // An access to a peripheral is begun twice.
            if last != Some(address) {
                *executed.entry(address).or_default() += 1;
            }
            last = Some(address);
        }
        Ok(executed)
    }

    /// Runs to the end of the response, and some rounds more.
    ///
    /// A run is at its end when the door begins its next rounds: it may have responded or not.
    fn run(&self, machine: &mut Machine, fault: Option<&Fault>) -> io::Result<Run> {
        machine.gdb.set_state(&self.state)?;
        machine.arrive(&self.last)?;
        machine.response()?;
        machine.has_moved()?;
        let (end, was_injected) = match self.play(machine, fault) {
            Ok(played) => played,
            // The processor is locked up, and QEMU ends.
            Err(_) if machine.has_ended()? => (End::Crashed, true),
            Err(error) => return Err(error),
        };
        Ok(Run {
            end,
            response: machine.response()?,
            has_moved: machine.has_moved()?,
            was_injected,
        })
    }

    fn play(&self, machine: &mut Machine, fault: Option<&Fault>) -> io::Result<(End, bool)> {
        let door = self.door;
        let mut pending = None;
        match fault {
            Some(fault) if fault.when == When::Always => machine.change(fault)?,
            Some(fault) => {
                machine.gdb.set_breakpoint(fault.address)?;
                pending = Some(fault);
            }
            None => {}
        }
        let then = self.scene.then.as_deref().map(chunks).unwrap_or_default();
        let mut then = then.iter();
        let (mut rounds, mut ticks, mut hits) = (0, 0, 0);
        let mut at = self.round;
        let end = loop {
            if at == self.round {
                // The first one is that of the snapshot.
                rounds += 1;
                if rounds > 1
                    && let Some(chunk) = then.next()
                {
                    machine.arrive(chunk)?;
                    rounds = 1;
                }
                if rounds > ROUNDS {
                    break End::Responded;
                }
            }
            ticks += u32::from(at == door.tick);
            if at == door.run || ticks > MAX_TICKS {
                break End::Hung;
            }
            if at == door.hard_fault {
                break End::Crashed;
            }
            let is_pending = |at: &u32| pending.is_some_and(|fault: &Fault| fault.address == *at);
            hits += u32::from(is_pending(&at));
            if let Some(fault) = pending
                && fault.address == at
                && fault.when == When::Once(hits)
            {
                machine.change(fault)?;
                at = machine.gdb.step()?;
                machine.repair(fault, door)?;
                if !machine.stops.contains(&fault.address) {
                    machine.gdb.clear_breakpoint(fault.address)?;
                }
                pending = None;
            } else {
                at = machine.gdb.step()?;
            }
            let is_pending = |at: &u32| pending.is_some_and(|fault: &Fault| fault.address == *at);
            let is_stop = |machine: &Machine, at| machine.stops.contains(&at) || is_pending(&at);
            if !is_stop(machine, at) {
                at = machine.gdb.run()?;
                if !is_stop(machine, at) {
                    // It takes long. The watchdog resets the door, unless it is fed for ever.
                    machine.stop_at(door.tick)?;
                }
            }
        };
        Ok((end, pending.is_none()))
    }

    /// Starts a QEMU with the state of the stage.
    fn start(&self) -> io::Result<Machine> {
        let mut machine = Machine::start(self.door, self.scene, RUNNING, Some(&self.eeprom))?;
        // The peripherals are ready, and the loop has not begun.
        machine.gdb.step()?;
        assert_eq!(machine.run()?, self.door.run);
        machine.stop_at(self.round)?;
        Ok(machine)
    }
}

/// A QEMU, which stands still between two calls.
struct Machine {
    folder: Folder,
    gdb: Gdb,
    qemu: Child,
    serial: ChildStdin,
    /// What the door sends.
    sent: File,
    /// What QEMU traces.
    traced: File,
    stops: BTreeSet<u32>,
    /// The EEPROM at the start.
    first_eeprom: Vec<u8>,
    uses: u32,
}

impl Machine {
    /// Starts QEMU, with this in the EEPROM.
    fn start(door: &Door, scene: &Scene, pace: &str, eeprom: Option<&[u8]>) -> io::Result<Self> {
        let folder = Folder::new()?;
        door.board.set_up(&folder.0);
        if let Some(eeprom) = eeprom {
            fs::write(folder.0.join(EEPROM), eeprom)?;
        }
        let file = |name| {
            let path = folder.0.join(name);
            File::create(&path).and_then(|to| Ok((to, File::open(path)?)))
        };
        let ((to_sent, sent), (to_traced, traced)) = (file("sent")?, file("traced")?);
        let rtc = format!("base={},clock=vm", scene.date);
        let options = [
            &["-S", "-gdb", "unix:gdb,server=on,wait=off"][..],
            &["-icount", pace, "-rtc", &rtc],
            &["-trace", "pl061_set_output"],
            // Nothing that a fault executes calls the host.
            &["-semihosting-config", "enable=off"],
        ];
        let mut qemu = door.board.command(&folder.0, &options.concat());
        qemu.stdin(Stdio::piped()).stdout(to_sent).stderr(to_traced);
        let mut qemu = Child(qemu.spawn()?);
        let gdb = Gdb::connect(&folder.0.join("gdb")).inspect_err(|_| {
            // What QEMU has said.
            let _ = io::copy(&mut &traced, &mut io::stderr());
        })?;
        let mut machine = Self {
            serial: qemu.0.stdin.take().expect("standard input"),
            first_eeprom: fs::read(folder.0.join(EEPROM))?,
            folder,
            gdb,
            qemu,
            sent,
            traced,
            stops: BTreeSet::new(),
            uses: 0,
        };
        // QEMU is slow near a breakpoint: at the reset there would be one too many, beside the arithmetic.
        machine.stop_at(door.run)?;
        machine.stop_at(door.hard_fault)?;
        Ok(machine)
    }

    /// Whether the next run finds all but memory and processor as this run did. The clock goes on, so not for ever.
    fn is_reusable(&mut self) -> io::Result<bool> {
        self.uses += 1;
        Ok(self.uses < MAX_USES && self.eeprom()? == self.first_eeprom)
    }

    fn eeprom(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.0.join(EEPROM))
    }

    /// Sends a line, and returns the response.
    fn say(&mut self, line: &str, round: u32) -> io::Result<String> {
        for chunk in chunks(line) {
            self.arrive(&chunk)?;
            self.next_round(round)?;
        }
        self.response()
    }

    fn stop_at(&mut self, address: u32) -> io::Result<()> {
        self.stops.insert(address);
        self.gdb.set_breakpoint(address)
    }

    fn change(&mut self, fault: &Fault) -> io::Result<()> {
        self.gdb.write(fault.address, &fault.changed)
    }

    fn repair(&mut self, fault: &Fault, door: &Door) -> io::Result<()> {
        let start = fault.address as usize;
        let bytes = &door.flash[start..start + fault.changed.len()];
        self.gdb.write(fault.address, bytes)
    }

    /// Where the door's loop begins a round: after the first tick since reset. The program stands at the reset.
    fn find_round(&mut self, door: &Door) -> io::Result<u32> {
        self.stop_at(door.tick)?;
        for expected in [door.run, door.tick] {
            self.gdb.step()?;
            assert_eq!(self.run()?, expected);
        }
        self.stops.remove(&door.tick);
        self.gdb.clear_breakpoint(door.tick)?;
        let [.., link, _] = self.gdb.registers()?;
        let round = link & !1;
        self.stop_at(round)?;
        Ok(round)
    }

    /// Lets as many bytes arrive as the UART has room for.
    fn arrive(&mut self, chunk: &[u8; CHUNK]) -> io::Result<()> {
        self.serial.write_all(chunk)?;
        while self.register(UART_FLAGS)? & RECEIVE_FULL == 0 {
            thread::sleep(Duration::from_micros(50));
        }
        Ok(())
    }

    /// Runs to the next time that the door's loop begins a round.
    fn next_round(&mut self, round: u32) -> io::Result<()> {
        self.gdb.step()?;
        let at = self.run()?;
        assert_eq!(at, round, "the door fails: {}", self.response()?);
        Ok(())
    }

    /// Runs to a breakpoint, without a fault.
    fn run(&mut self) -> io::Result<u32> {
        for _ in 0..60 {
            let at = self.gdb.run()?;
            if self.stops.contains(&at) {
                return Ok(at);
            }
        }
        panic!("the door hangs");
    }

    fn is_open(&mut self) -> io::Result<bool> {
        Ok(self.register(BOLT_DATA)? != 0)
    }

    fn register(&mut self, address: u32) -> io::Result<u32> {
        let bytes = self.gdb.read(address, 4)?;
        let word = bytes.first_chunk();
        Ok(word.map_or(0, |word| u32::from_le_bytes(*word)))
    }

    /// What the door has sent since the last call.
    fn response(&mut self) -> io::Result<String> {
        let mut sent = Vec::new();
        self.sent.read_to_end(&mut sent)?;
        Ok(String::from_utf8_lossy(&sent).into())
    }

    fn has_moved(&mut self) -> io::Result<bool> {
        let mut traced = Vec::new();
        self.traced.read_to_end(&mut traced)?;
        Ok(String::from_utf8_lossy(&traced).contains(BOLT_OPENS))
    }

    fn command(&mut self, command: &str) -> io::Result<()> {
        let printed = self.gdb.monitor(command)?;
        assert!(printed.trim().is_empty(), "{command}: {printed}");
        Ok(())
    }

    /// Whether QEMU has ended by itself, or does so now.
    fn has_ended(&mut self) -> io::Result<bool> {
        for _ in 0..1000 {
            if self.qemu.0.try_wait()?.is_some() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(false)
    }
}

/// A process, until this is dropped.
struct Child(process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().next_back().unwrap_or_default()
}

/// A line in chunks, after empty lines, which the door skips.
fn chunks(line: &str) -> Vec<[u8; CHUNK]> {
    let len = (line.len() + 1).next_multiple_of(CHUNK) - 1;
    let text = format!("{line:\n>len$}\n");
    let (chunks, _) = text.as_bytes().as_chunks();
    chunks.into()
}

/// The room of the UART's buffer.
const CHUNK: usize = 16;

/// UARTFR of the LM3S6965, and its bit RXFF.
const UART_FLAGS: u32 = 0x4000_c018;
const RECEIVE_FULL: u32 = 1 << 6;

/// PB0.
const BOLT_DATA: u32 = 0x4000_5004;
const BOLT_OPENS: &str = "/machine/unattached/device[9] setting output 0 to 1";

const RAM: Range<u32> = 0x2000_0000..0x2001_0000;

/// The number of the exception.
const HARD_FAULT: usize = 3;

/// An instruction takes a microsecond, so that the watchdog resets a door that hangs after four million of them.
const RUNNING: &str = "shift=10";

/// An instruction takes 64 nanoseconds, so that what comes before is over in some seconds: the clock of each run begins
/// anew.
const PREPARING: &str = "shift=6";

/// The rounds after the response in which the bolt may move yet.
const ROUNDS: u32 = 4;

const EEPROM: &str = "ee.bin";

/// A run takes a second of the door's time.
const MAX_USES: u32 = 40;

/// In a good run there are some 50.
const MAX_TICKS: u32 = 300;

/// A folder, until this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tokenlatch-skips-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
