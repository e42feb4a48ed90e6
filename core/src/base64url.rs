//! Strict base64url without padding (RFC 4648 section 5, RFC 7515 section 2).
//!
//! This decoder is our own because base64ct takes three to four times as long (840 ns for 512 characters
//! on x86-64, against 240 ns) and more flash. Its constant time protects secrets, but whoever sent the
//! token knows its text.

use core::cell::Cell;

use crate::error::Error;

/// Decodes a text in its own place. Returns the bytes, which are at the front of it, or nothing if it is no
/// base64url.
///
/// Rejects padding, white space, the standard alphabet, a length of 4n + 1 and non-zero trailing
/// bits, so that one byte string has exactly one text.
pub(crate) fn decode_in_place(text: &mut [u8]) -> Option<&mut [u8]> {
    let len = text.len() / 4 * 3;
    // Cells, because one slice is read and written.
    let cells = Cell::from_mut(&mut *text).as_slice_of_cells();
    let (groups, last) = cells.as_chunks();
    let (outs, _) = cells.as_chunks();
    // One check for all characters: `NONE` is in no character of ASCII, and in no sextet.
    let mut all = 0;
    let mut sextet = |character: &Cell<u8>| {
        let sextet = sextet(character.get());
        all |= sextet;
        if SEXTETS.len() < 256 {
            all |= character.get();
        }
        sextet
    };
    for ([a, b, c, d], [first, second, third]) in groups.iter().zip(outs) {
        let [a, b, c, d] = [sextet(a), sextet(b), sextet(c), sextet(d)];
        first.set(a << 2 | b >> 4);
        second.set(b << 4 | c >> 2);
        third.set(c << 6 | d);
    }
    // The last group, of 2 or 3 characters, stands for 1 or 2 bytes and trailing bits.
    let mut bits = 0_u32;
    for character in last {
        bits = bits << 6 | u32::from(sextet(character));
    }
    let last = last.len();
    bits <<= (32 - 6 * last) % 32;
    let bytes = text.get_mut(..len + 3 * last / 4)?;
    for byte in bytes.get_mut(len..)? {
        *byte = (bits >> 24) as u8;
        bits <<= 8;
    }
    (all & NONE == 0 && bits == 0 && last != 1).then_some(bytes)
}

/// As [`decode_in_place`], for constants, where there are no cells: decodes a text to the front of `to`, and
/// returns the length.
pub(crate) const fn decode(text: &[u8], to: &mut [u8]) -> Result<usize, Error> {
    let (mut text, mut to) = (text, to);
    // Bits that are no byte yet, and how many.
    let (mut bits, mut pending) = (0_u32, 0);
    let mut len = 0;
    while let [character, rest @ ..] = text {
        let sextet = sextet(*character);
        if (*character | sextet) & NONE != 0 {
            return Err(Error::InvalidBase64url);
        }
        bits = bits << 6 | sextet as u32;
        pending += 6;
        if pending >= 8 {
            pending -= 8;
            let [out, after @ ..] = to else {
                return Err(Error::InvalidBase64url);
            };
            *out = (bits >> pending) as u8;
            bits &= (1 << pending) - 1;
            to = after;
            len += 1;
        }
        text = rest;
    }
    // A last group of one character leaves six bits.
    if bits != 0 || pending == 6 {
        return Err(Error::InvalidBase64url);
    }
    Ok(len)
}

/// The sextet of a character, or `NONE`. Beyond ASCII, a device gets that of another character.
#[expect(clippy::indexing_slicing, reason = "no remainder is beyond the end")]
const fn sextet(character: u8) -> u8 {
    SEXTETS[character as usize % SEXTETS.len()]
}

/// The entry of a character outside the alphabet.
const NONE: u8 = 0x80;

/// The sextet of each character. On a device, flash is spent on ASCII alone.
#[expect(
    clippy::indexing_slicing,
    reason = "a constant: an index beyond the end would not compile"
)]
const SEXTETS: [u8; if usize::BITS < 64 { 128 } else { 256 }] = {
    let mut sextets = [NONE; _];
    let mut alphabet =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".as_slice();
    let mut sextet = 0;
    while let [character, rest @ ..] = alphabet {
        sextets[*character as usize] = sextet;
        sextet += 1;
        alphabet = rest;
    }
    sextets
};

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// By both decoders, which must agree.
    fn decode<const N: usize>(mut text: [u8; N]) -> Result<Vec<u8>, Error> {
        let mut buffer = [0; N];
        let len = super::decode(&text, &mut buffer);
        let decoded = decode_in_place(&mut text);
        assert_eq!(decoded.as_deref(), len.ok().map(|len| &buffer[..len]));
        decoded.map(Vec::from).ok_or(Error::InvalidBase64url)
    }

    #[test]
    fn decodes_the_vectors_of_rfc_4648_section_10() {
        assert_eq!(decode(*b"").unwrap(), b"");
        assert_eq!(decode(*b"Zg").unwrap(), b"f");
        assert_eq!(decode(*b"Zm8").unwrap(), b"fo");
        assert_eq!(decode(*b"Zm9v").unwrap(), b"foo");
        assert_eq!(decode(*b"Zm9vYg").unwrap(), b"foob");
        assert_eq!(decode(*b"Zm9vYmE").unwrap(), b"fooba");
        assert_eq!(decode(*b"Zm9vYmFy").unwrap(), b"foobar");
        assert_eq!(decode(*b"-_-_").unwrap(), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn rejects_what_another_text_could_say() {
        for text in [
            *b"Zg==",
            *b"+/+/",
            *b"Zm9\n",
            *b" Zm9",
            *b"Zm9=",
            *b"Zm\x809",
        ] {
            assert_eq!(decode(text), Err(Error::InvalidBase64url), "{text:?}");
        }
        assert_eq!(decode(*b"Zm9vY"), Err(Error::InvalidBase64url), "4n + 1");
        assert_eq!(
            decode(*b"Zh"),
            Err(Error::InvalidBase64url),
            "trailing bits"
        );
        assert_eq!(
            decode(*b"Zm9"),
            Err(Error::InvalidBase64url),
            "trailing bits"
        );
    }

    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// The values of characters, as RFC 4648 section 5 lists them.
    fn values() -> [Option<u32>; 256] {
        let mut values = [None; 256];
        for (value, character) in (0..).zip(ALPHABET) {
            values[usize::from(*character)] = Some(value);
        }
        values
    }

    /// Checks both decoders with one group of up to four characters, and returns whether it is base64url.
    fn check<const N: usize>(values: &[Option<u32>; 256], text: [u8; N]) -> bool {
        let number = text.iter().try_fold(0, |number, character| {
            Some(number << 6 | values[usize::from(*character)]?)
        });
        // How many bytes there are, and bits behind them, which have to be zero.
        let (len, bits) = [(0, 0), (0, 6), (1, 4), (2, 2), (3, 0)][N];
        let number = number.filter(|number| number % (1 << bits) == 0 && bits < 6);
        let bytes = number.map(|number| (number >> bits << (8 * (4 - len) % 32)).to_be_bytes());
        let expected = bytes.as_ref().map(|bytes| &bytes[..len]);
        let decoded = decode(text).ok();
        assert_eq!(decoded.as_deref(), expected, "{text:?}");
        expected.is_some()
    }

    fn count(texts: impl Iterator<Item = bool>) -> [usize; 2] {
        texts.fold([0; 2], |[all, good], is_good| {
            [all + 1, good + usize::from(is_good)]
        })
    }

    #[test]
    fn every_text_of_two_characters_is_decoded_as_the_rfc_says() {
        let values = values();
        let all = 0..=u8::MAX;
        assert!(check(&values, []));
        assert_eq!(count(all.clone().map(|a| check(&values, [a]))), [256, 0]);
        let two = all
            .clone()
            .flat_map(|a| all.clone().map(move |b| [a, b]))
            .map(|text| check(&values, text));
        assert_eq!(count(two), [1 << 16, 1 << 8]);
        std::println!(
            "exhaustive: {} texts of 0 to 2 characters",
            1 + 256 + (1 << 16)
        );
    }

    #[test]
    #[ignore = "16 million texts: tests/assurance/exhaustive runs it, optimised"]
    fn every_text_of_three_characters_is_decoded_as_the_rfc_says() {
        let values = values();
        let three = (0..1_u32 << 24).map(|text| {
            let [_, text @ ..] = text.to_be_bytes();
            check(&values, text)
        });
        let counted = count(three);
        assert_eq!(counted, [1 << 24, 1 << 16]);
        std::println!("exhaustive: {} texts of 3 characters", counted[0]);
    }

    /// The decoders know a character by its sextet alone, which the test above has for each of them. So all
    /// characters outside of the alphabet are one class, which is here each of them in turn.
    #[test]
    #[ignore = "18 million texts: tests/assurance/exhaustive runs it, optimised"]
    fn every_class_of_four_characters_is_decoded_as_the_rfc_says() {
        let values = values();
        let mut others = (0..=u8::MAX)
            .filter(|character| !ALPHABET.contains(character))
            .cycle();
        let classes = (0..65_u32.pow(4)).map(|class| {
            let text = [0, 1, 2, 3].map(|place| {
                let class = class / 65_u32.pow(place) % 65;
                let character = ALPHABET.get(class as usize).copied();
                character.unwrap_or_else(|| others.next().unwrap())
            });
            check(&values, text)
        });
        let counted = count(classes);
        assert_eq!(counted, [65_usize.pow(4), 64_usize.pow(4)]);
        std::println!("exhaustive: {} classes of 4 characters", counted[0]);
    }

    /// Any two of four characters, with every value.
    #[test]
    fn every_pair_of_four_characters_is_decoded_as_the_rfc_says() {
        let values = values();
        let mut counted = 0;
        for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            for pair in 0..=u16::MAX {
                let mut text = *b"Zm9v";
                [text[first], text[second]] = pair.to_be_bytes();
                check(&values, text);
                counted += 1;
            }
        }
        std::println!("exhaustive: {counted} pairs of 4 characters");
    }

    #[test]
    fn exactly_64_characters_are_accepted() {
        let accepted = (0..=255).filter(|&character| decode([b'A', character, b'A', b'A']).is_ok());
        assert_eq!(accepted.count(), 64);
    }
}
