//! The modules of a crate, and what a path in one of them leads to.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use syn::Item;

use crate::names::{self, Names};

/// All modules of a crate. The first one is its root.
pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
}

/// One module: a file, or a block within one.
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    parent: Option<usize>,
    /// Several for one name if they lie in several namespaces, or behind a `cfg` each.
    definitions: HashMap<String, Vec<Definition>>,
    pub(crate) names: Names,
}

/// What a name stands for in a module.
enum Definition {
    /// An item that the module with that index defines.
    Item(usize),
    /// The module with that index.
    Module(usize),
    /// What the path of a `use` item leads to.
    Import(Vec<String>),
}

/// What a path leads to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The module with that index.
    Module(usize),
    /// The item of that name that the module with that index defines.
    Item(usize, String),
}

impl Crate {
    /// Reads the file and the files of all of its modules.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut krate = Self {
            modules: Vec::new(),
        };
        let folder = root.parent().ok_or("the root has no folder")?;
        krate.read_file(root, None, folder)?;
        Ok(krate)
    }

    /// Whether a module lies within another one, at any depth.
    pub(crate) fn is_within(&self, module: usize, other: usize) -> bool {
        let parent = |at: &usize| self.modules[*at].parent;
        std::iter::successors(parent(&module), parent).any(|at| at == other)
    }

    /// Everything that a path in that module may lead to. Nothing if it leads out of the crate.
    pub(crate) fn resolve(&self, module: usize, path: &[String]) -> Vec<Target> {
        self.follow(module, path, &mut Vec::new())
    }

    /// `folder` has the files of the module's children.
    fn read_file(
        &mut self,
        file: &Path,
        parent: Option<usize>,
        folder: &Path,
    ) -> Result<usize, String> {
        let complain = |error: &dyn Display| format!("{}: {error}", file.display());
        let file = file.canonicalize().map_err(|error| complain(&error))?;
        let text = fs::read_to_string(&file).map_err(|error| complain(&error))?;
        let syntax = syn::parse_file(&text).map_err(|error| complain(&error))?;
        self.read_items(&syntax.items, &file, parent, folder)
    }

    fn read_items(
        &mut self,
        items: &[Item],
        file: &Path,
        parent: Option<usize>,
        folder: &Path,
    ) -> Result<usize, String> {
        let this = self.modules.len();
        let names = Names::of(items);
        let imports = names.imports.iter();
        let imports = imports.map(|(name, path)| (name.clone(), Definition::Import(path.clone())));
        let mut definitions: Vec<(String, Definition)> = imports.collect();
        self.modules.push(Module {
            file: file.into(),
            parent,
            definitions: HashMap::new(),
            names,
        });
        for item in items.iter().filter(|item| !names::is_for_tests(item)) {
            let Some(name) = names::defined(item) else {
                continue;
            };
            if let Item::Mod(item) = item {
                let inner = folder.join(&name);
                let child = match (&item.content, names::path_attribute(&item.attrs)) {
                    (Some((_, items)), _) => self.read_items(items, file, Some(this), &inner)?,
                    (None, Some(path)) => {
                        let file = file.with_file_name(path);
                        let folder = file.parent().ok_or("a module has no folder")?;
                        self.read_file(&file, Some(this), folder)?
                    }
                    (None, None) => {
                        let file = folder.join(format!("{name}.rs"));
                        let file = if file.exists() {
                            file
                        } else {
                            inner.join("mod.rs")
                        };
                        self.read_file(&file, Some(this), &inner)?
                    }
                };
                definitions.push((name, Definition::Module(child)));
            } else {
                // An exported macro is the crate root's, too.
                if this != 0 && names::is_exported_macro(item) {
                    self.modules[0].define(name.clone(), Definition::Item(this));
                }
                definitions.push((name, Definition::Item(this)));
            }
        }
        for (name, definition) in definitions {
            self.modules[this].define(name, definition);
        }
        Ok(this)
    }

    /// `seen` keeps the look-ups from going round in circles themselves.
    fn follow(
        &self,
        module: usize,
        path: &[String],
        seen: &mut Vec<(usize, String)>,
    ) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Target::Module(module)];
        };
        let start = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(module)],
            "super" => self.parent(module),
            name => self.look_up(module, name, seen),
        };
        rest.iter().fold(start, |targets, name| {
            let next = targets.into_iter().flat_map(|target| match target {
                Target::Module(module) if name == "super" => self.parent(module),
                Target::Module(module) => match self.look_up(module, name, seen) {
                    // A macro of the module makes it.
                    found if found.is_empty() => vec![Target::Item(module, name.clone())],
                    found => found,
                },
                item @ Target::Item(..) => vec![item],
            });
            next.collect()
        })
    }

    fn look_up(&self, module: usize, name: &str, seen: &mut Vec<(usize, String)>) -> Vec<Target> {
        let key = (module, name.to_owned());
        if seen.contains(&key) {
            return Vec::new();
        }
        seen.push(key);
        let Module {
            definitions, names, ..
        } = &self.modules[module];
        let mut targets = Vec::new();
        for definition in definitions.get(name).into_iter().flatten() {
            match definition {
                Definition::Item(at) => targets.push(Target::Item(*at, name.into())),
                Definition::Module(at) => targets.push(Target::Module(*at)),
                Definition::Import(path) => targets.extend(self.follow(module, path, seen)),
            }
        }
        if targets.is_empty() {
            for glob in &names.globs {
                for target in self.follow(module, glob, seen) {
                    if let Target::Module(at) = target {
                        targets.extend(self.look_up(at, name, seen));
                    }
                }
            }
        }
        targets
    }

    fn parent(&self, module: usize) -> Vec<Target> {
        let parent = self.modules[module].parent;
        parent.map(Target::Module).into_iter().collect()
    }
}

impl Module {
    fn define(&mut self, name: String, definition: Definition) {
        self.definitions.entry(name).or_default().push(definition);
    }
}
