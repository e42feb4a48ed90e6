//! Third-party test vectors, with one report about all of them:
//! `cargo test -p tokenlatch-tests --test corpora -- --nocapture`.
//!
//! Vectors that are not in a crate are in `../shared/vectors`, beside the checkout. They are third-party data
//! and not part of the project. If they are absent, the report names them.

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
    let cases: usize = reports.iter().map(Report::cases).sum();
    println!(
        "evidence: {cases} vectors of {} collections, each judged as expected",
        reports.len()
    );
}
