//! The results, as the programs print and read them.

use serde::{Deserialize, Serialize};

use crate::{Build, Operation};

/// One run of `ratios`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// The day, in UTC.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// The compiler, as it names itself.
    pub rustc: String,
    /// How Tokenlatch was built.
    pub build: Build,
    /// What was measured.
    pub rows: Vec<HostRow>,
}

/// One contender in one operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostRow {
    /// What was done.
    pub operation: Operation,
    /// The bits of the key.
    pub bits: usize,
    /// Who did it.
    pub contender: String,
    /// The version of its package.
    pub version: String,
    /// How long it took: the median.
    pub nanoseconds: f64,
    /// Tokenlatch's time divided by this one, both from the same run.
    pub ratio: f64,
    /// How often it allocated from Rust's heap.
    pub allocations: u64,
}

/// One run of `lookups`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lookups {
    /// The day, in UTC.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// How many threads it runs at a time.
    pub parallelism: usize,
    /// The compiler, as it names itself.
    pub rustc: String,
    /// What was measured.
    pub rows: Vec<LookupsRow>,
}

/// One contender with so many threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookupsRow {
    /// How many threads look up.
    pub threads: usize,
    /// Who did it, and in which version.
    pub contender: String,
    /// The time that passes per lookup, the lookups of all threads together: the median.
    pub nanoseconds: f64,
    /// The time of Tokenlatch's async cache divided by this one.
    pub ratio: f64,
}

/// One run of `load`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    /// The day, in UTC.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// How many threads it runs at a time.
    pub parallelism: usize,
    /// The compiler, as it names itself.
    pub rustc: String,
    /// The program that sent the requests, and its version.
    pub wrk: String,
    /// How many connections it kept.
    pub connections: usize,
    /// How many turns each contender had.
    pub rounds: usize,
    /// How many seconds each turn took.
    pub seconds: u64,
    /// The bytes of the token.
    pub token_len: usize,
    /// What was measured.
    pub rows: Vec<LoadRow>,
    /// What was not.
    pub skipped: Vec<Skipped>,
}

/// One service. Its figures are medians of the turns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadRow {
    /// What guards the service, and in which version.
    pub contender: String,
    /// The same service without a guard: another row.
    pub baseline: String,
    /// How many turns count: those that no other program disturbed.
    pub turns: usize,
    /// Whether other programs disturbed all of its turns. Then all of them count.
    pub is_disturbed: bool,
    /// How many requests it responded to in a second.
    pub requests_per_second: f64,
    /// How many they were in the turn with the fewest.
    pub lowest: f64,
    /// How many they were in the turn with the most.
    pub highest: f64,
    /// How long half of the requests took at most.
    pub p50_microseconds: f64,
    /// How long 99 of 100 requests took at most.
    pub p99_microseconds: f64,
    /// The time on a processor that a request took.
    pub cpu_microseconds: f64,
    /// Its requests per second divided by those of the baseline.
    pub ratio: f64,
}

/// One service that was not measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skipped {
    /// What guards the service.
    pub contender: String,
    /// Why.
    pub reason: String,
}

/// One run of `benches/instructions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instructions {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// What was counted.
    pub rows: Vec<InstructionsRow>,
}

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstructionsRow {
    /// How Tokenlatch was built.
    pub build: Build,
    /// The bits of the key.
    pub bits: usize,
    /// What was done.
    pub operation: Operation,
    /// How many instructions it took.
    pub instructions: u64,
}

/// One run of `benches/emulated`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Emulated {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// What was counted.
    pub rows: Vec<EmulatedRow>,
}

/// One contender in one operation on one processor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmulatedRow {
    /// The processor: `aarch64`.
    pub processor: String,
    /// The bits of the key.
    pub bits: usize,
    /// What was done.
    pub operation: Operation,
    /// Who did it.
    pub contender: String,
    /// The version of its package.
    pub version: String,
    /// How many instructions it took.
    pub instructions: u64,
    /// How many of them multiply integers.
    pub multiplications: u64,
}

/// One run of `benches/target`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// QEMU, as it names itself.
    #[serde(default)]
    pub qemu: String,
    /// The day, in UTC.
    #[serde(default)]
    pub date: String,
    /// What was measured.
    pub rows: Vec<DeviceRow>,
}

/// One implementation in one operation on one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceRow {
    /// The device: `Cortex-M3`.
    pub target: String,
    /// How it was compiled: for `size` or `speed`.
    pub profile: String,
    /// Whose, and which version.
    pub implementation: String,
    /// The bits of the key; 0 where there is none.
    pub bits: u64,
    /// What was done.
    pub operation: String,
    /// How many instructions it took.
    pub instructions: u64,
    /// How many cycles that is, where it is estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles: Option<Cycles>,
    /// The bytes of code and constants that it adds to a program.
    pub flash: u64,
    /// The most bytes of stack in use.
    pub stack: u64,
    /// The most bytes of heap in use.
    pub heap: u64,
}

/// Bounds of an estimate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cycles {
    /// The least.
    pub low: u64,
    /// The most.
    pub high: u64,
}

/// One run of `benches/target --symbols`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Symbols {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// The largest first.
    pub rows: Vec<SymbolsRow>,
}

/// A function or constant of the whole verifier on one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SymbolsRow {
    /// The device.
    pub target: String,
    /// How it was compiled.
    pub profile: String,
    /// Its name.
    pub symbol: String,
    /// The bytes of flash that it adds to a program.
    pub bytes: u64,
}

/// `benches/device/footprint.json`: the memory that the verifier takes on a Cortex-M3.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Footprint {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// What was measured.
    pub rows: Vec<FootprintRow>,
}

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FootprintRow {
    /// `stack` or `flash`.
    pub memory: String,
    /// The function that takes it.
    pub function: String,
    /// How the program was compiled: `size`, `release` or `speed`.
    pub profile: String,
    /// The bits of the longest key that there is room for.
    pub capacity: u64,
    /// How much.
    pub bytes: u64,
}
