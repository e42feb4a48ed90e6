//! The libraries that are measured, one file each.

#[cfg(feature = "peers")]
mod aws_lc_rs;
#[cfg(all(
    feature = "peers",
    any(target_arch = "aarch64", target_arch = "x86_64")
))]
mod graviola;
#[cfg(feature = "openssl")]
mod josekit;
#[cfg(feature = "peers")]
mod jsonwebtoken;
#[cfg(feature = "boring")]
mod jwt_simple;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "peers")]
mod ring;
#[cfg(feature = "peers")]
mod rsa;
#[cfg(feature = "peers")]
mod rsa_heapless;
mod task;
mod tokenlatch;

use crate::case::Case;
use crate::operation::Operation;

pub use task::Task;

#[cfg(all(feature = "boring", feature = "openssl"))]
compile_error!("BoringSSL and OpenSSL define the same symbols: choose one of the two features");

/// A library that verifies RS256.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// Its name in tables.
    pub name: &'static str,
    /// The package, and what its version begins with.
    pub package: (&'static str, &'static str),
    /// The version of the library it finds on the system, where it brings none.
    pub system_library: Option<fn() -> &'static str>,
    /// Prepares an operation, or nothing where the library has no such operation.
    ///
    /// What the library can do once and for all, it does here. It is given what it takes: a library
    /// that looks the key up by `kid` is given the whole set, any other the key.
    pub prepare: fn(Operation, &'static Case) -> Option<Task>,
}

impl Contender {
    /// The version that was locked when this program was built, and that of the system's library.
    #[must_use]
    pub fn version(&self) -> String {
        let (name, version) = self.package;
        let start = format!("name = \"{name}\"\nversion = \"{version}");
        let (_, rest) = include_str!("../../../Cargo.lock")
            .split_once(&start)
            .expect("every contender is locked");
        let (end, _) = rest.split_once('"').expect("a version");
        match self.system_library {
            Some(library) => format!("{version}{end}, {}", library()),
            None => format!("{version}{end}"),
        }
    }
}

/// All of them; Tokenlatch is the first.
pub const CONTENDERS: &[Contender] = &[
    Contender {
        name: "tokenlatch",
        package: ("tokenlatch", ""),
        system_library: None,
        prepare: tokenlatch::prepare,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "jsonwebtoken 12, aws_lc_rs",
        package: ("jsonwebtoken", "12."),
        system_library: None,
        prepare: jsonwebtoken::v12_aws_lc_rs,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "jsonwebtoken 12, rust_crypto",
        package: ("jsonwebtoken", "12."),
        system_library: None,
        prepare: jsonwebtoken::v12_rust_crypto,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "jsonwebtoken 9",
        package: ("jsonwebtoken", "9."),
        system_library: None,
        prepare: jsonwebtoken::v9,
    },
    #[cfg(feature = "boring")]
    Contender {
        name: "jwt-simple, boring",
        package: ("jwt-simple", ""),
        system_library: None,
        prepare: jwt_simple::prepare,
    },
    #[cfg(feature = "openssl")]
    Contender {
        name: "josekit",
        package: ("josekit", ""),
        system_library: Some(::openssl::version::version),
        prepare: josekit::prepare,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "aws-lc-rs",
        package: ("aws-lc-rs", ""),
        system_library: None,
        prepare: aws_lc_rs::prepare,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "ring",
        package: ("ring", ""),
        system_library: None,
        prepare: ring::prepare,
    },
    #[cfg(all(
        feature = "peers",
        any(target_arch = "aarch64", target_arch = "x86_64")
    ))]
    Contender {
        name: "graviola",
        package: ("graviola", ""),
        system_library: None,
        prepare: graviola::prepare,
    },
    #[cfg(feature = "openssl")]
    Contender {
        name: "openssl",
        package: ("openssl", ""),
        system_library: Some(::openssl::version::version),
        prepare: openssl::prepare,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "rsa",
        package: ("rsa", "0.10."),
        system_library: None,
        prepare: rsa::prepare,
    },
    #[cfg(feature = "peers")]
    Contender {
        name: "rsa_heapless",
        package: ("rsa_heapless", ""),
        system_library: None,
        prepare: rsa_heapless::prepare,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_accepts_what_is_measured() {
        for case in Case::all().into_iter().map(Case::leak) {
            for contender in CONTENDERS {
                for operation in Operation::ALL {
                    if let Some(mut task) = (contender.prepare)(operation, case) {
                        let what = (contender.name, operation, case.bits);
                        assert!(task() && task(), "{what:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_contender_rejects_a_forgery() {
        let case = Case::forged().leak();
        for contender in CONTENDERS {
            for operation in Operation::ALL {
                if let Some(mut task) = (contender.prepare)(operation, case) {
                    assert!(!task(), "{} {operation:?}", contender.name);
                }
            }
        }
    }

    #[test]
    fn every_contender_checks_the_claims() {
        for case in [
            Case::expired(),
            Case::of_another_issuer(),
            Case::for_another_audience(),
        ] {
            let case = case.leak();
            for contender in CONTENDERS {
                if let Some(mut task) = (contender.prepare)(Operation::WholeToken, case) {
                    assert!(!task(), "{} {case:?}", contender.name);
                }
            }
        }
    }

    #[test]
    fn tokenlatch_does_not_allocate() {
        let case = Case::rsa_2048().leak();
        for operation in Operation::ALL {
            let mut task = (CONTENDERS[0].prepare)(operation, case).expect("it has them all");
            assert_eq!(crate::allocations(&mut task), 0, "{operation:?}");
        }
    }
}
