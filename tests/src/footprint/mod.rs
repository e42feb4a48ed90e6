//! The memory that the verifier takes on a Cortex-M3: stack at worst, over hostile input, and flash.

pub mod cases;

use std::fs;

use object::{Object as _, ObjectSection as _};
use serde::{Deserialize, Serialize};

use crate::device::{self, Cost, Profile};
use crate::issuer::Issuer;
use cases::Case;

/// `benches/device/footprint.json`: the footprint when it was last recorded. `tests/src/bin/footprint.rs` says
/// how to record it anew.
pub const RECORDED: &str = include_str!("../../../benches/device/footprint.json");

/// All that is measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Footprint {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// The figures.
    pub rows: Vec<Row>,
}

/// One figure.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `stack` or `flash`.
    pub memory: String,
    /// The function that takes it. `JwkSet::read_json` takes its flash besides that of `verify_in_place`. Its
    /// stack is for a key set with room for 2 keys.
    pub function: String,
    /// `size`, `release` or `speed`.
    pub profile: String,
    /// The longest keys that there is room for, in bits.
    pub capacity: u32,
    /// The figure.
    pub bytes: u64,
}

impl Footprint {
    /// Builds and runs the programs of the device laboratory.
    ///
    /// Only one measurement can run at a time: the builds replace one another's files.
    ///
    /// # Panics
    ///
    /// If a program does not build, or gives a case another verdict than it must.
    #[must_use]
    pub fn measure() -> Self {
        let mut rows = with_capacity(2048, "", Issuer::rfc7515());
        rows.extend(with_capacity(
            4096,
            "capacity-4096",
            &Issuer::generate(4096, "long"),
        ));
        for profile in [device::SIZE, device::SPEED] {
            let bytes = flash_of_verify(profile, "");
            rows.push(row("flash", VERIFY, profile, 2048, bytes));
        }
        let rustc = std::process::Command::new("rustc")
            .arg("--version")
            .output()
            .expect("rustc starts");
        let rustc = String::from_utf8(rustc.stdout).expect("UTF-8");
        Self {
            rustc: rustc.trim().into(),
            rows,
        }
    }

    /// A figure in bytes, or `None` if it was not measured.
    #[must_use]
    pub fn bytes(&self, of: &Row) -> Option<u64> {
        let same = |row: &&Row| {
            (&row.memory, &row.function, &row.profile, row.capacity)
                == (&of.memory, &of.function, &of.profile, of.capacity)
        };
        self.rows.iter().find(same).map(|row| row.bytes)
    }
}

const VERIFY: &str = "verify_in_place";
const READ: &str = "JwkSet::read_json";

/// The figures for a capacity, with the feature that makes room for it and the key of an issuer.
fn with_capacity(capacity: u32, feature: &str, issuer: &Issuer) -> Vec<Row> {
    let profile = device::RELEASE;
    let cases = cases::all(issuer);
    let stacks = stacks(feature, &cases);
    let worst = |is_key_set| {
        let cases = cases.iter().zip(&stacks);
        let chosen = cases.filter(|(case, _)| case.line.starts_with('{') == is_key_set);
        chosen.map(|(_, stack)| *stack).max().expect("a case")
    };
    let both = flash("flash-key-set", profile, feature);
    let read = both - flash("flash-whole-token", profile, feature);
    [
        ("stack", VERIFY, worst(false)),
        ("stack", READ, worst(true)),
        ("flash", VERIFY, flash_of_verify(profile, feature)),
        ("flash", READ, read),
    ]
    .map(|(memory, function, bytes)| row(memory, function, profile, capacity, bytes))
    .into()
}

fn row(memory: &str, function: &str, profile: Profile, capacity: u32, bytes: u64) -> Row {
    Row {
        memory: memory.into(),
        function: function.into(),
        profile: profile.name.into(),
        capacity,
        bytes,
    }
}

/// The bytes of flash that `verify_in_place` adds to a program.
fn flash_of_verify(profile: Profile, feature: &str) -> u64 {
    flash("flash-whole-token", profile, feature) - flash("flash-nothing", profile, feature)
}

/// The bytes of code and constants in a program.
pub(crate) fn flash(program: &str, profile: Profile, feature: &str) -> u64 {
    let program =
        device::build(program, profile, feature).unwrap_or_else(|error| panic!("{error}"));
    let program = fs::read(program).expect("the program");
    let program = object::File::parse(&*program).expect("an ELF file");
    // The initial values of variables lie in flash, too.
    let sections = [".text", ".rodata", ".data"].map(|name| program.section_by_name(name));
    let sizes = sections.iter().flatten().map(|section| section.size());
    sizes.sum()
}

/// The bytes of stack that each case takes. Each case must get its verdict.
fn stacks(feature: &str, cases: &[Case]) -> Vec<u64> {
    let documents: Vec<&str> = cases.iter().map(|case| case.line.as_str()).collect();
    let costs = device::read_documents(device::RELEASE, feature, &documents)
        .unwrap_or_else(|error| panic!("{error}"));
    let stack = |(cost, case): (&Cost, &Case)| {
        assert_eq!(cost.verdict, case.verdict, "{}", case.line);
        cost.stack
    };
    costs.iter().zip(cases).map(stack).collect()
}
