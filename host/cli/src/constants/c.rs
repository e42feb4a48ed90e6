//! Constants in C.

use std::fmt::Write;

use tokenlatch_host::device::VerifyingKey;

use super::{Constants, description};

/// A header for C99 and C++.
pub(crate) fn c(constants: &Constants<'_>) -> String {
    let name = constants.name.to_ascii_lowercase();
    let upper = constants.name.to_ascii_uppercase();
    let mut text = String::from("/*\n");
    for line in constants.introduction() {
        text += &format!(" * {line}\n");
    }
    let count = constants.keys.len();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        " *\n \
         * To add all of them to a `tl_key_set keys` that is initialised, with a `tl_error error` that is TL_OK:\n \
         *\n \
         *   #define ADD(kid, n, len, e) if (error == TL_OK) {{ error = tl_key_set_add(&keys, kid, n, len, e); }}\n \
         *   {upper}_EACH(ADD)\n \
         */\n\
         #ifndef {upper}_H\n\
         #define {upper}_H\n\n\
         #include <stdint.h>\n\n\
         #define {upper}_COUNT {count}\n\n"
    );
    let mut each = format!(
        "/* Calls a macro with the kid, the modulus, its length and the exponent of each key. */\n#define {upper}_EACH(KEY)"
    );
    for (place, key) in constants.keys.iter().enumerate() {
        text += &one_key(&name, &upper, place, key);
        let _ = write!(
            each,
            " \\\n    KEY({name}_{place}_kid, {name}_{place}_n, sizeof {name}_{place}_n, {upper}_{place}_E)"
        );
    }
    text + &each + &format!("\n\n#endif /* {upper}_H */\n")
}

fn one_key(name: &str, upper: &str, place: usize, key: &VerifyingKey) -> String {
    let modulus = key.modulus();
    let (description, len) = (description(key), modulus.len());
    let (key_id, e) = (literal(key.key_id()), key.exponent());
    let rows = modulus.chunks(16).map(|row| {
        let bytes: Vec<_> = row.iter().map(|byte| format!("0x{byte:02x},")).collect();
        format!("    {}\n", bytes.join(" "))
    });
    let rows: String = rows.collect();
    format!(
        "/* {description} */\n\
         static const char {name}_{place}_kid[] = {key_id};\n\
         #define {upper}_{place}_E UINT32_C({e})\n\
         static const uint8_t {name}_{place}_n[{len}] = {{ /* big-endian */\n{rows}}};\n\n"
    )
}

/// A string of C: octal escapes end after three digits, whatever follows.
fn literal(text: &str) -> String {
    let byte = |byte: u8| match byte {
        // `?` begins trigraphs.
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).into(),
        byte => format!("\\{byte:03o}"),
    };
    let escaped: String = text.bytes().map(byte).collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn any_text_is_a_string() {
        for (text, expected) in [
            ("2026-11", r#""2026-11""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("??/1", r#""\?\?/1""#),
            ("\n1", r#""\0121""#),
            ("é", r#""\303\251""#),
        ] {
            assert_eq!(literal(text), expected);
        }
    }
}
