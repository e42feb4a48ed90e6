//! Which file names what of which other one, and the circles in that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::modules::{Crate, Target};

/// For each file of a crate the files that it needs, each with the names that it takes from there.
pub(crate) struct Graph {
    edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Graph {
    /// Files are named from the folder.
    pub(crate) fn of(krate: &Crate, folder: &Path) -> Self {
        let file = |module: usize| {
            let file = &krate.modules[module].file;
            file.strip_prefix(folder)
                .unwrap_or(file)
                .display()
                .to_string()
        };
        let mut edges: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (at, module) in krate.modules.iter().enumerate() {
            let needed = edges.entry(file(at)).or_default();
            for (path, is_shown) in &module.names.paths {
                for target in krate.resolve(at, path) {
                    // Who names a module needs what he then takes from it.
                    let Target::Item(definer, name) = target else {
                        continue;
                    };
                    let is_own = *is_shown && krate.is_within(definer, at);
                    if !is_own && file(definer) != file(at) {
                        needed.entry(file(definer)).or_default().insert(name);
                    }
                }
            }
        }
        Self { edges }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &String> {
        self.edges.keys()
    }

    /// Each circle as lines `file -> file: names`: all edges between files that need each other, be it
    /// through others.
    pub(crate) fn circles(&self) -> BTreeSet<String> {
        let reachable: BTreeMap<&String, BTreeSet<&String>> = self
            .files()
            .map(|file| (file, self.reachable(file)))
            .collect();
        let mut circles = BTreeSet::new();
        for (file, theirs) in reachable
            .iter()
            .filter(|(file, theirs)| theirs.contains(*file))
        {
            let is_in = |other: &String| theirs.contains(other) && reachable[other].contains(file);
            let mut circle = String::new();
            for (from, needed) in self.edges.iter().filter(|(from, _)| is_in(from)) {
                for (to, names) in needed.iter().filter(|(to, _)| is_in(to)) {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let _ = writeln!(circle, "{from} -> {to}: {}", names.join(", "));
                }
            }
            circles.insert(circle);
        }
        circles
    }

    /// Every file that one needs, be it through others. It is itself among them if it is in a circle.
    fn reachable(&self, file: &String) -> BTreeSet<&String> {
        let mut reachable = BTreeSet::new();
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            for needed in self.edges[file].keys() {
                if reachable.insert(needed) {
                    open.push(needed);
                }
            }
        }
        reachable
    }
}
