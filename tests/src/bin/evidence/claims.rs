//! What the README and SECURITY.md claim, and the command that shows each of it.

/// A claim, and what shows it.
pub(super) struct Claim {
    /// A sentence of what is promised.
    pub(super) claim: &'static str,
    /// How it is shown: what is tried, and what would fail.
    pub(super) evidence: &'static str,
    /// From the root of the repository. It fails where the claim does not hold.
    pub(super) command: &'static str,
    pub(super) pace: Pace,
}

/// How long a command takes, once everything is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Half a minute at most: `tests/evidence --check` runs it again.
    Quick,
    /// Minutes or hours.
    Slow,
}

/// The claims by subject.
pub(super) const SUBJECTS: [(&str, &[Claim]); 7] = [
    ("Verdicts", VERDICTS),
    ("Arithmetic", ARITHMETIC),
    ("Bounds", BOUNDS),
    ("Devices", DEVICES),
    ("Servers", SERVERS),
    ("Speed", SPEED),
    ("The project", PROJECT),
];

const VERDICTS: &[Claim] = &[
    Claim {
        claim: "The verdicts are those of the RFCs",
        evidence: "vectors of C2SP Wycheproof, NIST CAVP, RFC 7515, RFC 7520 and JSONTestSuite",
        command: "cargo test --package tokenlatch-tests --test corpora -- --nocapture",
        pace: Pace::Quick,
    },
    Claim {
        claim: "No forgery that is known is accepted",
        evidence: "every attack that RFC 8725 names and that a verifier of RS256 can meet, each with its error",
        command: "cargo test --package tokenlatch-tests --test attacks",
        pace: Pace::Quick,
    },
    Claim {
        claim: "A signature that is wrong in one way is rejected",
        evidence: "signatures made with the private key: each byte of the encoded message, other encodings and hashes",
        command: "cargo test --package tokenlatch-tests --test signature",
        pace: Pace::Quick,
    },
    Claim {
        claim: "Whatever is written, read or changed, the verdict is the right one",
        evidence: "random claims, tokens, keys and documents, also against serde_json and the `rsa` crate",
        command: "cargo test --package tokenlatch-tests --test properties",
        pace: Pace::Quick,
    },
    Claim {
        claim: "OpenSSL's tokens are verified",
        evidence: "a key and a signature that nothing of this project made",
        command: "cargo test --package tokenlatch-tests --test openssl",
        pace: Pace::Quick,
    },
    Claim {
        claim: "Other people's libraries agree, as issuers and as clients",
        evidence: "other people's clients with our server, our client and verifier with another server, a browser, tokens \
                   in the shape of real issuers, nginx and Caddy",
        command: "cargo test --package tokenlatch-tests --test interop --test providers --test proxies",
        pace: Pace::Slow,
    },
    Claim {
        claim: "C and Rust give the same verdicts",
        evidence: "the hostile corpus in both, with AddressSanitizer and UndefinedBehaviorSanitizer, and in QEMU",
        command: "cargo test --package tokenlatch-tests --test capi -- --nocapture",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Every small input has the right verdict",
        evidence: "every class of four characters of base64url, every change of one byte of a header, every byte of the encoded message",
        command: "tests/assurance/exhaustive",
        pace: Pace::Slow,
    },
    Claim {
        claim: "No reader of hostile bytes panics, and those of the core agree with independent ones",
        evidence: "fuzzing, a short run of each target, which begins with its seeds; tests/fuzz/results.json has the long runs",
        command: "tests/fuzz/run",
        pace: Pace::Slow,
    },
];

const ARITHMETIC: &[Claim] = &[Claim {
    claim: "The verdict does not depend on the processor's digits",
    evidence: "the core's tests with portable digits of 14, 27, 28, 32, 59, 60 and 64 bits, and on aarch64, riscv64 \
                   and s390x in QEMU",
    command: "tests/assurance/processors",
    pace: Pace::Slow,
}];

const BOUNDS: &[Claim] = &[
    Claim {
        claim: "No input makes the core panic",
        evidence: "firmware links, in which a panic does not link",
        command: "cargo test --package tokenlatch-tests --test no_panic",
        pace: Pace::Quick,
    },
    Claim {
        claim: "A key that cannot be used does not compile as a constant",
        evidence: "the compiler's message for each rule that a constant can break",
        command: "cargo test --package tokenlatch-tests --test constants",
        pace: Pace::Quick,
    },
    Claim {
        claim: "The core has no heap and no standard library",
        evidence: "it builds for a target that has neither",
        command: "cargo test --package tokenlatch-tests --test bare",
        pace: Pace::Quick,
    },
    Claim {
        claim: "The verifier takes the stack and the flash that the README says",
        evidence: "painted stack over hostile tokens and key sets on a Cortex-M3 in QEMU",
        command: "cargo test --package tokenlatch-tests --test footprint -- --nocapture",
        pace: Pace::Quick,
    },
    Claim {
        claim: "A hostile header costs less than a good token on a microcontroller, and less than two on a server; hostile claims and key sets have a limit",
        evidence: "instructions for some 500 documents that were made to cost time, in Valgrind and on a Cortex-M3",
        command: "cargo run --release --package tokenlatch-tests --no-default-features --bin hostile-work",
        pace: Pace::Slow,
    },
    Claim {
        claim: "No header or key set is known that costs more",
        evidence: "a genetic search for documents that make the readers execute the most code",
        command: "tests/fuzz/search",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The arithmetic never overflows, and one subtraction at the end is enough",
        evidence: "z3 proves the bounds of digits, columns, rows and lanes, each with a control that must fail; and all numbers of few small digits",
        command: "tests/assurance/proofs",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The stack has a bound, without recursion",
        evidence: "the call graph of the image for a Cortex-M3: the deepest path, with every indirect call resolved",
        command: "tests/assurance/stack",
        pace: Pace::Quick,
    },
    Claim {
        claim: "The core's portable code and the C interface have no undefined behaviour",
        evidence: "their tests in Miri, but the slow ones",
        command: "tests/assurance/miri",
        pace: Pace::Slow,
    },
];

const DEVICES: &[Claim] = &[
    Claim {
        claim: "Only the root key changes the keys, what is revoked and the ceiling of the clock; a token is used once",
        evidence: "signed documents and tokens: good, forged, old, repeated; storage that fails, restarts or was rewritten",
        command: "cargo test --package tokenlatch-device --test documents --test tokens",
        pace: Pace::Slow,
    },
    Claim {
        claim: "A loss of power at any write leaves each record old or new",
        evidence: "power is cut at each write and again during each recovery, with torn bytes and torn erasures",
        command: "cargo test --release --package tokenlatch-device --test power_loss",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The door opens for good badges alone",
        evidence: "the whole story in QEMU, with the bolt's pin seen from outside, against a golden record",
        command: "cargo test --package tokenlatch-tests --test story",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The door fits the boards that it is for",
        evidence: "flash, static RAM and peak stack on four boards",
        command: "cargo test --package tokenlatch-tests --test door",
        pace: Pace::Slow,
    },
    Claim {
        claim: "One instruction that is skipped does not open the door",
        evidence: "each instruction that the door executes while it judges what must not open it is skipped, and each \
                   condition turned round, one a run, in QEMU",
        command: "tests/assurance/skips",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Firmware can be built again, byte for byte",
        evidence: "each image is built in two folders",
        command: "tests/assurance/reproducible",
        pace: Pace::Slow,
    },
];

const SERVERS: &[Claim] = &[
    Claim {
        claim: "The guard lets pass what the policy accepts, and responds to the rest as RFC 6750 says",
        evidence: "services of axum, actix-web and tonic, with good, bad and missing tokens, and keys that cannot be had",
        command: "cargo test --package tokenlatch-host --features actix,axum,issuer,tonic --test guard",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Keys come from their issuer alone, and a key that the issuer removed verifies nothing after a bounded time",
        evidence: "servers that fail, stall, redirect, send too much or no key set; rotations, outages, restarts",
        command: "cargo test --package tokenlatch-host --features actix,axum,issuer,tonic --test key_set",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The token client obtains, refreshes and replaces tokens, from any token endpoint",
        evidence: "each dialect and grant, and servers that reject, fail, or send what is wrong",
        command: "cargo test --package tokenlatch-host --features actix,axum,issuer,tonic --test token_client",
        pace: Pace::Slow,
    },
    Claim {
        claim: "No secret of the token client is in a log, an error or a `Debug` output",
        evidence: "all of these are searched while the token client succeeds and fails, with servers that repeat the secrets",
        command: "cargo test --package tokenlatch-host --features actix,axum,issuer,tonic --test secrets",
        pace: Pace::Slow,
    },
    Claim {
        claim: "A profile accepts its issuer's tokens, and no others",
        evidence: "each profile with the tokens that the embedded issuer mints for each, and with one claim wrong",
        command: "cargo test --package tokenlatch-host --features actix,axum,issuer,tonic --test profiles",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The program does what its help says",
        evidence: "each command as a process: exit status, output, streams, signals",
        command: "cargo test --package tokenlatch-cli",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Rotations and outages do no harm to good tokens",
        evidence: "a guarded service under load while keys rotate and the issuer fails",
        command: "cargo run --release --package tokenlatch-tests --bin keyset-load",
        pace: Pace::Slow,
    },
    Claim {
        claim: "A flood of unknown keys makes no flood at the issuer",
        evidence: "requests with unknown `kid`s, and the fetches that they cause",
        command: "cargo run --release --package tokenlatch-tests --bin kid-flood",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Whatever fails, nothing is accepted or rejected wrongly, and memory and open files stay flat",
        evidence: "20 minutes of requests to `serve` and to a guarded service, with rotations, outages, stopped processes, \
                   latency, floods, a full disk and clocks that jump; each response against rules of its own \
                   (tests/soak/REPORT.md)",
        command: "tests/assurance/soak",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The cache of a key set has no race",
        evidence: "readers, askers and the fetcher in the interleavings that shuttle chooses",
        command: "tests/assurance/interleavings",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The core, the host and the program use no memory after its end and lose none; the host has no data race",
        evidence: "the core's unit tests, and all tests of the host and of the program but two that measure memory, with \
                   AddressSanitizer; those of the host with ThreadSanitizer",
        command: "tests/assurance/sanitizers",
        pace: Pace::Slow,
    },
];

const SPEED: &[Claim] = &[
    Claim {
        claim: "No library that is measured here verifies a token faster",
        evidence: "jsonwebtoken 12 with aws-lc and with RustCrypto, and jsonwebtoken 9, in turns with Tokenlatch",
        command: "cargo run --release --package tokenlatch-benches --bin ratios",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Instructions on microcontrollers are those on record",
        evidence: "all five profiles on five processors, in QEMU",
        command: "benches/target --check",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Instructions on x86-64 are those on record",
        evidence: "counted by Valgrind",
        command: "benches/instructions --check",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Instructions on aarch64 and RV64 are those on record",
        evidence: "counted by QEMU",
        command: "benches/emulated --check",
        pace: Pace::Slow,
    },
];

const PROJECT: &[Claim] = &[
    Claim {
        claim: "The examples of the documentation work",
        evidence: "each is built, and run where it says what it prints",
        command: "cargo test --package tokenlatch-tests --test examples",
        pace: Pace::Slow,
    },
    Claim {
        claim: "One concept has one file, and no two files need each other",
        evidence: "the sources are parsed",
        command: "cargo test --package tokenlatch-tests --test structure",
        pace: Pace::Quick,
    },
    Claim {
        claim: "Tests reach the core",
        evidence: "regions of the core's code that its tests reach on this machine, by cargo-llvm-cov",
        command: "tests/assurance/coverage",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Tests notice what changes in the core",
        evidence: "cargo-mutants changes one expression at a time; each change that no test notices is listed with the reason",
        command: "tests/assurance/mutants core",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Tests notice what changes in the host's key sets, token client and guard",
        evidence: "the same",
        command: "tests/assurance/mutants host",
        pace: Pace::Slow,
    },
    Claim {
        claim: "Licences, sources and build scripts are known",
        evidence: "cargo-deny, a count of the core's crates, a build without a network, a bill of materials for each package",
        command: "tests/assurance/supply-chain",
        pace: Pace::Slow,
    },
    Claim {
        claim: "The workflows for GitHub are well-formed and safe",
        evidence: "actionlint and zizmor; the workflows themselves were not run yet",
        command: "tests/assurance/workflows",
        pace: Pace::Quick,
    },
    Claim {
        claim: "The public API is the one on record, and holds in every combination of features and with the oldest Rust",
        evidence: "cargo-public-api, the types of dependencies in it, cargo-semver-checks, cargo-hack, and the tests of each package with the oldest Rust that it declares",
        command: "tests/assurance/api",
        pace: Pace::Slow,
    },
];
