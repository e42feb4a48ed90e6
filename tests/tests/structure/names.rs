//! What the items of a module name: the paths of imports and of code.

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprLit, Ident, ImplItem, Item, ItemMod, ItemUse, Lit, Macro, Meta, Path,
    Token, TraitItem, UseTree, Visibility,
};

/// All paths of a module, without its inner modules and without what is for unit tests alone.
#[derive(Default)]
pub(crate) struct Names {
    /// Each with whether a `use` item shows it to others.
    pub(crate) paths: Vec<(Vec<String>, bool)>,
    /// The names that `use` items bring, and the path of each.
    pub(crate) imports: Vec<(String, Vec<String>)>,
    /// The paths of `use path::*`.
    pub(crate) globs: Vec<Vec<String>>,
}

impl Names {
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut names = Self::default();
        items.iter().for_each(|item| names.visit_item(item));
        names
    }

    fn import(&mut self, tree: &UseTree, mut path: Vec<String>, is_shown: bool) {
        match tree {
            UseTree::Path(tree) => {
                path.push(text(&tree.ident));
                self.import(&tree.tree, path, is_shown);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, path.clone(), is_shown);
                }
            }
            UseTree::Glob(_) => {
                self.paths.push((path.clone(), is_shown));
                self.globs.push(path);
            }
            UseTree::Name(tree) => self.import_name(&tree.ident, &tree.ident, path, is_shown),
            UseTree::Rename(tree) => self.import_name(&tree.ident, &tree.rename, path, is_shown),
        }
    }

    fn import_name(&mut self, ident: &Ident, name: &Ident, mut path: Vec<String>, is_shown: bool) {
        // `use path::{self}` names the path.
        let mut name = text(name);
        if ident != "self" || path.is_empty() {
            path.push(text(ident));
        } else if name == "self" {
            name = path.last().cloned().unwrap_or_default();
        }
        self.paths.push((path.clone(), is_shown));
        self.imports.push((name, path));
    }

    /// The paths in what a macro is given, or is made of: `a::b`, but not the `b` of `a.b`.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(ident) => {
                    let before = at.wrapping_sub(2);
                    let is_member = is(before, '.') && !is(before.wrapping_sub(1), '.');
                    let is_inner = is(before, ':') && is(before.wrapping_sub(1), ':');
                    let mut path = vec![text(ident)];
                    while is(at, ':')
                        && is(at + 1, ':')
                        && let Some(TokenTree::Ident(ident)) = tokens.get(at + 2)
                    {
                        path.push(text(ident));
                        at += 3;
                    }
                    if !is_member && !is_inner {
                        self.paths.push((path, false));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !are_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            _ => return visit::visit_trait_item(self, item),
        };
        if !are_for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    /// An inner module has names of its own.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            let is_shown = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, Vec::new(), is_shown);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| text(&segment.ident));
            self.paths.push((names.collect(), false));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }
}

/// The name of what an item defines.
pub(crate) fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(text(ident))
}

/// Whether an item is there in unit tests alone.
pub(crate) fn is_for_tests(item: &Item) -> bool {
    are_for_tests(attributes(item))
}

pub(crate) fn is_exported_macro(item: &Item) -> bool {
    let mut attributes = attributes(item).iter();
    attributes.any(|attribute| attribute.path().is_ident("macro_export"))
}

/// The file of `#[path = "file"]`.
pub(crate) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else {
            return None;
        };
        match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(path),
                ..
            }) if meta.path.is_ident("path") => Some(path.value()),
            _ => None,
        }
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether `#[cfg(test)]` is among them, or `#[cfg(all(test, …))]`.
fn are_for_tests(attributes: &[Attribute]) -> bool {
    let mut cfgs = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    cfgs.any(|cfg| {
        cfg.parse_args()
            .is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let conditions = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            conditions.is_ok_and(|conditions| conditions.iter().any(needs_test))
        }
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}

fn text(ident: &Ident) -> String {
    ident.to_string()
}
