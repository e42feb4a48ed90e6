//! Strict JSON (RFC 8259) over borrowed bytes, for the header, the claims and JWK Sets.
//!
//! [`parse`] checks a whole document before any part of it is used. It neither recurses nor
//! allocates. It rejects nesting beyond [`MAX_JSON_DEPTH`], two members of one name (after
//! unescaping), invalid UTF-8, lone surrogates and anything after the value. It returns views of
//! checked text, so reading them cannot fail.
//!
//! Functions that are called from many places are not inlined on a device, so that they take its flash once.

mod decimal;
mod stack;

pub(crate) use decimal::Decimal;

use core::cmp::Ordering;
use core::fmt;

use crate::Error;
use stack::Stack;

/// How deep objects and arrays may nest: `{"a":[0]}` is two deep.
pub const MAX_JSON_DEPTH: usize = 16;

/// How many members an object may have, together with the members that come before it in the objects that it
/// lies in.
///
/// The reader remembers a hash of each of these names, to find two members of one name.
pub const MAX_JSON_MEMBERS: usize = 96;

/// A JSON value, as it lies in a checked document.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number<'a>),
    /// A string.
    String(Text<'a>),
    /// An array.
    Array(Array<'a>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON number, as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a>(&'a [u8]);

/// A JSON string, as it lies in the document: its escapes are undone when it is compared, displayed
/// or read by [`chars`](Text::chars). The default is the empty string.
#[derive(Clone, Copy, Default)]
pub struct Text<'a>(&'a [u8]);

/// A JSON array, as it lies in the document.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a>(&'a [u8]);

/// A JSON object, as it lies in the document.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(&'a [u8]);

/// Checks a whole document and returns its value.
///
/// # Errors
///
/// [`Error::InvalidUtf8`], [`Error::InvalidJson`], [`Error::JsonTooDeep`],
/// [`Error::DuplicateMember`] and [`Error::TooManyMembers`].
pub fn parse(document: &[u8]) -> Result<Value<'_>, Error> {
    walk(document, MAX_JSON_MEMBERS, &mut ()).map(Raw::value)
}

/// The document without a UTF-8 byte order mark, which a reader may ignore (RFC 8259 section 8.1).
#[must_use]
pub fn without_bom(document: &[u8]) -> &[u8] {
    document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document)
}

/// As [`parse`], with a limit of members up to [`MAX_JSON_MEMBERS`]; shows `visitor` the members of the
/// outermost object.
pub(crate) fn walk<'a>(
    document: &'a [u8],
    max_members: usize,
    visitor: &mut dyn Visitor<'a>,
) -> Result<Raw<'a>, Error> {
    Walk::new(document, max_members).run(visitor)
}

/// Sees a document while it is checked. It must not use what it keeps before the whole document is checked.
pub(crate) trait Visitor<'a> {
    /// A member of the outermost object.
    fn member(&mut self, name: Text<'a>, value: Raw<'a>) -> Result<(), Error>;

    /// The document has an error. Returns it, unless the walk can go on after it.
    fn error(&mut self, _walk: &mut Walk<'a>, error: Error) -> Result<(), Error> {
        Err(error)
    }
}

/// Ignores the members.
impl<'a> Visitor<'a> for () {
    fn member(&mut self, _: Text<'a>, _: Raw<'a>) -> Result<(), Error> {
        Ok(())
    }
}

/// A value, as it is written in a checked document. The default is no value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    pub(crate) fn value(self) -> Value<'a> {
        match self.0 {
            [b'"', text @ .., _] => Value::String(Text(text)),
            [b'[', ..] => Value::Array(Array(self.0)),
            [b'{', ..] => Value::Object(Object(self.0)),
            [b't', ..] => Value::Bool(true),
            [b'f', ..] => Value::Bool(false),
            [b'n', ..] => Value::Null,
            _ => Value::Number(Number(self.0)),
        }
    }

    /// Whether it is this boolean.
    pub(crate) fn is_bool(self, truth: bool) -> bool {
        self.0.first() == Some(if truth { &b't' } else { &b'f' })
    }

    /// Whether it is a number or a boolean that is written so.
    pub(crate) fn is_written(self, text: &str) -> bool {
        self.0 == text.as_bytes() && !matches!(self.0, [b'n' | b'"' | b'[' | b'{', ..])
    }

    pub(crate) fn is_null(self) -> bool {
        self.0.first() == Some(&b'n')
    }

    /// The string, if it is one.
    pub(crate) fn as_text(self) -> Option<Text<'a>> {
        match self.0 {
            [b'"', text @ .., _] => Some(Text(text)),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub(crate) fn as_object(self) -> Option<Object<'a>> {
        (self.0.first() == Some(&b'{')).then_some(Object(self.0))
    }

    /// The number, if it is one from 0 to `max`.
    pub(crate) fn as_decimal(self, max: u64) -> Option<Decimal> {
        match self.0 {
            [b'-' | b'0'..=b'9', ..] => Decimal::read(self.0, max),
            _ => None,
        }
    }

    /// The elements, if it is an array, or else the value itself.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn elements(self) -> Elements<'a> {
        Elements(Cursor {
            text: self.0,
            at: usize::from(self.0.first() == Some(&b'[')),
        })
    }

    /// Whether it is a string, or an array of nothing but strings.
    pub(crate) fn is_texts(self) -> bool {
        matches!(self.0, [b'"' | b'[', ..])
            && self.elements().all(|element| element.as_text().is_some())
    }
}

/// One value or more, in order.
#[derive(Clone)]
pub(crate) struct Elements<'a>(Cursor<'a>);

impl<'a> Elements<'a> {
    /// The next string.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn next_text(&mut self) -> Option<Text<'a>> {
        loop {
            if let Some(text) = self.next()?.as_text() {
                return Some(text);
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        self.0.skip_value()
    }
}

impl<'a> Value<'a> {
    /// The string, if it is one, or the strings of an array, without its other elements.
    pub fn texts(self) -> impl Iterator<Item = Text<'a>> {
        let array = self.as_array().map_or(Raw::default(), |array| Raw(array.0));
        self.as_text()
            .into_iter()
            .chain(array.elements().filter_map(Raw::as_text))
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<Text<'a>> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one of them.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if it is a whole one from 0 to 2^64 - 1, however it is written: `2`, `2.0` and `20e-1` are
    /// the same.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Self::Number(number) => Decimal::read(number.0, u64::MAX)?.as_u64(),
            _ => None,
        }
    }

    /// The array, if it is one.
    #[must_use]
    pub fn as_array(self) -> Option<Array<'a>> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub fn as_object(self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<'a> Number<'a> {
    /// The number as it is written: `-`? digits, then perhaps a fraction and an exponent.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        written(self.0)
    }
}

impl<'a> Text<'a> {
    /// The view of what stands between the quotes.
    #[cfg(test)]
    pub(crate) const fn new(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    /// The string, if it is written without escapes.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        (!self.has_escapes()).then(|| written(self.0))
    }

    /// The characters, without escapes.
    pub fn chars(self) -> impl Iterator<Item = char> + Clone + use<'a> {
        self.unescaped()
    }

    /// Copies the string without escapes to the front of `buffer` and returns its length in bytes,
    /// or `None` if the string does not fit.
    pub fn copy_to(self, buffer: &mut [u8]) -> Option<usize> {
        if !self.has_escapes() {
            buffer.get_mut(..self.0.len())?.copy_from_slice(self.0);
            return Some(self.0.len());
        }
        let mut len = 0;
        for character in self.chars() {
            // For bytes that are always enough, the compiler needs no panic.
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).bytes();
            let end = len + bytes.len();
            let places = buffer.get_mut(len..end)?.iter_mut();
            places.zip(bytes).for_each(|(to, byte)| *to = byte);
            len = end;
        }
        Some(len)
    }

    /// The text before the first `separator`, and the text after it if there is one.
    pub(crate) fn split_once(self, separator: char) -> (Self, Option<Self>) {
        let mut chars = self.unescaped();
        let mut end = 0;
        while let Some(character) = chars.next() {
            if character == separator {
                let before = self.0.get(..end).unwrap_or_default();
                return (Text(before), Some(Text(chars.rest)));
            }
            end = self.0.len() - chars.rest.len();
        }
        (self, None)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    #[expect(
        clippy::manual_contains,
        reason = "most texts are short, and `contains` takes more flash"
    )]
    fn has_escapes(self) -> bool {
        self.0.iter().any(|byte| *byte == b'\\')
    }

    pub(crate) fn unescaped(self) -> Chars<'a> {
        Chars {
            rest: self.0,
            has_escapes: true,
        }
    }

    /// Whether it is this text, which is written without escapes.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn is(self, plain: &[u8]) -> bool {
        // Every escape is longer than what it stands for.
        match self.0.len().cmp(&plain.len()) {
            Ordering::Less => false,
            Ordering::Equal => self.0 == plain && !self.has_escapes(),
            Ordering::Greater => self.unescaped().are(plain, Kind::Plain),
        }
    }

    /// Equal strings have equal hashes.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn hash(self) -> u32 {
        hash(self.chars())
    }
}

/// FNV-1a of the characters.
pub(crate) fn hash(characters: impl Iterator<Item = char>) -> u32 {
    characters.fold(0x811c_9dc5, |hash, character| {
        (hash ^ u32::from(character)).wrapping_mul(0x0100_0193)
    })
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Text<'_>) -> bool {
        self.unescaped().are(other.0, Kind::Escaped)
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.is(other.as_bytes())
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", written(self.0))
    }
}

impl<'a> Array<'a> {
    /// The elements, in order.
    pub fn elements(self) -> impl Iterator<Item = Value<'a>> {
        Raw(self.0).elements().map(Raw::value)
    }

    /// The array as it is written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        written(self.0)
    }

    /// Whether it has no element.
    pub(crate) fn is_empty(self) -> bool {
        let mut inner = self.0.iter().skip(1);
        inner.find(|byte| !is_separator(**byte)) == Some(&b']')
    }

    /// Calls `element` with the members of each element, or with `None` if the element is not an object or
    /// `is_bad` says so of its index.
    ///
    /// Walks over each element once.
    pub(crate) fn objects(
        self,
        is_bad: &dyn Fn(usize) -> bool,
        element: &mut dyn FnMut(Option<&mut Members<'a>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut cursor = Cursor::in_container(self.0);
        let mut index = 0;
        loop {
            if cursor.peek().is_some_and(is_separator) {
                cursor.at += 1;
                continue;
            }
            if !is_bad(index) && cursor.eat(b'{') {
                let mut members = Members(cursor);
                element(Some(&mut members))?;
                members.by_ref().for_each(drop);
                cursor = members.0;
                cursor.at += 1;
            } else if cursor.skip_value().is_some() {
                element(None)?;
            } else {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// The members of an object, in order.
#[derive(Clone)]
pub struct Members<'a>(Cursor<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.skip_value()?.as_text()?;
        Some((name, self.0.skip_value()?.value()))
    }
}

/// `{}`
impl Default for Object<'_> {
    fn default() -> Self {
        Self(b"{}")
    }
}

impl<'a> Object<'a> {
    /// The members, in order; no name comes twice.
    pub fn members(self) -> Members<'a> {
        Members(Cursor::in_container(self.0))
    }

    /// The value of the member `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.member(name).map(Raw::value)
    }

    /// The value at the end of a path: each name is that of a member of the object before.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Value<'a>> {
        self.find(path).map(Raw::value)
    }

    /// As [`get`](Self::get).
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn member(self, name: &str) -> Option<Raw<'a>> {
        let mut cursor = Cursor::in_container(self.0);
        loop {
            let other = cursor.skip_value()?.as_text()?;
            let value = cursor.skip_value()?;
            if other == *name {
                return Some(value);
            }
        }
    }

    /// As [`at`](Self::at).
    pub(crate) fn find(self, path: &[&str]) -> Option<Raw<'a>> {
        let mut value = Raw(self.0);
        for name in path {
            value = value.as_object()?.member(name)?;
        }
        Some(value)
    }

    /// The object as it is written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        written(self.0)
    }
}

/// The object as it is written.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was checked to be UTF-8.
fn written(text: &[u8]) -> &str {
    core::str::from_utf8(text).unwrap_or_default()
}

/// How a text is written that another text is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Without escapes.
    Plain,
    /// Without escapes, and the case of ASCII's letters does not count.
    AnyCase,
    /// With escapes, as in a document.
    Escaped,
}

/// The characters of a text, without its escapes.
#[derive(Clone)]
pub(crate) struct Chars<'a> {
    rest: &'a [u8],
    /// Whether it has escapes, as a string in a document may.
    has_escapes: bool,
}

impl<'a> Chars<'a> {
    /// Of a text that is written without escapes.
    pub(crate) fn plain(text: &'a [u8]) -> Self {
        Self {
            rest: text,
            has_escapes: false,
        }
    }

    /// Whether these are the characters of another text.
    pub(crate) fn are(mut self, other: &[u8], kind: Kind) -> bool {
        self.skip_text(other, kind) && self.is_empty()
    }

    /// Skips another text, or returns false.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn skip_text(&mut self, other: &[u8], kind: Kind) -> bool {
        let others = Chars {
            rest: other,
            has_escapes: kind == Kind::Escaped,
        };
        for expected in others {
            let is_same = self.next().is_some_and(|character| {
                character == expected
                    || kind == Kind::AnyCase && character.eq_ignore_ascii_case(&expected)
            });
            if !is_same {
                return false;
            }
        }
        true
    }

    /// What is left, as it is written.
    pub(crate) fn rest(&self) -> &[u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// The character after a backslash (RFC 8259 section 7).
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn escaped(&mut self) -> Option<char> {
        let escape = self.byte()?;
        if escape != b'u' {
            let (_, character) = ESCAPES.iter().find(|(written, _)| *written == escape)?;
            return Some(char::from(*character));
        }
        let mut code = self.hex4()?;
        // Surrogates come in pairs (RFC 3629 section 3 has none alone).
        if code >> 10 == 0xd800 >> 10 {
            self.rest = self.rest.strip_prefix(b"\\u")?;
            let low = self.hex4()?;
            if low >> 10 != 0xdc00 >> 10 {
                return None;
            }
            code = 0x1_0000 + ((code & 0x3ff) << 10 | low & 0x3ff);
        }
        char::from_u32(code)
    }

    /// The number of four hexadecimal digits.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn hex4(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code << 4 | char::from(self.byte()?).to_digit(16)?;
        }
        Some(code)
    }

    /// The character in UTF-8 whose first byte was this one, which is not ASCII (RFC 3629 section 4).
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn multi_byte(&mut self, first: u8) -> Option<char> {
        // How many bytes follow. All encodings with 0xc0 and 0xc1 have a shorter one.
        let len = first.leading_ones().saturating_sub(1);
        if first < 0xc2 || len > 3 {
            return None;
        }
        let mut code = u32::from(first & 0x3f >> len);
        for _ in 0..len {
            let byte = self.byte()?;
            if byte & 0xc0 != 0x80 {
                return None;
            }
            code = code << 6 | u32::from(byte & 0x3f);
        }
        // No shorter encoding, no surrogate, and nothing beyond Unicode.
        if code >> (5 * len + 1) == 0 {
            return None;
        }
        char::from_u32(code)
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    /// The next character; nothing at the end, or where the text is malformed.
    fn next(&mut self) -> Option<char> {
        match self.byte()? {
            b'\\' if self.has_escapes => self.escaped(),
            ascii @ 0..0x80 => Some(char::from(ascii)),
            first => self.multi_byte(first),
        }
    }
}

/// What stands after a backslash, and the character that it stands for.
const ESCAPES: [(u8, u8); 8] = [
    (b'"', b'"'),
    (b'\\', b'\\'),
    (b'/', b'/'),
    (b'b', 0x8),
    (b'f', 0xc),
    (b'n', b'\n'),
    (b'r', b'\r'),
    (b't', b'\t'),
];

/// An object or array that is not closed yet.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Where it begins.
    start: usize,
    /// The bracket that closes it.
    end: u8,
    /// How many names were remembered before it began.
    names_before: u16,
}

impl Open {
    fn is_object(&self) -> bool {
        self.end == b'}'
    }
}

/// The longest name that is compared with one that has its hash, in bytes as it is written. It takes long to compare
/// longer ones, and nobody but an attacker has two of them.
const MAX_COMPARED_LEN: usize = 128;

/// The names of the members, so far, of all objects that are not closed yet.
struct Names {
    hashes: Stack<u32, MAX_JSON_MEMBERS>,
    /// How many there may be.
    max: usize,
    /// Where the name begins for which an object was walked again, because an earlier name has its hash, or 0.
    /// Different names have one hash by chance in one document of a million: a document with a second such
    /// pair was made to cost time.
    walked_at: usize,
}

impl Names {
    /// Remembers the next name of `object`, which begins at `start`.
    fn add(
        &mut self,
        name: Text<'_>,
        object: Open,
        cursor: &Cursor<'_>,
        start: usize,
    ) -> Result<(), Error> {
        let hash = name.hash();
        let earlier = self.hashes.after(object.names_before.into());
        // A processor of 64 bits compares several at once, if it need not say which is the same.
        if (usize::BITS < 64 || earlier.contains(&hash))
            && let Some(same) = earlier.iter().position(|other| *other == hash)
        {
            if self.walked_at > 0 || name.0.len() > MAX_COMPARED_LEN {
                return Err(Error::TooManyMembers);
            }
            self.walked_at = start;
            let mut earlier = Cursor::in_container(cursor.between(object.start, start));
            // Names and values take turns.
            for _ in 0..2 * same {
                earlier.skip_value();
            }
            let other = earlier.skip_value().and_then(Raw::as_text);
            if other.is_none_or(|other| other == name) {
                return Err(Error::DuplicateMember);
            }
        }
        if self.hashes.len() >= self.max {
            return Err(Error::TooManyMembers);
        }
        self.hashes.push(hash).ok_or(Error::TooManyMembers)
    }
}

/// The check of a document.
pub(crate) struct Walk<'a> {
    cursor: Cursor<'a>,
    open: Stack<Open, MAX_JSON_DEPTH>,
    names: Names,
    /// The name of the outermost object's last member, and where its value begins.
    last: Option<(Text<'a>, usize)>,
    /// How many elements of that value have ended, if it is an array.
    elements: usize,
}

impl<'a> Walk<'a> {
    #[inline(always)]
    fn new(text: &'a [u8], max_members: usize) -> Self {
        Self {
            cursor: Cursor { text, at: 0 },
            open: Stack::new(),
            names: Names {
                hashes: Stack::new(),
                max: max_members,
                walked_at: 0,
            },
            last: None,
            elements: 0,
        }
    }

    /// Checks that the document is one JSON value, and returns it without the white space around it.
    #[inline(always)]
    fn run(mut self, visitor: &mut dyn Visitor<'a>) -> Result<Raw<'a>, Error> {
        self.cursor.skip_whitespace();
        let start = self.cursor.at;
        loop {
            match self.next() {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => visitor.error(&mut self, error)?,
            }
            // A value has ended here, or an empty object or array is about to end.
            loop {
                let end = self.cursor.at;
                let byte = self.cursor.skip_whitespace();
                let Some(container) = self.open.last() else {
                    return match byte {
                        None => Ok(Raw(self.cursor.between(start, end))),
                        Some(_) => Err(Error::InvalidJson),
                    };
                };
                if self.open.len() == 1
                    && let Some((name, start)) = self.last.take()
                {
                    visitor.member(name, Raw(self.cursor.between(start, end)))?;
                    self.elements = 0;
                }
                self.cursor.at += 1;
                if byte == Some(container.end) {
                    self.open.pop();
                    self.names.hashes.truncate(container.names_before.into());
                } else if byte == Some(b',') {
                    self.elements += usize::from(self.open.len() == 2);
                    break;
                } else {
                    return Err(Error::InvalidJson);
                }
            }
        }
    }

    /// Checks a name, in an object, and the value after it, or the beginning of an object or array. Returns
    /// whether the value has ended, or is a container that is about to end.
    fn next(&mut self) -> Result<bool, Error> {
        if let Some(container) = self.open.last()
            && container.is_object()
        {
            self.cursor.skip_whitespace();
            let start = self.cursor.at;
            let name = self.cursor.check_string()?;
            self.names.add(name, container, &self.cursor, start)?;
            if self.cursor.skip_whitespace() != Some(b':') {
                return Err(Error::InvalidJson);
            }
            self.cursor.at += 1;
            self.cursor.skip_whitespace();
            if self.open.len() == 1 {
                self.last = Some((name, self.cursor.at));
            }
        }
        let byte = self.cursor.skip_whitespace().unwrap_or_default();
        let start = self.cursor.at;
        let is_good = match byte {
            b'{' | b'[' => {
                let container = Open {
                    start,
                    // In ASCII.
                    end: byte + 2,
                    names_before: self.names.hashes.len() as u16,
                };
                self.open.push(container).ok_or(Error::JsonTooDeep)?;
                self.cursor.at += 1;
                let after = self.cursor.skip_whitespace();
                return Ok(matches!(after, Some(b'}' | b']')));
            }
            b'"' => {
                self.cursor.check_string()?;
                true
            }
            b't' => self.cursor.eat_literal(b"true"),
            b'f' => self.cursor.eat_literal(b"false"),
            b'n' => self.cursor.eat_literal(b"null"),
            _ => self.cursor.eat_number(),
        };
        match is_good {
            true => Ok(true),
            // No character of UTF-8 begins so.
            false if byte >= 0xf8 => Err(Error::InvalidUtf8),
            false => Err(Error::InvalidJson),
        }
    }

    /// The member whose value is an array with this error in an element, and the element's index, if the error
    /// leaves the end of the element easy to find.
    pub(crate) fn bad_element(&self, error: Error) -> Option<(Text<'a>, usize)> {
        let is_semantic = matches!(
            error,
            Error::DuplicateMember | Error::TooManyMembers | Error::JsonTooDeep
        );
        match (self.last, self.open.after(0)) {
            (Some((name, _)), [_, array, _, ..]) if is_semantic && !array.is_object() => {
                Some((name, self.elements))
            }
            _ => None,
        }
    }

    /// Goes on after the element that has an error.
    pub(crate) fn skip_element(&mut self) -> Result<(), Error> {
        if let [_, _, element, ..] = *self.open.after(0) {
            self.cursor.at = element.start;
            self.names.hashes.truncate(element.names_before.into());
            // Outside of the element, two names with one hash are still remembered.
            if self.names.walked_at > element.start {
                self.names.walked_at = 0;
            }
        }
        self.open.truncate(2);
        self.cursor
            .skip_value()
            .map(|_| ())
            .ok_or(Error::InvalidJson)
    }
}

/// White space, commas and colons stand between the values of a checked document.
fn is_separator(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b',' | b':')
}

/// A place in a document. The `check_` methods trust nothing; the `skip_` methods walk over what has
/// been checked.
#[derive(Clone)]
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// After the bracket of an object or array.
    fn in_container(text: &'a [u8]) -> Self {
        Self { text, at: 1 }
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn between(&self, start: usize, end: usize) -> &'a [u8] {
        self.text.get(start..end).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn skip_while(&mut self, matches: impl Fn(u8) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches(**byte)).count();
    }

    /// Skips to the next quote, backslash, control character or byte of another character than ASCII's, or to
    /// the end of the document.
    fn skip_plain(&mut self) {
        const ONES: usize = usize::MAX / 0xff;
        const HIGH_BITS: usize = ONES << 7;
        let mut rest = self.text.get(self.at..).unwrap_or_default();
        // By the word, as long as there are whole words. Short words gain little, for more code.
        while usize::BITS == 64
            && let Some((bytes, after)) = rest.split_first_chunk()
        {
            let word = usize::from_le_bytes(*bytes);
            // A subtraction from each byte sets the high bit of those that are less. The bytes after the first
            // one may only have lent to it.
            let control = word.wrapping_sub(ONES * 0x20);
            let quote = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
            let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
            let found = (control | quote | backslash | word) & HIGH_BITS;
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += bytes.len();
            rest = after;
        }
        self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..));
    }

    /// Returns the byte after the white space.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn skip_whitespace(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// RFC 8259 section 7.
    fn check_string(&mut self) -> Result<Text<'a>, Error> {
        if !self.eat(b'"') {
            return Err(Error::InvalidJson);
        }
        let start = self.at;
        loop {
            let error = match self.peek() {
                Some(b'"') => {
                    let inner = self.between(start, self.at);
                    self.at += 1;
                    return Ok(Text(inner));
                }
                Some(b'\\') => Error::InvalidJson,
                Some(0x80..) => Error::InvalidUtf8,
                Some(0x20..) => {
                    self.skip_plain();
                    continue;
                }
                _ => return Err(Error::InvalidJson),
            };
            let rest = self.text.get(self.at..).unwrap_or_default();
            let mut characters = Text(rest).unescaped();
            characters.next().ok_or(error)?;
            self.at = self.text.len() - characters.rest.len();
        }
    }

    /// RFC 8259 section 6.
    fn eat_number(&mut self) -> bool {
        self.eat(b'-');
        if !self.eat(b'0') && !self.eat_digits() {
            return false;
        }
        // Most numbers are whole.
        if !matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return true;
        }
        if self.eat(b'.') && !self.eat_digits() {
            return false;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            return self.eat_digits();
        }
        true
    }

    /// One digit or more.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn eat_digits(&mut self) -> bool {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn eat_literal(&mut self, literal: &[u8]) -> bool {
        literal.iter().all(|byte| self.eat(*byte))
    }

    /// Walks over a checked string.
    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            match self.peek() {
                // What follows a backslash is part of the escape.
                Some(b'\\') => self.at += 2,
                Some(0x80..) => self.at += 1,
                // A control character ends a string that was not checked (`skip_element`).
                Some(b'"' | 0..0x20) | None => break,
                _ => self.skip_plain(),
            }
        }
        self.at += 1;
    }

    /// Walks over the separators before a checked value and over the value, and returns the value, or `None`
    /// at the end of a container.
    fn skip_value(&mut self) -> Option<Raw<'a>> {
        let mut start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                byte if is_separator(byte) => {
                    self.at += 1;
                    if depth == 0 {
                        start = self.at;
                    }
                    continue;
                }
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ if depth > 0 => self.at += 1,
                _ => {
                    while let Some(byte) = self.peek()
                        && !is_separator(byte)
                        && !matches!(byte, b'}' | b']')
                    {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(Raw(self.between(start, self.at)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    fn error(document: &str) -> Option<Error> {
        parse(document.as_bytes()).err()
    }

    fn object(document: &str) -> Object<'_> {
        match parse(document.as_bytes()) {
            Ok(Value::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_every_kind_of_value() {
        let text = r#" { "a" : [ 1 , -2.5e+3 , "x\n\u00e9\ud83d\ude00" ] , "b":{"c":null},"d":true,"e":[] } "#;
        let object = object(text);
        let Some(Value::Array(array)) = object.get("a") else {
            panic!()
        };
        let elements: Vec<_> = array.elements().collect();
        let [Value::Number(one), Value::Number(two), Value::String(text)] = elements[..] else {
            panic!("{elements:?}");
        };
        assert_eq!((one.as_str(), two.as_str()), ("1", "-2.5e+3"));
        assert_eq!(text, "x\né😀");
        assert_eq!(text.as_str(), None);
        let Some(Value::Object(nested)) = object.get("b") else {
            panic!()
        };
        assert!(matches!(nested.get("c"), Some(Value::Null)));
        assert!(matches!(object.get("d"), Some(Value::Bool(true))));
        assert!(
            matches!(object.get("e"), Some(Value::Array(empty)) if empty.elements().next().is_none())
        );
        assert!(object.get("f").is_none());
        assert_eq!(object.members().count(), 4);
    }

    #[test]
    fn a_value_is_of_one_type() {
        let object =
            object(r#"{"t":true,"f":false,"n":2e1,"a":["é\\é",[]],"o":{"x":"é"},"s":"s"}"#);
        let get = |name| object.get(name).unwrap();
        assert_eq!(
            (get("t").as_bool(), get("f").as_bool()),
            (Some(true), Some(false))
        );
        assert_eq!((get("s").as_bool(), get("t").as_u64()), (None, None));
        assert_eq!((get("n").as_u64(), get("s").as_u64()), (Some(20), None));
        assert_eq!(get("a").as_array().unwrap().as_str(), r#"["é\\é",[]]"#);
        assert!(get("o").as_array().is_none() && get("a").as_object().is_none());
        assert_eq!(get("o").as_object().unwrap().to_string(), r#"{"x":"é"}"#);
        assert_eq!(object.at(&["o", "x"]).unwrap().as_text().unwrap(), "é");
        assert!(object.at(&["s", "x"]).is_none());
        assert_eq!(
            format!("{:?}", get("a").texts().next().unwrap()),
            r#""é\\é""#
        );
        assert_eq!(get("a").texts().count(), 1);
    }

    #[test]
    fn rejects_what_is_not_json() {
        for document in [
            "",
            " ",
            "{",
            "}",
            "[",
            "]",
            "{]",
            "[}",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{'a':1}",
            "{1:1}",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x10",
            "NaN",
            "Infinity",
            "tru",
            "True",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\t\"",
            "\"\u{0}\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud800x\"",
            "\"\\udc00\"",
            "\"\\udc00\\ud800\"",
            "1 2",
            "{}x",
            "{} {}",
            "[1]//",
            "/**/1",
            "\u{feff}{}",
            "{\"x\":@@garbage@@}",
            "\u{a0}1",
            "1,",
            "[1,2",
        ] {
            assert_eq!(error(document), Some(Error::InvalidJson), "{document:?}");
        }
        assert_eq!(parse(b"\"\xff\"").err(), Some(Error::InvalidUtf8));
        assert_eq!(parse(b"[\xf8").err(), Some(Error::InvalidUtf8));
        assert_eq!(
            parse(b"\"\xed\xa0\x80\"").err(),
            Some(Error::InvalidUtf8),
            "surrogate"
        );
        assert_eq!(
            parse(b"\"\xc0\x80\"").err(),
            Some(Error::InvalidUtf8),
            "overlong"
        );
    }

    /// All sequences of up to four bytes, of those at which a rule of UTF-8 begins or ends.
    #[test]
    fn strings_are_utf8() {
        let bytes = [
            b' ', b'a', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
            0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
        ];
        let mut sequences = std::vec![std::vec![]];
        for _ in 0..4 {
            let longer = |start: &std::vec::Vec<u8>| {
                let start = start.clone();
                bytes.map(move |byte| [&*start, &[byte]].concat())
            };
            sequences = sequences.iter().flat_map(longer).collect();
            for sequence in &sequences {
                let document = [b"\"", &**sequence, b"\""].concat();
                let text = parse(&document).map(|value| value.as_text().unwrap());
                match std::str::from_utf8(sequence) {
                    Ok(expected) => {
                        let text = text.unwrap();
                        assert_eq!(text.as_str(), Some(expected));
                        assert!(text.chars().eq(expected.chars()) && text == *expected);
                    }
                    Err(_) => assert_eq!(text.unwrap_err(), Error::InvalidUtf8, "{sequence:x?}"),
                }
            }
        }
    }

    #[test]
    fn the_end_of_plain_text_is_found_in_a_word_and_after_it() {
        for at in 0..20 {
            for byte in 0..=u8::MAX {
                let mut text = [b'a'; 24];
                text[at] = byte;
                let mut cursor = Cursor { text: &text, at: 0 };
                cursor.skip_plain();
                let is_plain = !matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..);
                assert_eq!(cursor.at, if is_plain { 24 } else { at }, "{byte:#x}");
            }
        }
    }

    #[test]
    fn bad_elements_are_told_apart_by_their_index() {
        let document = parse(br#"[{"a":1},{"b":2},{"c":3}]"#);
        let Ok(Value::Array(array)) = document else {
            panic!("{document:?}");
        };
        let mut is_object = Vec::new();
        let mut element = |members: Option<&mut Members<'_>>| {
            is_object.push(members.is_some());
            Ok(())
        };
        array.objects(&|index| index == 1, &mut element).unwrap();
        assert_eq!(is_object, [true, false, true]);
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(error(&nested(MAX_JSON_DEPTH)), None);
        assert_eq!(error(&nested(MAX_JSON_DEPTH + 1)), Some(Error::JsonTooDeep));
        assert_eq!(error(&"[".repeat(100_000)), Some(Error::JsonTooDeep));
        assert_eq!(error(&"{\"a\":".repeat(100_000)), Some(Error::JsonTooDeep));
    }

    #[test]
    fn names_are_unique_in_their_object_after_unescaping() {
        for document in [
            r#"{"alg":1,"alg":2}"#,
            r#"{"alg":1,"b":[{"x":"}"}],"\u0061lg":2}"#,
            r#"{"a\/b":1,"a/b":2}"#,
            r#"{"\ud83d\ude00":1,"😀":2}"#,
            r#"[{"a":{"b":1,"b":1}}]"#,
            r#"{"":0,"":0}"#,
        ] {
            assert_eq!(error(document), Some(Error::DuplicateMember), "{document}");
        }
        assert_eq!(error(r#"{"a":{"a":[{"a":1},{"a":2}]},"A":1,"a ":1}"#), None);
    }

    #[test]
    fn members_have_a_limit_in_an_object_and_those_that_it_lies_in() {
        let members = |count, last: &str| {
            let members: Vec<_> = (1..count).map(|n| format!("\"{n}\":0,")).collect();
            format!("{{{}{last}}}", members.concat())
        };
        let most = members(MAX_JSON_MEMBERS, r#""x":0"#);
        assert_eq!(error(&format!("[{most},{most}]")), None);
        let too_many = members(MAX_JSON_MEMBERS + 1, r#""x":0"#);
        assert_eq!(error(&too_many), Some(Error::TooManyMembers));
        for (inside, expected) in [
            (r#""x":{"1":0}"#, None),
            (r#""x":[{"1":0},{"1":0}]"#, None),
            (r#""x":{"1":0,"2":0}"#, Some(Error::TooManyMembers)),
            (r#""x":[{"1":{"1":0}}]"#, Some(Error::TooManyMembers)),
        ] {
            let document = members(MAX_JSON_MEMBERS - 1, inside);
            assert_eq!(error(&document), expected, "{inside}");
        }
        let last_again = members(MAX_JSON_MEMBERS, r#""1":0"#);
        assert_eq!(error(&last_again), Some(Error::DuplicateMember));
    }

    /// Pairs of names with one hash.
    const COLLISIONS: [[&str; 2]; 2] = [["yiijsv", "ktodoe"], ["urswmb", "sausii"]];

    #[test]
    fn names_with_one_hash_are_told_apart_until_they_are_too_many() {
        let hash = |name| Text::new(name).hash();
        let document = |pairs: usize| {
            let names = COLLISIONS.iter().take(pairs).flatten();
            let members: Vec<_> = names.map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        for [a, b] in COLLISIONS {
            assert_eq!(hash(a), hash(b));
            assert_ne!(a, b);
        }
        assert_eq!(error(&document(1)), None);
        assert_eq!(error(&document(2)), Some(Error::TooManyMembers));
        // Names that are equal are found as long as no others have one hash.
        let [[a, b], ..] = COLLISIONS;
        let again = format!(r#"{{"{a}":0,"c":0,"{a}":0}}"#);
        assert_eq!(error(&again), Some(Error::DuplicateMember));
        let again = format!(r#"{{"{a}":0,"{b}":0,"{b}":0}}"#);
        assert_eq!(error(&again), Some(Error::TooManyMembers));
    }

    #[test]
    fn long_names_with_one_hash_are_not_compared() {
        let twice = |name: &str| error(&format!("{{\"{name}\":0,\"{name}\":0}}"));
        let longest = r"\n".repeat(MAX_COMPARED_LEN / 2);
        assert_eq!(twice(&longest), Some(Error::DuplicateMember));
        assert_eq!(twice(&(longest + "x")), Some(Error::TooManyMembers));
    }

    #[test]
    fn text_is_compared_displayed_split_and_copied_without_escapes() {
        let text = |document: &'static str| parse(document.as_bytes()).unwrap().as_text().unwrap();
        let escaped = text(r#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00""#);
        let plain = "\"\\/\u{8}\u{c}\n\r\tA😀";
        assert_eq!(escaped, plain);
        assert_eq!(escaped.to_string(), plain);
        assert_ne!(escaped, "\"\\/");
        assert_eq!(text(r#""A/B""#), text(r#""\u0041\/B""#));
        let (first, rest) = text(r#""\u00e9 b\u0020c""#).split_once(' ');
        assert_eq!(first, "é");
        let (second, rest) = rest.unwrap().split_once(' ');
        assert_eq!(second, "b");
        assert_eq!(rest.unwrap(), "c");
        assert_eq!(rest.unwrap().split_once(' '), (text(r#""c""#), None));
        let mut buffer = [0; 6];
        assert_eq!(text(r#""\u00e9😀""#).copy_to(&mut buffer), Some(6));
        assert_eq!(buffer, "é😀".as_bytes());
        assert_eq!(text(r#""é😀!""#).copy_to(&mut buffer), None);
    }
}
