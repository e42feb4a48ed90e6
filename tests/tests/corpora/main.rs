//! Other people's test material, and one report about all of it:
//! `cargo test -p tokenlatch-tests --test corpora -- --nocapture`.
//!
//! What is not in a crate lies in `../shared/vectors`, beside the checkout. It is third-party data
//! and no part of the project: where it is absent, the report says so by name.

mod jose;
mod json_test_suite;
mod nist;
mod report;
mod rfc;
mod signatures;

use report::Report;

#[test]
fn every_corpus_is_judged_as_expected() {
    let reports = [
        signatures::wycheproof(),
        nist::sig_ver(),
        rfc::examples(),
        jose::json_web_signature(),
        jose::json_web_key(),
        json_test_suite::parsing(),
    ];
    println!("{}", Report::table(&reports));
    for report in &reports {
        assert_eq!(report.unexplained(), [""; 0], "{}", report.name);
    }
}
