//! JSON by serde_json, into a tree that keeps the order, the numbers as they are written, and names that come twice.

use std::collections::BTreeSet;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The deepest nesting, and how many members an object may have with those that it lies in.
const MAX_DEPTH: usize = 16;
pub const MAX_MEMBERS: usize = 96;

/// The longest name that is compared with another one, in bytes as it is written. A character takes six at most.
const MAX_COMPARED_LEN: usize = 128;

/// How deep a document may be that is made a tree: more than any verifier needs, and less than the stack has room
/// for.
const MAX_TREE_DEPTH: usize = 64;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// What serde_json says about a document.
pub enum Read {
    /// It is not JSON.
    Malformed,
    /// It is deeper than anybody reads.
    TooDeep,
    Tree(Tree),
}

/// Reads a document.
pub fn read(document: &[u8]) -> Read {
    let Ok(text) = std::str::from_utf8(document) else {
        return Read::Malformed;
    };
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return Read::Malformed;
    }
    if depth(text) > MAX_TREE_DEPTH {
        return Read::TooDeep;
    }
    tree(text).map_or(Read::Malformed, Read::Tree)
}

/// Why a strict reader rejects a document that is JSON: nothing, if it accepts it.
pub fn reasons(tree: &Tree, max_members: usize) -> BTreeSet<&'static str> {
    let mut check = Check {
        max_members,
        ..Check::default()
    };
    check.value(tree, 0, 0);
    let Check {
        is_too_deep,
        has_too_many,
        has_duplicate,
        same_hashes,
        ..
    } = check;
    // Of names with one hash, the reader compares one pair.
    let has_collisions = same_hashes > 1;
    [
        ("json-too-deep", is_too_deep),
        ("too-many-members", has_too_many || has_collisions),
        ("duplicate-member", has_duplicate),
    ]
    .into_iter()
    .filter_map(|(code, holds)| holds.then_some(code))
    .collect()
}

/// How many names have the hash of an earlier one of their object.
pub fn same_hashes(tree: &Tree) -> usize {
    let mut check = Check::default();
    check.value(tree, 0, 0);
    check.same_hashes
}

impl Tree {
    /// The value of the last member of this name.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        match self {
            Self::Object(members) => {
                let found = members.iter().rev().find(|(other, _)| other == name);
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Tree]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Check {
    max_members: usize,
    is_too_deep: bool,
    has_too_many: bool,
    has_duplicate: bool,
    /// How many names have the hash of an earlier one of their object.
    same_hashes: usize,
}

impl Check {
    /// `before` is the number of members before it, in the objects that it lies in.
    fn value(&mut self, tree: &Tree, depth: usize, before: usize) {
        if !matches!(tree, Tree::Array(_) | Tree::Object(_)) {
            return;
        }
        self.is_too_deep |= depth >= MAX_DEPTH;
        match tree {
            Tree::Array(elements) => {
                for element in elements {
                    self.value(element, depth + 1, before);
                }
            }
            Tree::Object(members) => {
                let (mut names, mut hashes) = (BTreeSet::new(), BTreeSet::new());
                for (at, (name, value)) in members.iter().enumerate() {
                    self.has_too_many |= before + at >= self.max_members;
                    let is_duplicate = !names.insert(name);
                    self.has_duplicate |= is_duplicate;
                    // Of a name that may be written in more bytes than are compared, nobody looks for the same.
                    self.has_too_many |= is_duplicate && 6 * name.len() > MAX_COMPARED_LEN;
                    self.same_hashes += usize::from(!hashes.insert(fnv1a(name)));
                    self.value(value, depth + 1, before + at + 1);
                }
            }
            _ => {}
        }
    }
}

/// FNV-1a of the characters, with 32 bits.
fn fnv1a(name: &str) -> u32 {
    let characters = name.chars().map(u32::from);
    characters.fold(2_166_136_261, |hash, character| {
        (hash ^ character).wrapping_mul(16_777_619)
    })
}

/// How deep a document that is JSON is.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn tree(text: &str) -> Option<Tree> {
    Some(match text.trim_start().bytes().next()? {
        b'{' => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let members = members.into_iter();
            let members = members.map(|(name, value)| Some((name, tree(value.get())?)));
            Tree::Object(members.collect::<Option<_>>()?)
        }
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let elements = elements.into_iter().map(|element| tree(element.get()));
            Tree::Array(elements.collect::<Option<_>>()?)
        }
        b'"' => Tree::Text(serde_json::from_str(text).ok()?),
        b't' => Tree::Bool(true),
        b'f' => Tree::Bool(false),
        b'n' => Tree::Null,
        _ => Tree::Number(text.trim().to_owned()),
    })
}

/// The members of an object, those that come twice included.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsMembers;

        impl<'t> Visitor<'t> for AsMembers {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(AsMembers)
    }
}
