//! Parses one source file into the modules, imports, items and paths that it names.
//!
//! `proc-macro2` tokenizes, so comments are ignored. Items under `#[cfg(test)]` are
//! skipped. The definition and the arguments of a macro are read like other code.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::signature::{self, Function};
use crate::tokens::{
    before_semicolon, body, is, is_for_tests, is_public, is_punct, item_end, module_file, outside_angles, path_at,
    string, template, trees, word,
};

/// The parts of a path. The first part is empty if the path begins with `::`.
pub type Path = Vec<String>;

/// A path segment that comes from a macro argument.
pub const ANY: &str = "$";

/// A name that a module imports or defines as an alias.
#[derive(Debug)]
pub struct Import {
    /// The name; `*` for everything.
    pub name: String,
    /// The path as it is written.
    pub path: Path,
    /// How the module gets the name.
    pub kind: ImportKind,
}

/// How a module gets the name of an [`Import`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImportKind {
    /// `use`.
    Private,
    /// `pub use`, with any visibility but `pub(self)`.
    Exported,
    /// A type alias or a macro that the module defines.
    Alias,
}

/// The words that begin a public item, which is not a field.
const ITEMS: [&str; 12] =
    ["async", "const", "enum", "extern", "fn", "mod", "static", "struct", "trait", "type", "union", "unsafe"];

/// An item that may hand on values, and is not a function: a public field, constant, enum or type
/// of closures, an associated type, or a trait.
#[derive(Debug)]
pub struct Item {
    pub name: String,
    /// The paths in its type; of a constant also those in its value.
    pub paths: Vec<Path>,
}

/// A module of a file: the file's own, or an inline module.
#[derive(Debug, Default)]
pub struct Scope {
    /// Its imports and aliases.
    pub imports: Vec<Import>,
    /// Its types and traits.
    pub types: BTreeSet<String>,
    /// Its functions, constants and macros.
    pub values: BTreeSet<String>,
    /// All paths in its code, including single names.
    pub paths: BTreeSet<Path>,
    /// The methods that it calls and the fields that it names.
    pub methods: BTreeSet<String>,
    /// Its functions that are public or async.
    pub functions: Vec<Function>,
    /// Its other items that may hand on values.
    pub items: Vec<Item>,
    /// Its string literals with a slash.
    pub literals: Vec<String>,
    /// The Askama templates of its types.
    pub templates: BTreeSet<String>,
    /// Its modules in separate files, and whether they are only for tests.
    pub files: Vec<(String, bool)>,
    /// Inline modules.
    pub inline: Vec<(String, Scope)>,
    /// Constructs that hide code, or which names it uses.
    pub forbidden: Vec<&'static str>,
}

impl Scope {
    /// Reads a source file.
    pub fn of_file(text: &str) -> Result<Self, proc_macro2::LexError> {
        let mut scope = Self::default();
        scope.scan(&trees(text.parse()?), true);
        Ok(scope)
    }

    /// Returns the paths in these tokens.
    pub fn paths_in(tokens: &[TokenTree]) -> Vec<Path> {
        let mut scope = Self::default();
        scope.scan(tokens, false);
        scope.paths.into_iter().collect()
    }

    /// Reads the expressions of an Askama template; its includes are added to the templates.
    pub fn add_template(&mut self, text: &str) -> Result<(), proc_macro2::LexError> {
        let parts = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
        let blocks = text.split("{%").skip(1).filter_map(|rest| rest.split_once("%}"));
        for (expression, _) in parts.chain(blocks) {
            let tokens = trees(expression.parse()?);
            let mut words = tokens.iter().filter(|token| !matches!(token, TokenTree::Punct(_)));
            let first = words.next().and_then(word);
            if first.is_some_and(|first| ["extends", "import", "include"].contains(&first.as_str())) {
                self.templates.extend(words.next().and_then(string));
            }
            self.scan(&tokens, false);
        }
        Ok(())
    }

    /// Reads tokens. Only items `at_top`, outside of any group, are the module's own.
    fn scan(&mut self, tokens: &[TokenTree], at_top: bool) {
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(hash) if hash.as_char() == '#' => self.scan_attribute(tokens, at),
                TokenTree::Group(group) => {
                    self.scan(&trees(group.stream()), false);
                    at + 1
                }
                TokenTree::Ident(_) => self.scan_word(tokens, at, at_top),
                token => {
                    self.literals.extend(string(token).filter(|text| text.contains('/')));
                    at + 1
                }
            };
        }
    }

    /// Reads the attribute at `at`, if there is one; returns the index after it, and after its item
    /// if that is only for tests.
    fn scan_attribute(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let is_inner = is(tokens, at + 1, '!');
        let after = at + 1 + usize::from(is_inner);
        let Some(TokenTree::Group(group)) = tokens.get(after) else { return at + 1 };
        let attribute = trees(group.stream());
        if is_for_tests(&attribute) {
            let end = if is_inner { tokens.len() } else { item_end(tokens, after + 1) };
            self.files.extend(tokens[after..end].windows(3).filter_map(module_file).map(|name| (name, true)));
            return end;
        }
        self.read_attribute(&attribute);
        after + 1
    }

    /// Reads an attribute, and each one in `cfg_attr`.
    fn read_attribute(&mut self, attribute: &[TokenTree]) {
        match (attribute.first().and_then(word).as_deref(), attribute.get(1)) {
            (Some("cfg_attr"), Some(TokenTree::Group(group))) => {
                for part in trees(group.stream()).split(|token| is_punct(token, ',')).skip(1) {
                    self.read_attribute(part);
                }
            }
            (Some("doc"), _) => {}
            (Some("path"), _) => self.forbidden.push("#[path]"),
            // Their macros have no path, so that nothing shows where they come from.
            (Some("macro_use"), _) => self.forbidden.push("#[macro_use]"),
            (Some("macro_export"), _) => self.forbidden.push("#[macro_export]"),
            (Some("template"), _) => self.templates.extend(template(attribute)),
            _ => {
                self.scan(attribute, false);
                self.scan_strings(attribute);
            }
        }
    }

    /// Reads the paths in string arguments of attributes, like `#[serde(with = "crate::hex")]`.
    fn scan_strings(&mut self, attribute: &[TokenTree]) {
        // Not a reason: in a type, spaces only follow commas.
        let is_path = |text: &String| {
            let is_part = |letter: char| letter.is_alphanumeric() || "_:<>,".contains(letter);
            text.contains("::") && text.replace(", ", ",").chars().all(is_part)
        };
        for token in attribute {
            if let TokenTree::Group(group) = token {
                self.scan_strings(&trees(group.stream()));
            } else if let Some(text) = string(token).filter(is_path) {
                let tokens: Result<TokenStream, _> = text.parse();
                self.paths.extend(tokens.map(|tokens| Self::paths_in(&trees(tokens))).unwrap_or_default());
            }
        }
    }

    /// Reads the item or the path that begins at `at`.
    fn scan_word(&mut self, tokens: &[TokenTree], at: usize, at_top: bool) -> usize {
        let keyword = word(&tokens[at]).unwrap_or_default();
        let next = tokens.get(at + 1).and_then(word);
        if let Some(name) = &next {
            self.read_item(tokens, at, &keyword, name, at_top);
        }
        match (keyword.as_str(), next) {
            ("use", _) if !is(tokens, at + 1, '<') => return self.scan_use(tokens, at),
            ("pub", _) => {
                self.read_field(tokens, at);
                return at + 1;
            }
            ("mod", Some(name)) => match tokens.get(at + 2) {
                Some(TokenTree::Group(body)) => {
                    let mut inner = Self::default();
                    inner.scan(&trees(body.stream()), true);
                    self.inline.push((name, inner));
                    return at + 3;
                }
                _ => self.files.push((name, false)),
            },
            ("struct" | "enum" | "union" | "trait", Some(name)) if at_top => drop(self.types.insert(name)),
            ("const", Some(name)) if ["async", "extern", "fn", "unsafe"].contains(&name.as_str()) => return at + 1,
            ("const" | "static", Some(name)) if at_top => drop(self.values.insert(name)),
            ("type", Some(name)) if at_top => {
                self.define_alias(&name, before_semicolon(&tokens[at + 2..]));
                self.types.insert(name);
            }
            ("macro_rules", None) if is(tokens, at + 1, '!') => {
                if let (Some(name), Some(body)) = (tokens.get(at + 2).and_then(word), tokens.get(at + 3)) {
                    self.define_alias(&name, std::slice::from_ref(body));
                    self.values.insert(name);
                }
            }
            ("fn", Some(name)) => {
                self.functions.extend(Function::read(tokens, at, &name));
                if at_top {
                    self.values.insert(name);
                }
            }
            ("extern", Some(name)) if name == "crate" => self.forbidden.push("extern crate"),
            _ => return self.scan_path(tokens, at),
        }
        at + 2
    }

    /// Reads the item that begins at `at`, if it may hand on values and is not a function.
    fn read_item(&mut self, tokens: &[TokenTree], at: usize, keyword: &str, name: &str, at_top: bool) {
        let rest = &tokens[at + 2..];
        let paths = match keyword {
            "trait" => Self::paths_in(&body(rest)),
            "enum" if is_public(tokens, at) => Self::paths_in(&body(rest)),
            "const" | "static" if name != "fn" && is_public(tokens, at) => Self::paths_in(before_semicolon(rest)),
            "type" if !at_top => Self::paths_in(before_semicolon(rest)),
            "type" if is_public(tokens, at) => signature::callbacks(before_semicolon(rest)),
            _ => return,
        };
        self.items.push(Item { name: name.to_owned(), paths });
    }

    /// Reads the field whose `pub` is at `at`.
    fn read_field(&mut self, tokens: &[TokenTree], at: usize) {
        let is_visibility = |group: &TokenTree| {
            let TokenTree::Group(group) = group else { return false };
            let first = trees(group.stream()).first().and_then(word);
            first.is_some_and(|first| ["crate", "in", "self", "super"].contains(&first.as_str()))
        };
        let rest = &tokens[at + 1..];
        let rest = &rest[usize::from(rest.first().is_some_and(is_visibility))..];
        let name = rest.first().and_then(word).unwrap_or_default();
        if name == "use" || ITEMS.contains(&name.as_str()) {
            return;
        }
        let end = outside_angles(rest).find(|(_, token)| is_punct(token, ',')).map_or(rest.len(), |(end, _)| end);
        self.items.push(Item { name, paths: Self::paths_in(&rest[..end]) });
    }

    fn define_alias(&mut self, name: &str, body: &[TokenTree]) {
        let mut inner = Self::default();
        inner.scan(body, false);
        let alias = |path| Import { name: name.to_owned(), path, kind: ImportKind::Alias };
        self.imports.extend(inner.paths.iter().cloned().map(alias));
        self.paths.extend(inner.paths);
        self.methods.extend(inner.methods);
    }

    fn scan_use(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let tree = before_semicolon(&tokens[at + 1..]);
        let kind = if is_public(tokens, at) { ImportKind::Exported } else { ImportKind::Private };
        let mut leaves = Vec::new();
        read_tree(tree, &Path::new(), &mut leaves);
        self.forbidden.extend(leaves.iter().filter(|(_, path)| ends_with_include(path)).map(|_| "include!"));
        self.imports.extend(leaves.into_iter().map(|(name, path)| Import { name, path, kind }));
        at + tree.len() + 2
    }

    fn scan_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let (mut path, end) = path_at(tokens, at);
        // `self`, or the visibility `pub(super)`.
        if path.len() == 1 && ["crate", "self", "super"].contains(&path[0].as_str()) {
            return end;
        }
        if ends_with_include(&path) && (path.len() > 1 || is(tokens, end, '!')) {
            self.forbidden.push("include!");
        }
        let is_before = |back: usize, mark: char| at.checked_sub(back).is_some_and(|before| is(tokens, before, mark));
        if is_before(1, '.') && !is_before(2, '.') {
            self.methods.extend(path.into_iter().next());
        } else if is_before(1, ':') && is_before(2, ':') {
            // In `<Type as Trait>::name`, the paths in the angle brackets are read instead, and the
            // name counts as a method.
            if is_before(3, '>') {
                self.methods.extend(path.into_iter().next());
            } else {
                path.insert(0, String::new());
                self.paths.insert(path);
            }
        } else {
            self.paths.insert(path);
        }
        end
    }
}

fn ends_with_include(path: &[String]) -> bool {
    path.last().is_some_and(|last| last == "include")
}

/// Collects the leaves of a `use` tree: the name in this module, and its path.
fn read_tree(tokens: &[TokenTree], prefix: &Path, leaves: &mut Vec<(String, Path)>) {
    for tree in tokens.split(|token| is_punct(token, ',')) {
        let (mut path, mut name, mut is_leaf) = (prefix.clone(), None, !tree.is_empty());
        if path.is_empty() && is(tree, 0, ':') {
            path.push(String::new());
        }
        for token in tree {
            match token {
                TokenTree::Group(group) => {
                    read_tree(&trees(group.stream()), &path, leaves);
                    is_leaf = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
                token => path.extend(word(token)),
            }
        }
        if let Some(at) = path.iter().position(|part| part == "as") {
            name = path.get(at + 1).cloned();
            path.truncate(at);
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let (true, Some(name)) = (is_leaf, name.or_else(|| path.last().cloned())) {
            leaves.push((name, path));
        }
    }
}
