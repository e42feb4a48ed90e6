//! The best documents so far, and their children.

use crate::document::{Document, Kind, Segment};

/// How many documents there are.
const MOST: usize = 48;

/// Pieces of headers, and of key sets, too.
const PIECES: [&str; 44] = [
    r#","f":"#,
    r#","%":0"#,
    r#","\u0061%":0"#,
    r#","\u0061\u0075\u0064%":0"#,
    r#","xxxxxxxxxxxxxxxxxxxxxxxx%":0"#,
    r#","kid":""#,
    r#","typ":""#,
    r#","x5t":""#,
    r#","\u006b\u0069\u0064":""#,
    r#","é%":0"#,
    r#","\ud83d\ude00%":"""#,
    r#","kid%":0"#,
    r#","\u0074\u0079\u0070":"a""#,
    r#","alg%":{}"#,
    "\"",
    "x",
    "é",
    "😀",
    r"\n",
    r"\u0041",
    r"\ud83d\ude00",
    r#""","#,
    r#""a","#,
    r#""\n","#,
    "0,",
    "1",
    "-0,",
    "1e1,",
    "0.0,",
    "true,",
    "null,",
    "[],",
    "{},",
    "[",
    "{",
    r#"{"":"#,
    "]",
    "}",
    " ",
    "\n",
    ",",
    "[[[[[[[[[[[[[0]]]]]]]]]]]]],",
    r#"{"%":0,"%":0},"#,
    r#"{"\u0061%":"\u0061"},"#,
];

/// Pieces of key sets alone.
const KEY_PIECES: [&str; 14] = [
    r#"{"kty":"RSA","e":"AQAB","n":"________________________"},"#,
    r#"{"kty":"RSA","kid":"%","e":"AQAB","n":""#,
    r#"{"kty":"RSA","#,
    r#""n":""#,
    r#""e":""#,
    r#""kid":""#,
    r#""key_ops":["#,
    r#""x5c":["#,
    r#""issuer":""#,
    r#""},"#,
    r#"{"a":0,"a":0},"#,
    "[[[[[[[[[[[[[[[[",
    "____",
    r#""w"},"#,
];

/// Documents, the best first.
pub struct Population {
    kind: Kind,
    all: Vec<(u64, Document)>,
    random: Random,
}

impl Population {
    /// Without any document yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            all: Vec::new(),
            random: Random(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// The best one, with its work.
    pub fn best(&self) -> Option<&(u64, Document)> {
        self.all.first()
    }

    /// A new document, or a change of one of the best.
    pub fn child(&mut self) -> Document {
        if self.all.is_empty() || self.random.below(50) == 0 {
            let count = 1 + self.random.below(4);
            let segments = (0..count).map(|_| self.segment());
            let segments = segments.collect();
            return Document {
                kind: self.kind,
                segments,
            };
        }
        let mut child = self.parent().clone();
        if self.random.below(8) == 0 {
            // The first segments of one, and the last ones of another.
            let kept = self.random.below(child.segments.len() + 1);
            let other = self.parent().segments.clone();
            let skipped = self.random.below(other.len() + 1);
            child.segments.truncate(kept);
            child.segments.extend(other.into_iter().skip(skipped));
        }
        for _ in 0..1 + self.random.below(3) {
            self.change(&mut child);
        }
        child
    }

    /// Takes a document, if it is one of the best.
    pub fn offer(&mut self, document: Document, work: u64) {
        // Of documents with the same work, one is enough.
        if self.all.iter().any(|(other, _)| *other == work) {
            return;
        }
        let at = self.all.partition_point(|(other, _)| *other > work);
        self.all.insert(at, (work, document));
        self.all.truncate(MOST);
    }

    /// The better a document is, the more children it has.
    fn parent(&mut self) -> &Document {
        let len = self.all.len();
        let at = self.random.below(len).min(self.random.below(len));
        &self.all[at].1
    }

    fn change(&mut self, child: &mut Document) {
        let len = child.segments.len();
        let at = self.random.below(len.max(1));
        match self.random.below(11) {
            8 if len > 0 && child.segments[at].times == 1 => {
                // Two segments in place of one that does not repeat.
                let text = &mut child.segments[at].text;
                let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
                if let Some(place) = places.get(self.random.below(places.len().max(1))) {
                    let rest = text.split_off(*place);
                    child.segments.insert(
                        at + 1,
                        Segment {
                            text: rest,
                            times: 1,
                        },
                    );
                }
            }
            0 => {
                let segment = self.segment();
                child.segments.insert(self.random.below(len + 1), segment);
            }
            _ if len == 0 => child.segments.push(self.segment()),
            1 => drop(child.segments.remove(at)),
            2 => child.segments.swap(at, self.random.below(len)),
            3 => child.segments[at].text = self.piece().into(),
            4 => {
                let piece = self.piece();
                child.segments[at].text += piece;
            }
            5 => {
                let piece = self.piece();
                let text = &mut child.segments[at].text;
                let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
                if let Some(place) = places.get(self.random.below(places.len().max(1))) {
                    text.insert_str(*place, piece);
                }
            }
            6 => {
                let text = &mut child.segments[at].text;
                let count = text.chars().count();
                let gone = self.random.below(count.max(1));
                let kept = text.chars().enumerate().filter(|(place, _)| *place != gone);
                *text = kept.map(|(_, character)| character).collect();
            }
            7 => {
                // Another segment between the times.
                let mut rest = child.segments[at].clone();
                let first = self.random.below(rest.times.max(1));
                rest.times -= first;
                child.segments[at].times = first;
                let between = self.segment();
                child.segments.splice(at + 1..at + 1, [between, rest]);
            }
            _ => {
                let times = child.segments[at].times;
                child.segments[at].times = match self.random.below(5) {
                    0 => times * 2,
                    1 => times / 2,
                    2 => times + 1,
                    3 => times.saturating_sub(1),
                    _ => self.times(),
                };
            }
        }
        child.segments.truncate(24);
    }

    fn segment(&mut self) -> Segment {
        Segment {
            text: self.piece().into(),
            times: self.times(),
        }
    }

    fn piece(&mut self) -> &'static str {
        let of_keys = match self.kind {
            Kind::Header => 0,
            Kind::KeySet => KEY_PIECES.len(),
        };
        let at = self.random.below(PIECES.len() + of_keys);
        PIECES
            .get(at)
            .unwrap_or_else(|| &KEY_PIECES[at - PIECES.len()])
    }

    /// Once, a few times, or to the end.
    fn times(&mut self) -> usize {
        match self.random.below(4) {
            0 | 1 => 1,
            2 => 1 + self.random.below(40),
            _ => 1 << self.random.below(18),
        }
    }
}

/// The same numbers every time: xorshift64 (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }
}
