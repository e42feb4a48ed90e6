//! The services that are measured.

use std::error::Error;
use std::path::Path;

use tokenlatch_benches::Case;
use tokenlatch_benches::results::Skipped;

use crate::guards::Guarding;
use crate::proxy;
use crate::service::{self, Service};

/// A service, and what it is compared with.
pub(crate) struct Contender {
    pub(crate) name: String,
    /// The index of the same service without a guard.
    pub(crate) baseline: usize,
    pub(crate) is_guarded: bool,
    pub(crate) start: Start,
}

type Start = Box<dyn Fn(&Case) -> Result<Service, Box<dyn Error>>>;

/// All of them, and those that cannot be measured.
pub(crate) fn all(tokenlatch: Option<&Path>) -> (Vec<Contender>, Vec<Skipped>) {
    let mut contenders: Vec<_> = Guarding::ALL
        .iter()
        .map(|guarding| Contender {
            name: guarding.title(),
            baseline: 0,
            is_guarded: *guarding != Guarding::Nothing,
            start: Box::new(|_| service::start(*guarding)),
        })
        .collect();
    let baseline = contenders.len();
    let nginx = match proxy::version() {
        Ok(version) => version,
        Err(error) => {
            let names = ["nginx, unguarded", "nginx, tokenlatch serve"];
            let reason = format!("no nginx: {error}");
            return (contenders, names.map(|name| skipped(name, &reason)).into());
        }
    };
    contenders.push(Contender {
        name: format!("{nginx}, unguarded"),
        baseline,
        is_guarded: false,
        start: Box::new(|case| proxy::start(case, None)),
    });
    let name = format!("{nginx}, tokenlatch serve");
    let Some(tokenlatch) = tokenlatch.map(Path::to_path_buf) else {
        return (contenders, vec![skipped(&name, "no --serve was given")]);
    };
    contenders.push(Contender {
        name,
        baseline,
        is_guarded: true,
        start: Box::new(move |case| proxy::start(case, Some(&tokenlatch))),
    });
    (contenders, Vec::new())
}

fn skipped(contender: &str, reason: impl Into<String>) -> Skipped {
    Skipped {
        contender: contender.into(),
        reason: reason.into(),
    }
}
