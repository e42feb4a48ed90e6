//! A public key in PEM: the key is that of the DER in it, and a private key is called one.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use libfuzzer_sys::fuzz_target;
use tokenlatch::{Error, PublicKey};

type Key = PublicKey<4096>;

fuzz_target!(|data: &[u8]| {
    let Ok(pem) = std::str::from_utf8(data) else {
        return;
    };
    let key = Key::from_pem(pem);
    match (body(pem), key) {
        (Some((label, _)), Ok(key)) if label.ends_with("PRIVATE KEY") => {
            panic!("a private key is {key:?}")
        }
        (Some(("PUBLIC KEY", der)), Ok(key)) => assert_eq!(Key::from_spki_der(&der), Ok(key)),
        (Some(("RSA PUBLIC KEY", der)), Ok(key)) => assert_eq!(Key::from_pkcs1_der(&der), Ok(key)),
        (_, Ok(key)) => panic!("what is no PEM is {key:?}"),
        (Some((label, der)), Err(error)) if pem == encode(label, &der) => {
            let expected = match label {
                "PUBLIC KEY" => Key::from_spki_der(&der).err(),
                "RSA PUBLIC KEY" => Key::from_pkcs1_der(&der).err(),
                label if label.ends_with("PRIVATE KEY") => Some(Error::PrivateKey),
                _ => return,
            };
            // No key that is used has as many bytes.
            assert!(
                expected == Some(error) || der.len() > 640,
                "{error:?} is {expected:?}"
            );
        }
        (_, Err(_)) => {}
    }
});

/// The label and the bytes, by rules that are looser than those of RFC 7468.
fn body(pem: &str) -> Option<(&str, Vec<u8>)> {
    // At the start of a line: before it, there may be any text (RFC 7468 section 2), and a lone `\r` is a part of it.
    let mut starts = pem.match_indices("-----BEGIN ");
    let (start, boundary) = starts.find(|(at, _)| pem[..*at].ends_with('\n') || *at == 0)?;
    let rest = &pem[start + boundary.len()..];
    let (label, rest) = rest.split_once("-----")?;
    let (text, _) = rest.split_once("-----END ")?;
    let text: String = text.split_ascii_whitespace().collect();
    Some((label, BASE64.decode(text).ok()?))
}

/// As everybody writes it.
fn encode(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line));
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
