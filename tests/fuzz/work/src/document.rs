//! A document as segments that repeat: so it stays almost JSON while it changes.

use std::fmt;

use tokenlatch::{MAX_HEADER_LEN, MAX_KEY_SET_LEN};

/// What the document is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Header,
    KeySet,
}

impl Kind {
    fn start(self) -> &'static str {
        match self {
            Self::Header => r#"{"alg":"RS256""#,
            Self::KeySet => r#"{"keys":["#,
        }
    }

    fn max_len(self) -> usize {
        match self {
            Self::Header => MAX_HEADER_LEN,
            Self::KeySet => MAX_KEY_SET_LEN,
        }
    }
}

/// Segments after the start of the document. What they leave open is closed.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub kind: Kind,
    pub segments: Vec<Segment>,
}

/// A text that repeats. Each `%` in it is a number of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    pub times: usize,
}

impl Document {
    /// A document that is known, as one segment; nothing if it begins in another way.
    pub fn known(kind: Kind, text: &str) -> Option<Self> {
        let text = text.strip_prefix(kind.start())?.strip_suffix('}')?;
        // A `%` would become a number.
        let text = text.replace('%', "");
        let segments = vec![Segment { text, times: 1 }];
        Some(Self { kind, segments })
    }

    /// The document, which is never too long.
    pub fn text(&self) -> String {
        let mut text = String::from(self.kind.start());
        let mut closing = Closing::default();
        closing.read(&text);
        let mut number = 0;
        'all: for segment in &self.segments {
            for _ in 0..segment.times {
                let mut piece = String::new();
                for character in segment.text.chars() {
                    if character == '%' {
                        piece += &number.to_string();
                        number += 1;
                    } else {
                        piece.push(character);
                    }
                }
                let mut after = closing.clone();
                after.read(&piece);
                if text.len() + piece.len() + after.open.len() + 2 > self.kind.max_len() {
                    break 'all;
                }
                text += &piece;
                closing = after;
            }
        }
        text + &closing.end()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = self.segments.iter();
        f.debug_list()
            .entries(segments.map(|segment| (&segment.text, segment.times)))
            .finish()
    }
}

/// What is open at the end of a text.
#[derive(Clone, Default)]
struct Closing {
    open: Vec<char>,
    is_text: bool,
    is_escaped: bool,
}

impl Closing {
    fn read(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                _ if self.is_escaped => self.is_escaped = false,
                '\\' if self.is_text => self.is_escaped = true,
                '"' => self.is_text = !self.is_text,
                _ if self.is_text => {}
                '{' => self.open.push('}'),
                '[' => self.open.push(']'),
                '}' | ']' => drop(self.open.pop()),
                _ => {}
            }
        }
    }

    fn end(&self) -> String {
        let text = if self.is_text { "\"" } else { "" };
        let open: String = self.open.iter().rev().collect();
        format!("{text}{open}")
    }
}
