//! What is measured: targets, profiles and implementations.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use crate::cycles::Core;

/// A microcontroller's instruction set, and the machine that QEMU runs it on.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) triple: &'static str,
    pub(crate) qemu: &'static str,
    /// An instruction takes 2^`shift` ns: see `Counter` in the image.
    pub(crate) machine: &'static [&'static str],
    /// For rustc.
    pub(crate) flags: &'static str,
    /// The processor, where its cycles are estimated.
    pub(crate) core: Option<Core>,
    has_atomics: bool,
    /// Whether another target has nearly the same code: it is measured in the profiles of the peers only.
    is_variant: bool,
    /// The Debian package that QEMU is in.
    package: &'static str,
}

static TARGETS: [Target; 8] = [
    Target {
        name: "Cortex-M0",
        triple: "thumbv6m-none-eabi",
        qemu: "qemu-system-arm",
        // A Cortex-M3, which has all instructions of a Cortex-M0: QEMU's own has no such timer.
        machine: &["-machine", "mps2-an385", "-icount", "shift=6"],
        flags: "",
        core: None,
        has_atomics: false,
        is_variant: false,
        package: "qemu-system-arm",
    },
    Target {
        name: "Cortex-M3",
        triple: "thumbv7m-none-eabi",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an385", "-icount", "shift=6"],
        flags: "",
        core: Some(Core::CortexM3),
        has_atomics: true,
        is_variant: false,
        package: "qemu-system-arm",
    },
    Target {
        name: "Cortex-M4",
        triple: "thumbv7em-none-eabi",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an386", "-icount", "shift=6"],
        flags: "",
        core: Some(Core::CortexM4),
        has_atomics: true,
        is_variant: false,
        package: "qemu-system-arm",
    },
    Target {
        name: "Cortex-M33",
        triple: "thumbv8m.main-none-eabi",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an505", "-icount", "shift=6"],
        flags: "-C target-cpu=cortex-m33",
        core: Some(Core::CortexM33),
        has_atomics: true,
        is_variant: false,
        package: "qemu-system-arm",
    },
    Target {
        name: "RV32IMAC",
        triple: "riscv32imac-unknown-none-elf",
        qemu: "qemu-system-riscv32",
        machine: &["-machine", "virt", "-bios", "none", "-icount", "shift=0"],
        flags: "",
        core: None,
        has_atomics: true,
        is_variant: false,
        package: "qemu-system-misc",
    },
    Target {
        name: "Cortex-M4F",
        triple: "thumbv7em-none-eabihf",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an386", "-icount", "shift=6"],
        flags: "",
        core: None,
        has_atomics: true,
        is_variant: true,
        package: "qemu-system-arm",
    },
    Target {
        name: "Cortex-M7",
        triple: "thumbv7em-none-eabihf",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an500", "-icount", "shift=6"],
        flags: "-C target-cpu=cortex-m7",
        core: None,
        has_atomics: true,
        is_variant: true,
        package: "qemu-system-arm",
    },
    Target {
        name: "Cortex-M33F",
        triple: "thumbv8m.main-none-eabihf",
        qemu: "qemu-system-arm",
        machine: &["-machine", "mps2-an505", "-icount", "shift=6"],
        flags: "-C target-cpu=cortex-m33",
        core: None,
        has_atomics: true,
        is_variant: true,
        package: "qemu-system-arm",
    },
];

/// How an image is built.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) opt_level: &'static str,
    /// For rustc.
    pub(crate) flags: &'static str,
    /// Whether the peers are built in this way, too.
    has_peers: bool,
}

static PROFILES: [Profile; 5] = [
    Profile {
        name: "size",
        opt_level: "s",
        // SHA-256 in a loop.
        flags: "--cfg sha2_backend_soft=\"compact\"",
        has_peers: true,
    },
    Profile {
        name: "speed",
        opt_level: "3",
        flags: "",
        has_peers: true,
    },
    Profile {
        name: "opt-1",
        opt_level: "1",
        flags: "",
        has_peers: false,
    },
    Profile {
        name: "opt-2",
        opt_level: "2",
        flags: "",
        has_peers: false,
    },
    Profile {
        name: "opt-z",
        opt_level: "z",
        flags: "",
        has_peers: false,
    },
];

/// The implementation of RSA.
pub(crate) struct Implementation {
    /// The feature of the image, and the package.
    pub(crate) name: &'static str,
    /// Whether it counts references (`Arc`), which a Cortex-M0 has no instructions for.
    needs_atomics: bool,
}

impl Implementation {
    pub(crate) fn is_tokenlatch(&self) -> bool {
        self.name == IMPLEMENTATIONS[0].name
    }

    /// That which is locked.
    pub(crate) fn version(&self) -> &'static str {
        let start = format!("name = \"{}\"\nversion = \"", self.name);
        let locked = include_str!("../../Cargo.lock").split_once(&start);
        let version = locked.and_then(|(_, rest)| rest.split_once('"'));
        version.expect("every implementation is locked").0
    }

    /// The programs that measure it.
    pub(crate) fn programs(&self) -> &'static [&'static str] {
        if self.is_tokenlatch() {
            &["rsa", "whole-token", "steps"]
        } else {
            &["rsa"]
        }
    }

    /// The programs that show its flash.
    pub(crate) fn flash_programs(&self) -> &'static [&'static str] {
        let all = &[
            "flash-nothing",
            "flash-hash",
            "flash-verify",
            "flash-set-up",
            "flash-whole-token",
            "flash-steps",
        ];
        if self.is_tokenlatch() { all } else { &all[..4] }
    }
}

static IMPLEMENTATIONS: [Implementation; 4] = [
    Implementation {
        name: "tokenlatch",
        needs_atomics: false,
    },
    Implementation {
        name: "crypto-bigint",
        needs_atomics: false,
    },
    Implementation {
        name: "rsa_heapless",
        needs_atomics: false,
    },
    Implementation {
        name: "rsa",
        needs_atomics: true,
    },
];

/// What is measured in this run.
pub(crate) struct Plan {
    targets: Vec<&'static Target>,
    profiles: Vec<&'static Profile>,
    implementations: Vec<&'static Implementation>,
}

impl Plan {
    /// The plan of these names. Of a kind without a name, all are measured. `None` if a name is unknown.
    pub(crate) fn of(names: &[impl AsRef<str>]) -> Option<Self> {
        let plan = Self {
            targets: named(&TARGETS, names, |target| target.name),
            profiles: named(&PROFILES, names, |profile| profile.name),
            implementations: named(&IMPLEMENTATIONS, names, |implementation| {
                implementation.name
            }),
        };
        names
            .iter()
            .all(|name| {
                let name = name.as_ref();
                TARGETS.iter().any(|target| target.name == name)
                    || PROFILES.iter().any(|profile| profile.name == name)
                    || IMPLEMENTATIONS.iter().any(|of| of.name == name)
            })
            .then_some(plan)
    }

    /// Names all missing tools at once.
    pub(crate) fn require_tools(&self) -> Result<(), String> {
        let mut missing: Vec<String> = Vec::new();
        for target in &self.targets {
            if !is_installed(target.qemu) {
                let (qemu, package) = (target.qemu, target.package);
                missing.push(format!(
                    "missing: {qemu} (on Debian: apt-get install {package})"
                ));
            }
            if !has_core(target.triple) {
                let triple = target.triple;
                missing.push(format!(
                    "missing: Rust's core library for {triple} (rustup target add {triple})"
                ));
            }
        }
        missing.sort();
        missing.dedup();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing.join("\n"))
        }
    }

    /// The versions of the QEMUs that this takes.
    pub(crate) fn qemu(&self) -> Result<String, Box<dyn Error>> {
        let mut versions = Vec::new();
        for target in &self.targets {
            let output = Command::new(target.qemu).arg("--version").output()?;
            let text = String::from_utf8(output.stdout)?;
            versions.extend(text.lines().next().map(String::from));
        }
        versions.dedup();
        Ok(versions.join(", "))
    }

    pub(crate) fn combinations(
        &self,
    ) -> impl Iterator<Item = (&'static Target, &'static Profile, &'static Implementation)> {
        self.targets.iter().flat_map(move |target| {
            self.profiles.iter().flat_map(move |profile| {
                self.implementations
                    .iter()
                    .filter(|implementation| profile.has_peers || implementation.is_tokenlatch())
                    .filter(|_| profile.has_peers || !target.is_variant)
                    .filter(|implementation| target.has_atomics || !implementation.needs_atomics)
                    .map(move |implementation| (*target, *profile, *implementation))
            })
        })
    }
}

fn named<T>(
    all: &'static [T],
    names: &[impl AsRef<str>],
    name: impl Fn(&T) -> &'static str,
) -> Vec<&'static T> {
    let is_named = |item: &&T| names.iter().any(|wanted| wanted.as_ref() == name(item));
    let any = all.iter().any(|item| is_named(&item));
    all.iter().filter(|item| !any || is_named(item)).collect()
}

fn is_installed(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn has_core(triple: &str) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", triple])
        .output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        Path::new(folder.trim()).is_dir()
    })
}
