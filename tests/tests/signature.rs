//! Signatures that are wrong in one way each, made with the private key where that takes one.

use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256};
use tokenlatch::PublicKey;
use tokenlatch_tests::issuer::Issuer;

const MESSAGE: &[u8] = b"header.payload";

/// SHA-256's DigestInfo up to the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

fn accepts(message: &[u8], signature: &[u8]) -> bool {
    let (n, e) = Issuer::rfc7515().modulus_and_exponent();
    let key = <PublicKey>::from_be_bytes(&n, e).expect("a key");
    key.verify(message, &signature).is_ok()
}

/// The signature whose encoded message is 0x00, `block_type`, padding, 0x00, `t`.
fn sign_encoded(block_type: u8, padding: &[u8], t: &[u8]) -> Vec<u8> {
    let encoded = [&[0x00, block_type], padding, &[0x00], t].concat();
    assert_eq!(encoded.len(), 256, "the encoded message fills the modulus");
    Issuer::rfc7515().private_operation(&encoded)
}

fn is_accepted(digest_info: &[u8], digest: &[u8]) -> bool {
    let t = [digest_info, digest].concat();
    accepts(MESSAGE, &sign_encoded(0x01, &vec![0xff; 253 - t.len()], &t))
}

#[test]
fn the_right_encoding_is_accepted() {
    assert!(is_accepted(&DIGEST_INFO, &Sha256::digest(MESSAGE)));
    assert!(accepts(MESSAGE, &Issuer::rfc7515().signature(MESSAGE)));
}

/// As BearSSL tests itself: each byte of the encoded message wrong in turn.
#[test]
fn every_byte_of_the_encoded_message_counts() {
    let digest = Sha256::digest(MESSAGE);
    let right = [
        &[0x00, 0x01][..],
        &[0xff; 202],
        &[0x00],
        &DIGEST_INFO,
        &digest,
    ]
    .concat();
    assert!(accepts(
        MESSAGE,
        &Issuer::rfc7515().private_operation(&right)
    ));
    let mut counted = 0;
    for at in 0..right.len() {
        for change in [0x01, 0x80] {
            let mut wrong = right.clone();
            wrong[at] ^= change;
            // What is not below n has no signature.
            if at > 0 || wrong[0] < 0x80 {
                let signature = Issuer::rfc7515().private_operation(&wrong);
                assert!(
                    !accepts(MESSAGE, &signature),
                    "byte {at} changed by {change:#x}"
                );
                counted += 1;
            }
        }
    }
    println!("exhaustive: {counted} signatures of encoded messages with one wrong byte");
}

/// Bleichenbacher 2006 and its kin: room for anything is room for a forged cube root.
#[test]
fn hash_garbage_and_short_padding_are_rejected() {
    let digest = Sha256::digest(MESSAGE);
    let t = [&DIGEST_INFO[..], &digest].concat();
    for padding in [0, 1, 7, 8, 100, 201] {
        let garbage = vec![0x00; 202 - padding];
        let after = [&t[..], &garbage].concat();
        assert!(!accepts(
            MESSAGE,
            &sign_encoded(0x01, &vec![0xff; padding], &after)
        ));
        let before = [&garbage[..], &t].concat();
        assert!(!accepts(
            MESSAGE,
            &sign_encoded(0x01, &vec![0xff; padding], &before)
        ));
    }
    for at in [0, 1, 100, 201] {
        let mut padding = [0xff; 202];
        padding[at] = 0x00;
        assert!(!accepts(MESSAGE, &sign_encoded(0x01, &padding, &t)), "{at}");
    }
    for block_type in [0x00, 0x02, 0xff] {
        assert!(
            !accepts(MESSAGE, &sign_encoded(block_type, &[0xff; 202], &t)),
            "{block_type}"
        );
    }
    assert!(!accepts(MESSAGE, &sign_encoded(0x01, &[0x00; 202], &t)));
}

/// One DigestInfo has many encodings in BER; one is right.
#[test]
fn other_encodings_of_the_digest_info_are_rejected() {
    let digest = Sha256::digest(MESSAGE);
    let oid = &DIGEST_INFO[4..15];
    let encodings: [(&str, Vec<u8>); 7] = [
        (
            "missing NULL",
            [&[0x30, 0x2f, 0x30, 0x0b], oid, &[0x04, 0x20]].concat(),
        ),
        (
            "long length",
            [
                &[0x30, 0x81, 0x31, 0x30, 0x0d],
                oid,
                &[0x05, 0x00, 0x04, 0x20],
            ]
            .concat(),
        ),
        (
            "longer length",
            [
                &[0x30, 0x82, 0x00, 0x31, 0x30, 0x0d],
                oid,
                &[0x05, 0x00, 0x04, 0x20],
            ]
            .concat(),
        ),
        (
            "long inner length",
            [
                &[0x30, 0x32, 0x30, 0x81, 0x0d],
                oid,
                &[0x05, 0x00, 0x04, 0x20],
            ]
            .concat(),
        ),
        (
            "long digest length",
            [
                &[0x30, 0x32, 0x30, 0x0d],
                oid,
                &[0x05, 0x00, 0x04, 0x81, 0x20],
            ]
            .concat(),
        ),
        (
            "NULL with content",
            [
                &[0x30, 0x33, 0x30, 0x0f],
                oid,
                &[0x05, 0x02, 0xaa, 0xbb, 0x04, 0x20],
            ]
            .concat(),
        ),
        (
            "indefinite length",
            [&[0x30, 0x80, 0x30, 0x0d], oid, &[0x05, 0x00, 0x04, 0x20]].concat(),
        ),
    ];
    for (name, digest_info) in encodings {
        assert!(!is_accepted(&digest_info, &digest), "{name}");
    }
}

#[test]
fn another_hash_is_rejected() {
    let sha_512 = [
        0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
        0x05, 0x00, 0x04, 0x40,
    ];
    assert!(!is_accepted(&sha_512, &sha2::Sha512::digest(MESSAGE)));
    let sha_224 = [
        0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04,
        0x05, 0x00, 0x04, 0x1c,
    ];
    assert!(!is_accepted(&sha_224, &sha2::Sha224::digest(MESSAGE)));
    assert!(!is_accepted(&[], &Sha256::digest(MESSAGE)), "no DigestInfo");
    assert!(!is_accepted(
        &DIGEST_INFO,
        &Sha256::digest(b"another message")
    ));
    assert!(!is_accepted(&DIGEST_INFO, &[]));
}

/// RFC 8017 section 8.2.2, step 1.
#[test]
fn the_length_is_that_of_the_modulus() {
    let is_short = |signature: &Vec<u8>| signature[0] == 0;
    let (message, signature) = (0_u32..)
        .map(|number| {
            (
                number.to_be_bytes(),
                Issuer::rfc7515().signature(&number.to_be_bytes()),
            )
        })
        .find(|(_, signature)| is_short(signature))
        .expect("one in 256");
    assert!(accepts(&message, &signature));
    assert!(!accepts(&message, &signature[1..]), "leading zero stripped");
    assert!(
        !accepts(&message, &[&[0], &signature[..]].concat()),
        "leading zero added"
    );
    assert!(
        !accepts(&message, &[&signature[..], &[0]].concat()),
        "one byte longer"
    );
    assert!(!accepts(&message, &signature[..255]), "one byte shorter");
    assert!(!accepts(&message, &[]), "none");
    assert!(!accepts(&message, &[0; 16 * 1024]), "many");
}

/// RFC 8017 section 5.2.2, step 1: s and s + n are one number modulo n, and only one is a signature.
#[test]
fn the_signature_is_below_the_modulus() {
    let (n, _) = Issuer::rfc7515().modulus_and_exponent();
    let add = |a: &[u8], b: &[u8]| {
        let (mut sum, mut carry) = (vec![0; 256], 0);
        for at in (0..256).rev() {
            carry += u16::from(a[at]) + u16::from(b[at]);
            sum[at] = carry as u8;
            carry >>= 8;
        }
        (carry == 0).then_some(sum)
    };
    let (message, signature, beyond) = (0_u32..)
        .find_map(|number| {
            let signature = Issuer::rfc7515().signature(&number.to_be_bytes());
            let beyond = add(&signature, &n)?;
            Some((number.to_be_bytes(), signature, beyond))
        })
        .expect("one that fits into 256 bytes");
    assert!(accepts(&message, &signature));
    assert!(!accepts(&message, &beyond), "s + n");
    let mut one = vec![0; 256];
    one[255] = 1;
    // n is odd.
    let mut n_minus_one = n.clone();
    n_minus_one[255] ^= 1;
    for trivial in [vec![0; 256], one, n_minus_one, n, vec![0xff; 256]] {
        assert!(!accepts(&message, &trivial));
    }
}
