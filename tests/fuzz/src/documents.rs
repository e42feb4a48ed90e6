//! Headers, claims and key sets that are almost right, made from an input: random bytes seldom get past the first
//! rule.

use arbitrary::{Result, Unstructured};

use crate::key::{KEY_ID, Key};
use crate::reference::rules::{AUDIENCE, CLIENT, ISSUER, NOW, TEMPLATE, TENANT};

const NAMES: [&str; 26] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "scope",
    "scp",
    "azp",
    "client_id",
    "cid",
    "appid",
    "tid",
    "x",
    "y",
    "z",
    "alg",
    "typ",
    "kid",
    "x5t",
    "crit",
    "groups",
    "keys",
    "epochs",
    "revoked",
];

const TEXTS: [&str; 22] = [
    ISSUER,
    "https://other.example/",
    AUDIENCE,
    CLIENT,
    TENANT,
    "https://sts.windows.net/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/",
    "https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v2.0",
    "technician-7",
    "api",
    "read",
    "read write",
    " write  read ",
    "",
    "at+jwt",
    "application/AT+JWT",
    "JWT",
    "RS256",
    "none",
    KEY_ID,
    "k2",
    "é😀\u{0}\u{7f}\"\\/",
    "1",
];

const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "1",
    "1.0",
    "20e-1",
    "-1",
    "1e400",
    "1E-400",
    "253402300799",
    "253402300799.5",
    "253402300800",
    "18446744073709551615",
    "18446744073709551616",
    "0e99999999999999999999",
];

/// The claims of a good token, with up to eight changes.
pub fn claims(u: &mut Unstructured<'_>) -> Result<String> {
    let mut members = vec![
        ("iss", text(ISSUER)),
        ("sub", text("technician-7")),
        ("aud", text(AUDIENCE)),
        ("exp", (NOW + 600).to_string()),
        ("iat", (NOW - 60).to_string()),
        ("jti", text("t-1")),
        ("client_id", text(CLIENT)),
        ("scope", text("read write")),
    ];
    if u.ratio(1_u8, 4_u8)? {
        let issuer = *u.choose(&[
            "https://login.microsoftonline.com/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/v2.0",
            "https://sts.windows.net/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/",
        ])?;
        members[0].1 = text(issuer);
        members.push(("tid", text(TENANT)));
    }
    changed(u, members, 8)
}

/// The header of a good token, with up to three changes.
pub fn header(u: &mut Unstructured<'_>) -> Result<String> {
    let members = vec![
        ("alg", text("RS256")),
        ("typ", text("at+jwt")),
        ("kid", text(KEY_ID)),
    ];
    changed(u, members, 3)
}

/// A JWK Set of up to four keys, the key of [`Key::fixed`] first.
pub fn key_set(u: &mut Unstructured<'_>) -> Result<String> {
    let mut keys = vec![jwk(u)?];
    for _ in 0..u.int_in_range(0..=3)? {
        keys.push(if u.ratio(3_u8, 4_u8)? {
            jwk(u)?
        } else {
            value(u, 2)?
        });
    }
    let keys = format!("[{}]", keys.join(","));
    changed(u, vec![("keys", keys)], 1)
}

/// A JWK, with up to three changes.
pub fn jwk(u: &mut Unstructured<'_>) -> Result<String> {
    let fixed = Key::fixed();
    let base64url = |number: &[u8]| {
        use base64::Engine as _;
        text(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(number))
    };
    let mut n = fixed.modulus();
    let mut e = vec![1, 0, 1];
    match u.int_in_range(0..=15_u8)? {
        0 => n.insert(0, 0),
        1 => n.splice(0..0, [0, 0]).for_each(drop),
        2 => n.truncate(u.int_in_range(0..=256)?),
        3 => n.extend(u.bytes(1)?),
        4 => n = vec![0xff; u.int_in_range(254..=514)?],
        5 => *n.last_mut().expect("a byte") &= 0xfe,
        6 => e = u.arbitrary::<u64>()?.to_be_bytes().to_vec(),
        7 => e = vec![3],
        8 => n[100] = u.arbitrary()?,
        _ => {}
    }
    let mut members = vec![
        ("kty", text("RSA")),
        ("kid", text(u.choose(&[KEY_ID, KEY_ID, "k2", ""])?)),
        ("n", base64url(&n)),
        ("e", base64url(&e)),
    ];
    match u.int_in_range(0..=15_u8)? {
        0 => members.push(("use", text(u.choose(&["sig", "enc"])?))),
        1 => members.push(("alg", text(u.choose(&["RS256", "PS256"])?))),
        2 => members.push(("key_ops", value(u, 1)?)),
        3 => members.push(("key_ops", r#"["sign","verify"]"#.into())),
        4 => members.push((
            *u.choose(&["d", "p", "q", "dp", "dq", "qi", "oth", "k"])?,
            value(u, 1)?,
        )),
        5 => members.push(("issuer", text(u.choose(&[ISSUER, TEMPLATE])?))),
        6 => members.push(("x5t", text(KEY_ID))),
        7 => members[1].1 = text(&"k".repeat(u.int_in_range(120..=140)?)),
        8 => members[2].1 = members[2].1.trim_end_matches('"').to_owned() + "==\"",
        9 => drop(members.remove(1)),
        _ => {}
    }
    changed(u, members, 2)
}

/// An object of these members, with changes.
pub fn changed(
    u: &mut Unstructured<'_>,
    mut members: Vec<(&'static str, String)>,
    most: usize,
) -> Result<String> {
    for _ in 0..u.int_in_range(0..=most)? {
        match u.int_in_range(0..=7_u8)? {
            0 if !members.is_empty() => {
                let at = u.choose_index(members.len())?;
                members.remove(at);
            }
            1 if !members.is_empty() => {
                let at = u.choose_index(members.len())?;
                members[at].1 = value(u, 0)?;
            }
            2 => {
                let at = u.int_in_range(0..=members.len())?;
                members.insert(at, (*u.choose(&NAMES)?, value(u, 0)?));
            }
            3 if !members.is_empty() => {
                let at = u.choose_index(members.len())?;
                let date = u.int_in_range(NOW - 1000..=NOW + 1000)?;
                let fraction = u.choose(&["", ".0", ".5", "e0", "0e-1"])?;
                members[at].1 = format!("{date}{fraction}");
            }
            _ => {
                let name = *u.choose(&NAMES)?;
                let value = value(u, 0)?;
                match members.iter_mut().find(|(other, _)| *other == name) {
                    Some(member) => member.1 = value,
                    None => members.push((name, value)),
                }
            }
        }
    }
    let is_spaced: bool = u.arbitrary()?;
    let mut object = String::from("{");
    for (at, (name, value)) in members.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let space = if is_spaced { "\n " } else { "" };
        let name = if u.ratio(1_u8, 16_u8)? {
            escaped(name)
        } else {
            text(name)
        };
        object += &format!("{comma}{space}{name}:{space}{value}");
    }
    object += "}";
    if u.ratio(1_u8, 24_u8)? {
        // Almost JSON.
        let mut bytes = object.into_bytes();
        let at = u.choose_index(bytes.len())?;
        bytes[at] = u.arbitrary::<u8>()? & 0x7f;
        object = String::from_utf8_lossy(&bytes).into_owned();
    }
    Ok(object)
}

/// A JSON value.
pub fn value(u: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    Ok(match u.int_in_range(0..=15_u8)? {
        0..=3 => text(u.choose(&TEXTS)?),
        4 => escaped(u.choose(&TEXTS)?),
        5 | 6 => (*u.choose(&NUMBERS)?).into(),
        7 => u.int_in_range(NOW - 1000..=NOW + 1000)?.to_string(),
        8 => (*u.choose(&["null", "true", "false"])?).into(),
        9..=11 if depth < 4 => {
            let elements = 0..u.int_in_range(0..=3_u8)?;
            let elements = elements.map(|_| value(u, depth + 1));
            format!("[{}]", elements.collect::<Result<Vec<_>>>()?.join(","))
        }
        12 | 13 if depth < 4 => {
            let mut members = Vec::new();
            for _ in 0..u.int_in_range(0..=3_u8)? {
                let name = text(u.choose(&NAMES)?);
                members.push(format!("{name}:{}", value(u, depth + 1)?));
            }
            format!("{{{}}}", members.join(","))
        }
        14 => {
            let deep = u.int_in_range(10..=20_usize)?;
            format!("{}{}", "[".repeat(deep), "]".repeat(deep))
        }
        15 => {
            let many = 0..u.int_in_range(20..=100_u8)?;
            let many: Vec<String> = many.map(|at| format!("\"{at}\":0")).collect();
            format!("{{{}}}", many.join(","))
        }
        _ => "0".into(),
    })
}

/// A text as serde_json writes it.
pub fn text(text: &str) -> String {
    serde_json::to_string(text).expect("a text can be written")
}

/// A text with nothing but escapes.
fn escaped(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}
