//! Strict JSON (RFC 8259) over borrowed bytes, for the header, the claims and JWK Sets.
//!
//! [`parse`] checks a whole document before any part of it is used. It neither recurses nor
//! allocates. It rejects nesting beyond [`MAX_JSON_DEPTH`], two members of one name (after
//! unescaping), invalid UTF-8, lone surrogates and anything after the value. It returns views of
//! checked text, so reading them cannot fail.

mod decimal;

pub(crate) use decimal::Decimal;

use core::cmp::Ordering;
use core::fmt;

use crate::Error;

/// How deep objects and arrays may nest: `{"a":[0]}` is two deep.
pub const MAX_JSON_DEPTH: usize = 16;

/// How many members an object may have, together with the objects that it lies in. Of those objects, the
/// members before it count.
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
pub struct Number<'a>(&'a str);

/// A JSON string, as it lies in the document: its escapes are undone when it is compared, displayed
/// or read by [`chars`](Text::chars). The default is the empty string.
#[derive(Clone, Copy, Default)]
pub struct Text<'a>(&'a str);

/// A JSON array, as it lies in the document.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a>(&'a str);

/// A JSON object, as it lies in the document.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(&'a str);

/// Checks a whole document and returns its value.
///
/// # Errors
///
/// [`Error::InvalidUtf8`], [`Error::InvalidJson`], [`Error::JsonTooDeep`],
/// [`Error::DuplicateMember`] and [`Error::TooManyMembers`].
pub fn parse(document: &[u8]) -> Result<Value<'_>, Error> {
    walk(
        document,
        MAX_JSON_MEMBERS,
        &mut |_: Text<'_>, _: Value<'_>| Ok(()),
    )
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
) -> Result<Value<'a>, Error> {
    let text = core::str::from_utf8(document).map_err(|_| Error::InvalidUtf8)?;
    Value::new(check(text, max_members, visitor)?).ok_or(Error::InvalidJson)
}

/// Sees a document while it is checked. It must not use what it keeps before the whole document is checked.
pub(crate) trait Visitor<'a> {
    /// A member of the outermost object.
    fn member(&mut self, name: Text<'a>, value: Value<'a>) -> Result<(), Error>;

    /// An element of this member, which is an array, has two members of one name, too many members or too
    /// deep nesting. Returns whether the other elements are good nevertheless.
    fn bad_element(&mut self, _name: Text<'a>, _index: usize) -> bool {
        false
    }
}

impl<'a, F: FnMut(Text<'a>, Value<'a>) -> Result<(), Error>> Visitor<'a> for F {
    fn member(&mut self, name: Text<'a>, value: Value<'a>) -> Result<(), Error> {
        self(name, value)
    }
}

impl<'a> Value<'a> {
    /// The view of one value's text.
    fn new(text: &'a str) -> Option<Self> {
        Some(match text.as_bytes().first()? {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'"' => Self::String(Text(text.get(1..text.len() - 1)?)),
            b'[' => Self::Array(Array(text)),
            b'{' => Self::Object(Object(text)),
            _ => Self::Number(Number(text)),
        })
    }

    /// The string, if it is one, or the strings of an array, without its other elements.
    pub fn texts(self) -> impl Iterator<Item = Text<'a>> {
        let (mut one, array) = match self {
            Self::String(text) => (Some(text), ""),
            Self::Array(array) => (None, array.0),
            _ => (None, ""),
        };
        let mut elements = Array(array).elements();
        core::iter::from_fn(move || one.take().or_else(|| elements.find_map(Value::as_text)))
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
            Self::Number(number) => Decimal::read(number.as_str(), u64::MAX)?.as_u64(),
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
        self.0
    }
}

impl<'a> Text<'a> {
    /// The view of what stands between the quotes.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The string, if it is written without escapes.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        (!self.has_escapes()).then_some(self.0)
    }

    /// The characters, without escapes.
    pub fn chars(self) -> impl Iterator<Item = char> + Clone + 'a {
        Chars(self.0.chars())
    }

    /// Copies the string without escapes to the front of `buffer` and returns its length in bytes,
    /// or `None` if the string does not fit.
    pub fn copy_to(self, buffer: &mut [u8]) -> Option<usize> {
        let mut len = 0;
        for character in self.chars() {
            let end = len + character.len_utf8();
            character.encode_utf8(buffer.get_mut(len..end)?);
            len = end;
        }
        Some(len)
    }

    /// The text before the first `separator`, and the text after it if there is one.
    pub(crate) fn split_once(self, separator: char) -> (Self, Option<Self>) {
        let mut chars = Chars(self.0.chars());
        let mut end = 0;
        while let Some(character) = chars.next() {
            let after = chars.0.as_str();
            if character == separator {
                return (
                    Text(self.0.get(..end).unwrap_or_default()),
                    Some(Text(after)),
                );
            }
            end = self.0.len() - after.len();
        }
        (self, None)
    }

    fn has_escapes(self) -> bool {
        self.0.bytes().any(|byte| byte == b'\\')
    }

    /// Equal strings have equal hashes.
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
        if self.has_escapes() || other.has_escapes() {
            self.chars().eq(other.chars())
        } else {
            self.0 == other.0
        }
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        // Every escape is longer than what it stands for.
        match self.0.len().cmp(&other.len()) {
            Ordering::Less => false,
            Ordering::Equal => self.0 == other && !self.has_escapes(),
            Ordering::Greater => self.chars().eq(other.chars()),
        }
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
        write!(f, "\"{}\"", self.0)
    }
}

impl<'a> Array<'a> {
    /// The elements, in order.
    pub fn elements(self) -> impl Iterator<Item = Value<'a>> {
        let mut cursor = Cursor {
            text: self.0,
            at: 1,
        };
        core::iter::from_fn(move || cursor.skip_value())
    }

    /// The array as it is written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether it has no element.
    pub(crate) fn is_empty(self) -> bool {
        let mut inner = self.0.bytes().skip(1);
        inner.find(|byte| !is_separator(*byte)) == Some(b']')
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
        let mut cursor = Cursor {
            text: self.0,
            at: 1,
        };
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
        Some((name, self.0.skip_value()?))
    }
}

/// `{}`
impl Default for Object<'_> {
    fn default() -> Self {
        Self("{}")
    }
}

impl<'a> Object<'a> {
    /// The members, in order; no name comes twice.
    pub fn members(self) -> Members<'a> {
        Members(Cursor {
            text: self.0,
            at: 1,
        })
    }

    /// The value of the member `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.members()
            .find_map(|(other, value)| (other == *name).then_some(value))
    }

    /// The value at the end of a path: each name is that of a member of the object before.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Value<'a>> {
        path.iter().try_fold(Value::Object(self), |value, name| {
            value.as_object()?.get(name)
        })
    }

    /// The object as it is written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// The object as it is written.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The characters of a checked string, without its escapes.
#[derive(Clone)]
struct Chars<'a>(core::str::Chars<'a>);

impl Chars<'_> {
    /// The value of the next four characters, which were checked to be hexadecimal digits.
    fn hex4(&mut self) -> u32 {
        let Some((digits, rest)) = self.0.as_str().split_at_checked(4) else {
            return 0;
        };
        self.0 = rest.chars();
        digits.bytes().fold(0, |value, digit| {
            value << 4 | u32::from((digit & 0xf) + 9 * (digit >> 6))
        })
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.0.next()?;
        if character != '\\' {
            return Some(character);
        }
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let mut code = self.hex4();
                if is_high_surrogate(code) {
                    self.0.next();
                    self.0.next();
                    let low = self.hex4();
                    code = 0x1_0000 + ((code & 0x3ff) << 10 | low & 0x3ff);
                }
                char::from_u32(code)?
            }
            itself => itself,
        })
    }
}

fn is_high_surrogate(code: u32) -> bool {
    (0xd800..0xdc00).contains(&code)
}

fn is_low_surrogate(code: u32) -> bool {
    (0xdc00..0xe000).contains(&code)
}

/// An object or array that is not closed yet.
#[derive(Clone, Copy)]
struct Open {
    /// Where it begins.
    start: usize,
    is_object: bool,
    /// How many names were remembered before it began.
    names_before: u16,
}

/// The names of the members, so far, of all objects that are not closed yet.
struct Names {
    hashes: heapless::Vec<u32, MAX_JSON_MEMBERS, u16>,
    /// How many there may be.
    max: usize,
    /// Whether an object may still be walked again, because two of its names have one hash. Different
    /// names have one hash by chance in one document of a million: a document with a second such pair
    /// was made to cost time.
    can_walk: bool,
}

impl Names {
    /// Remembers the next name of `object` in `text`.
    fn add(&mut self, name: Text<'_>, object: Open, text: &str) -> Result<(), Error> {
        let hash = name.hash();
        let earlier = self.hashes.get(object.names_before.into()..);
        let earlier = earlier.unwrap_or_default();
        if earlier.contains(&hash) {
            if !core::mem::take(&mut self.can_walk) {
                return Err(Error::TooManyMembers);
            }
            let same = earlier.iter().take_while(|other| **other != hash).count();
            let object = text.get(object.start..).unwrap_or_default();
            let other = Object(object).members().nth(same);
            if other.is_none_or(|(other, _)| other == name) {
                return Err(Error::DuplicateMember);
            }
        }
        if self.hashes.len() >= self.max {
            return Err(Error::TooManyMembers);
        }
        self.hashes.push(hash).map_err(|_| Error::TooManyMembers)
    }
}

/// Checks that `text` is one JSON value, and returns it without the white space around it.
fn check<'a>(
    text: &'a str,
    max_members: usize,
    visitor: &mut dyn Visitor<'a>,
) -> Result<&'a str, Error> {
    let mut cursor = Cursor { text, at: 0 };
    let mut open = heapless::Vec::<Open, MAX_JSON_DEPTH, u8>::new();
    let mut names = Names {
        hashes: heapless::Vec::new(),
        max: max_members,
        can_walk: true,
    };
    // The name of the outermost object's last member, and where its value begins.
    let mut last = None;
    // How many elements of that value have ended, if it is an array.
    let mut elements = 0;
    cursor.skip_whitespace();
    let document_start = cursor.at;
    loop {
        match cursor.check_next(&mut open, &mut names, &mut last) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                // An error of a kind that leaves the end of the element easy to find.
                let is_semantic = matches!(
                    error,
                    Error::DuplicateMember | Error::TooManyMembers | Error::JsonTooDeep
                );
                let (Some((name, _)), [_, array, element, ..]) = (last, open.as_slice()) else {
                    return Err(error);
                };
                let element = *element;
                if !is_semantic || array.is_object || !visitor.bad_element(name, elements) {
                    return Err(error);
                }
                cursor.at = element.start;
                cursor.skip_value().ok_or(Error::InvalidJson)?;
                open.truncate(2);
                names.hashes.truncate(element.names_before.into());
                names.can_walk = true;
            }
        }
        // A value has ended here, or an empty object or array is about to end.
        loop {
            let end = cursor.at;
            cursor.skip_whitespace();
            let byte = cursor.peek();
            let Some(&container) = open.last() else {
                let document = text.get(document_start..end);
                return document
                    .filter(|_| byte.is_none())
                    .ok_or(Error::InvalidJson);
            };
            if open.len() == 1
                && let Some((name, start)) = last.take()
            {
                let value = text.get(start..end).and_then(Value::new);
                visitor.member(name, value.ok_or(Error::InvalidJson)?)?;
                elements = 0;
            }
            cursor.at += 1;
            match (byte, container.is_object) {
                (Some(b'}'), true) | (Some(b']'), false) => {
                    open.pop();
                    names.hashes.truncate(container.names_before.into());
                }
                (Some(b','), _) => {
                    elements += usize::from(open.len() == 2);
                    cursor.skip_whitespace();
                    break;
                }
                _ => return Err(Error::InvalidJson),
            }
        }
    }
}

/// White space, commas and colons stand between values.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
}

/// A place in a document. The `check_` methods trust nothing; the `skip_` methods walk over what has
/// been checked.
#[derive(Clone)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn skip_while(&mut self, matches: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches(**byte)).count();
    }

    /// Skips to the next quote, backslash or control character of a string, or to the end of the document.
    fn skip_plain(&mut self) {
        const ONES: usize = usize::MAX / 0xff;
        const HIGH_BITS: usize = ONES << 7;
        if self.peek() == Some(b'"') {
            return;
        }
        let mut rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        // By the word, as long as there are whole words.
        while let Some((bytes, after)) = rest.split_first_chunk() {
            let word = usize::from_le_bytes(*bytes);
            // Subtracts `limit` from each byte. The first byte whose high bit the subtraction sets is below
            // `limit`; the bytes after it may only have lent to it.
            let has_below =
                |word: usize, limit| word.wrapping_sub(ONES * limit) & !word & HIGH_BITS;
            let quote = has_below(word ^ (ONES * 0x22), 1);
            let backslash = has_below(word ^ (ONES * 0x5c), 1);
            let found = quote | backslash | has_below(word, 0x20);
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += bytes.len();
            rest = after;
        }
        self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20));
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Checks a name, in an object, and the value after it, or the beginning of an object or array. Returns
    /// whether the value has ended, or is a container that is about to end.
    ///
    /// `last` becomes the name, and where the value begins, of a member of the outermost object.
    fn check_next(
        &mut self,
        open: &mut heapless::Vec<Open, MAX_JSON_DEPTH, u8>,
        names: &mut Names,
        last: &mut Option<(Text<'a>, usize)>,
    ) -> Result<bool, Error> {
        if let Some(&container) = open.last()
            && container.is_object
        {
            let name = self.check_name(container, names)?;
            if open.len() == 1 {
                *last = Some((name, self.at));
            }
        }
        match self.peek().ok_or(Error::InvalidJson)? {
            bracket @ (b'{' | b'[') => {
                let container = Open {
                    start: self.at,
                    is_object: bracket == b'{',
                    names_before: names.hashes.len() as u16,
                };
                open.push(container).map_err(|_| Error::JsonTooDeep)?;
                self.at += 1;
                self.skip_whitespace();
                return Ok(matches!(self.peek(), Some(b'}' | b']')));
            }
            b'"' => self.check_string()?,
            b't' => self.check_literal("true")?,
            b'f' => self.check_literal("false")?,
            b'n' => self.check_literal("null")?,
            _ => self.check_number()?,
        }
        Ok(true)
    }

    /// Checks the name of a member of `object` and its colon, and returns the name.
    fn check_name(&mut self, object: Open, names: &mut Names) -> Result<Text<'a>, Error> {
        let start = self.at;
        self.check_string()?;
        let inner = self.text.get(start + 1..self.at - 1);
        let name = Text(inner.ok_or(Error::InvalidJson)?);
        names.add(name, object, self.text)?;
        self.skip_whitespace();
        if !self.eat(b':') {
            return Err(Error::InvalidJson);
        }
        self.skip_whitespace();
        Ok(name)
    }

    /// RFC 8259 section 7; surrogates come in pairs (RFC 3629 section 3 has none alone).
    fn check_string(&mut self) -> Result<(), Error> {
        if !self.eat(b'"') {
            return Err(Error::InvalidJson);
        }
        loop {
            self.skip_plain();
            if self.eat(b'"') {
                return Ok(());
            }
            if !self.eat(b'\\') {
                return Err(Error::InvalidJson);
            }
            let escape = self.peek();
            self.at += 1;
            match escape {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                Some(b'u') => {
                    let code = self.check_hex4()?;
                    let paired = !is_high_surrogate(code)
                        || (self.eat(b'\\')
                            && self.eat(b'u')
                            && is_low_surrogate(self.check_hex4()?));
                    if is_low_surrogate(code) || !paired {
                        return Err(Error::InvalidJson);
                    }
                }
                _ => return Err(Error::InvalidJson),
            }
        }
    }

    fn check_hex4(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code << 4 | digit.ok_or(Error::InvalidJson)?;
            self.at += 1;
        }
        Ok(code)
    }

    /// RFC 8259 section 6.
    fn check_number(&mut self) -> Result<(), Error> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.check_digits()?;
        }
        if self.eat(b'.') {
            self.check_digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.check_digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn check_digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.at == start {
            Err(Error::InvalidJson)
        } else {
            Ok(())
        }
    }

    fn check_literal(&mut self, literal: &str) -> Result<(), Error> {
        if literal.bytes().all(|byte| self.eat(byte)) {
            Ok(())
        } else {
            Err(Error::InvalidJson)
        }
    }

    /// Walks over a checked string.
    fn skip_string(&mut self) {
        loop {
            self.at += 1;
            self.skip_plain();
            if self.eat(b'"') {
                return;
            }
            // What follows a backslash is part of the escape.
            self.at += 1;
            if self.at >= self.text.len() {
                return;
            }
        }
    }

    /// Walks over the separators before a checked value and over the value, and returns the value, or `None`
    /// at the end of a container.
    fn skip_value(&mut self) -> Option<Value<'a>> {
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
                _ => self.skip_while(|byte| {
                    !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']')
                }),
            }
            if depth == 0 {
                return Value::new(self.text.get(start..self.at)?);
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
        let hash = |name| Text(name).hash();
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
