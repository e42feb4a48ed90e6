//! JSONTestSuite, the parsing part: `y_` must be accepted, `n_` rejected, `i_` is left open.

use tokenlatch::{Error, json};

use crate::report::{Expected, Report};

pub(crate) fn parsing() -> Report {
    let mut report = Report::new("JSONTestSuite parsing");
    for (name, document) in report.read_folder("jsontestsuite/test_parsing") {
        let verdict = json::parse(&document).map(|_| ());
        let expected = match &name[..2] {
            "y_" => Expected::Accepted,
            "n_" => Expected::Rejected,
            _ => Expected::Open,
        };
        let why = match verdict {
            Ok(_) => "grammar alone decides (RFC 8259 section 6 bounds no number)",
            Err(Error::InvalidUtf8) => "not UTF-8 (RFC 8259 section 8.1)",
            Err(Error::InvalidJson) => {
                "a lone surrogate or a byte order mark (RFC 8259 sections 8.1, 8.2)"
            }
            Err(Error::DuplicateMember) => {
                "a name twice in one object (RFC 8259 section 4; RFC 7515 section 4 forbids it)"
            }
            Err(Error::JsonTooDeep) => "beyond the stated depth (RFC 8259 section 9)",
            Err(_) => "unexpected",
        };
        let is_decided = expected == Expected::Open || verdict == Err(Error::DuplicateMember);
        let why = is_decided.then_some(why);
        report.case(&name, expected, verdict.is_ok(), why);
    }
    report
}
