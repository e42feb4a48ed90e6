//! Public keys in every form that they come in, and such as are rejected.

use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _, LineEnding};
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _};
use tokenlatch::{Error, Jwk, JwkSet, PublicKey, jwk};
use tokenlatch_tests::issuer::Issuer;

/// rsaEncryption and NULL, as they stand in a SubjectPublicKeyInfo (RFC 3279 section 2.3.1).
const ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

#[test]
fn one_key_in_every_form_is_one_key() {
    let issuer = Issuer::rfc7515();
    let theirs = issuer.public_key();
    let (n, e) = issuer.modulus_and_exponent();
    let key = <PublicKey>::new(&n, e).expect("a key");
    assert_eq!(key.bits(), 2048);
    assert_eq!(PublicKey::from_be_bytes(&n, e), Ok(key));
    let spki = theirs.to_public_key_der().expect("DER");
    assert_eq!(PublicKey::from_spki_der(spki.as_bytes()), Ok(key));
    let pkcs1 = theirs.to_pkcs1_der().expect("DER");
    assert_eq!(PublicKey::from_pkcs1_der(pkcs1.as_bytes()), Ok(key));
    for ending in [LineEnding::LF, LineEnding::CRLF] {
        let pem = theirs.to_public_key_pem(ending).expect("PEM");
        assert_eq!(PublicKey::from_pem(&pem), Ok(key));
        let pem = theirs.to_pkcs1_pem(ending).expect("PEM");
        assert_eq!(PublicKey::from_pem(&pem), Ok(key));
    }
    let set = JwkSet::<1>::from_json(issuer.jwk_set().as_bytes()).expect("a JWK Set");
    assert_eq!(set.keys(), [Jwk::new(issuer.key_id(), key).expect("a JWK")]);
}

#[test]
fn every_capacity_takes_every_shorter_key() {
    for bits in [2048, 2049, 3071, 3072, 4095, 4096] {
        let (n, e) = Issuer::generate(bits, "").modulus_and_exponent();
        let verdicts = [
            PublicKey::<2048>::from_be_bytes(&n, e).map(|key| key.bits()),
            PublicKey::<3072>::from_be_bytes(&n, e).map(|key| key.bits()),
            PublicKey::<4096>::from_be_bytes(&n, e).map(|key| key.bits()),
        ];
        let expected = [2048, 3072, 4096].map(|capacity| {
            if bits <= capacity {
                Ok(bits)
            } else {
                Err(Error::ModulusTooLong)
            }
        });
        assert_eq!(verdicts, expected, "{bits}");
    }
}

#[test]
fn a_constant_key_is_the_key_that_is_loaded() {
    const MODULUS: [u8; 512] = {
        let mut modulus = [0x5a; 512];
        modulus[0] = 0xc1;
        modulus[511] = 0x15;
        modulus
    };
    const CONSTANT: Jwk<4096> = jwk!("k", &MODULUS, 65537, 4096);
    const DEDUCED: Jwk<4096> = jwk!("k", &MODULUS, 65537);
    let loaded = PublicKey::<4096>::from_be_bytes(&MODULUS, 65537).expect("a key");
    assert_eq!(CONSTANT, Jwk::new("k", loaded).expect("a JWK"));
    assert_eq!(DEDUCED, CONSTANT);
}

/// The key of RFC 7515 appendix A.2.
const N: &str = concat!(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql",
    "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs",
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud",
    "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
);

#[test]
fn a_constant_from_the_text_of_a_jwk_is_the_key_that_is_loaded() {
    const CONSTANT: Jwk = jwk!("rfc7515-a2", n: N, e: "AQAB");
    const LARGER: Jwk<4096> = jwk!("rfc7515-a2", n: N, e: "AQAB", 4096);
    let document = Issuer::rfc7515().jwk_set();
    let loaded = JwkSet::<1>::from_json(document.as_bytes()).expect("a JWK Set");
    assert_eq!(loaded.keys(), [CONSTANT]);
    let loaded = JwkSet::<1, 4096>::from_json(document.as_bytes()).expect("a JWK Set");
    assert_eq!(loaded.keys(), [LARGER]);
}

#[test]
fn the_capacity_of_a_constant_is_the_least_one_for_its_modulus() {
    /// 2^(8 * LEN) - 117
    const fn modulus<const LEN: usize>() -> [u8; LEN] {
        let mut modulus = [0xff; LEN];
        modulus[LEN - 1] = 0x8b;
        modulus
    }
    /// The same of 256 bytes, with a leading zero and with padding, as some servers write it.
    const TEXT: &str = concat!(
        "AP______________________________________________________________________________________________",
        "________________________________________________________________________________________________",
        "________________________________________________________________________________________________",
        "_____________________________________________________4s=",
    );
    let shortest: Jwk<2048> = jwk!("k", &modulus::<256>(), 3);
    let _: Jwk<3072> = jwk!("k", &modulus::<257>(), 3);
    let _: Jwk<3072> = jwk!("k", &modulus::<384>(), 3);
    let _: Jwk<4096> = jwk!("k", &modulus::<512>(), 3);
    let text: Jwk<2048> = jwk!("k", n: TEXT, e: "AAM=");
    assert_eq!(text, shortest);
}

#[test]
fn a_modulus_or_exponent_that_is_no_good_is_rejected() {
    let (n, _) = Issuer::rfc7515().modulus_and_exponent();
    let error = |n: &[u8], e| <PublicKey>::new(n, e).err();
    let with = |at: usize, byte| {
        let mut n = n.clone();
        n[at] = byte;
        n
    };
    assert_eq!(error(&n, 3), None);
    assert_eq!(error(&n, u32::MAX), None);
    for e in [0, 1, 2, 4, 65536] {
        assert_eq!(error(&n, e), Some(Error::InvalidExponent), "{e}");
    }
    assert_eq!(error(&with(255, 0xa0), 3), Some(Error::ModulusEven));
    assert_eq!(
        error(&with(0, 0x7f), 3),
        Some(Error::ModulusTooShort),
        "2047 bits"
    );
    assert_eq!(error(&with(0, 0x00), 3), Some(Error::ModulusLeadingZero));
    assert_eq!(error(&n[1..], 3), Some(Error::ModulusTooShort));
    assert_eq!(error(&[], 3), Some(Error::ModulusTooShort));
    assert_eq!(
        error(&[&[1], &n[..]].concat(), 3),
        Some(Error::ModulusTooLong)
    );
    assert_eq!(
        error(&[&[0], &n[..]].concat(), 3),
        Some(Error::ModulusLeadingZero)
    );
    assert_eq!(error(&[0xff; 100_000], 3), Some(Error::ModulusTooLong));
}

#[test]
fn other_der_is_rejected() {
    let spki = Issuer::rfc7515()
        .public_key()
        .to_public_key_der()
        .expect("DER");
    let spki = spki.as_bytes();
    let error = |der: &[u8]| <PublicKey>::from_spki_der(der).err();
    assert_eq!(error(spki), None);

    // The same lengths with another algorithm, or other parameters than NULL.
    let algorithm = spki
        .windows(ALGORITHM.len())
        .position(|window| window == ALGORITHM);
    let algorithm = algorithm.expect("the algorithm");
    let with = |at: usize, bytes: &[u8]| {
        let mut der = spki.to_vec();
        der[at..at + bytes.len()].copy_from_slice(bytes);
        der
    };
    let parameters = algorithm + ALGORITHM.len() - 2;
    assert_eq!(
        error(&with(parameters - 1, &[0x0a])),
        Some(Error::UnsupportedKeyType),
        "RSASSA-PSS"
    );
    for parameters_der in [[0x30, 0x00], [0x04, 0x00]] {
        let der = with(parameters, &parameters_der);
        assert_eq!(
            error(&der),
            Some(Error::UnsupportedKeyType),
            "{parameters_der:x?}"
        );
    }
    // Absent parameters: two bytes less, here and in the lengths around them.
    let mut absent = [&spki[..parameters], &spki[parameters + 2..]].concat();
    absent[3] -= 2;
    absent[algorithm + 1] -= 2;
    assert_eq!(
        error(&absent),
        Some(Error::UnsupportedKeyType),
        "no parameters"
    );

    let last_of_n = spki.len() - 6;
    assert_eq!(error(&with(last_of_n, &[0xa0])), Some(Error::ModulusEven));
    assert_eq!(
        error(&with(spki.len() - 1, &[0x00])),
        Some(Error::InvalidExponent)
    );

    for len in 0..spki.len() {
        assert_eq!(
            error(&spki[..len]),
            Some(Error::InvalidKey),
            "cut to {len} bytes"
        );
    }
    assert_eq!(
        error(&[spki, &[0]].concat()),
        Some(Error::InvalidKey),
        "a byte after the end"
    );
    let pkcs1 = Issuer::rfc7515().public_key().to_pkcs1_der().expect("DER");
    assert_eq!(error(pkcs1.as_bytes()), Some(Error::InvalidKey));
    assert_eq!(
        <PublicKey>::from_pkcs1_der(spki).err(),
        Some(Error::InvalidKey)
    );
}

#[test]
fn other_pem_is_rejected() {
    let pem = Issuer::rfc7515()
        .public_key()
        .to_public_key_pem(LineEnding::LF)
        .expect("PEM");
    let error = |pem: &str| <PublicKey>::from_pem(pem).err();
    assert_eq!(error(&pem), None);
    assert_eq!(
        error(&pem.replace("PUBLIC KEY", "CERTIFICATE")),
        Some(Error::UnsupportedKeyType)
    );
    assert_eq!(
        error(&pem.replace("PUBLIC KEY", "RSA PUBLIC KEY")),
        Some(Error::InvalidKey)
    );
    assert_eq!(
        error(&pem.replacen("PUBLIC KEY", "OTHER KEY", 1)),
        Some(Error::InvalidKey)
    );
    assert_eq!(error(&pem.replace('M', "*")), Some(Error::InvalidKey));
    assert_eq!(error(""), Some(Error::InvalidKey));
    let issuer = Issuer::generate(2048, "");
    let private_key = issuer.private_key();
    let pkcs8 = private_key.to_pkcs8_pem(LineEnding::LF).expect("PEM");
    assert_eq!(error(&pkcs8), Some(Error::PrivateKey));
    let pkcs1 = private_key.to_pkcs1_pem(LineEnding::LF).expect("PEM");
    assert_eq!(error(&pkcs1), Some(Error::PrivateKey));
}
