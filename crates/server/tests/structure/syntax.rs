//! Parses one source file into the modules, imports, items and paths that it names.
//!
//! `proc-macro2` tokenizes, so comments and literals are ignored. Items under `#[cfg(test)]` are
//! skipped. The definition and the arguments of a macro are read like other code.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

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
    /// `pub use`, with any visibility.
    Exported,
    /// A type alias or a macro that the module defines.
    Alias,
}

/// A public function.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// The paths in its return type.
    pub returned: Vec<Path>,
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
    /// Its public functions.
    pub functions: Vec<Function>,
    /// The Askama templates of its types.
    pub templates: BTreeSet<String>,
    /// Its modules in separate files, and whether they are only for tests.
    pub files: Vec<(String, bool)>,
    /// Inline modules.
    pub inline: Vec<(String, Scope)>,
    /// Constructs that hide which names a file uses.
    pub forbidden: Vec<&'static str>,
}

impl Scope {
    /// Reads a source file.
    pub fn of_file(text: &str) -> Result<Self, proc_macro2::LexError> {
        let mut scope = Self::default();
        scope.scan(&trees(text.parse()?), true);
        Ok(scope)
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
                _ => at + 1,
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
        match attribute.first().and_then(word).as_deref() {
            Some("doc") => {}
            Some("path") => self.forbidden.push("#[path]"),
            Some("template") => self.templates.extend(template(&attribute)),
            _ => {
                self.scan(&attribute, false);
                self.scan_strings(&attribute);
            }
        }
        after + 1
    }

    /// Reads the paths in string arguments of attributes, like `#[serde(with = "crate::hex")]`.
    fn scan_strings(&mut self, attribute: &[TokenTree]) {
        let is_path = |text: &String| {
            text.contains("::") && text.chars().all(|letter| letter.is_alphanumeric() || "_:".contains(letter))
        };
        for token in attribute {
            if let TokenTree::Group(group) = token {
                self.scan_strings(&trees(group.stream()));
            } else if let Some(path) = string(token).filter(is_path) {
                self.paths.insert(path.split("::").map(Into::into).collect());
            }
        }
    }

    /// Reads the item or the path that begins at `at`.
    fn scan_word(&mut self, tokens: &[TokenTree], at: usize, at_top: bool) -> usize {
        let next = tokens.get(at + 1).and_then(word);
        match (word(&tokens[at]).unwrap_or_default().as_str(), next) {
            ("use", _) if !is(tokens, at + 1, '<') => return self.scan_use(tokens, at),
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
            ("const" | "static", Some(name)) if at_top => drop(self.values.insert(name)),
            ("type", Some(name)) if at_top => {
                let end =
                    tokens[at..].iter().position(|token| is_punct(token, ';')).map_or(tokens.len(), |end| at + end);
                self.define_alias(&name, &tokens[at + 2..end]);
                self.types.insert(name);
            }
            ("macro_rules", None) if is(tokens, at + 1, '!') => {
                if let (Some(name), Some(body)) = (tokens.get(at + 2).and_then(word), tokens.get(at + 3)) {
                    self.define_alias(&name, std::slice::from_ref(body));
                    self.values.insert(name);
                }
            }
            ("fn", Some(name)) => {
                if is_public(tokens, at) {
                    self.functions.push(Function { name: name.clone(), returned: returned(&tokens[at..]) });
                }
                if at_top {
                    self.values.insert(name);
                }
            }
            ("extern", Some(name)) if name == "crate" => self.forbidden.push("extern crate"),
            ("include", None) if is(tokens, at + 1, '!') => self.forbidden.push("include!"),
            _ => return self.scan_path(tokens, at),
        }
        at + 2
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
        let end = tokens[at..].iter().position(|token| is_punct(token, ';')).map_or(tokens.len(), |end| at + end);
        let kind = if is_public(tokens, at) { ImportKind::Exported } else { ImportKind::Private };
        let mut leaves = Vec::new();
        read_tree(&tokens[at + 1..end], &Path::new(), &mut leaves);
        self.imports.extend(leaves.into_iter().map(|(name, path)| Import { name, path, kind }));
        end + 1
    }

    fn scan_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let (mut path, end) = path_at(tokens, at);
        // `self`, or the visibility `pub(super)`.
        if path.len() == 1 && ["crate", "self", "super"].contains(&path[0].as_str()) {
            return end;
        }
        let is_before = |back: usize, mark: char| at.checked_sub(back).is_some_and(|before| is(tokens, before, mark));
        if is_before(1, '.') && !is_before(2, '.') {
            self.methods.extend(path.into_iter().next());
        } else if is_before(1, ':') && is_before(2, ':') {
            // In `<Type as Trait>::name`, the paths in the angle brackets are read instead.
            if !is_before(3, '>') {
                path.insert(0, String::new());
                self.paths.insert(path);
            }
        } else {
            self.paths.insert(path);
        }
        end
    }
}

fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    // The tokens of a macro argument are in an invisible group.
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => trees(group.stream()),
            token => vec![token],
        })
        .collect()
}

fn word(token: &TokenTree) -> Option<String> {
    let TokenTree::Ident(word) = token else { return None };
    let word = word.to_string();
    Some(word.strip_prefix("r#").unwrap_or(&word).to_owned())
}

fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    Some(literal.to_string().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is(tokens: &[TokenTree], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|token| is_punct(token, mark))
}

/// Returns whether the item of the word at `at` has `pub` in any form.
fn is_public(tokens: &[TokenTree], at: usize) -> bool {
    let is_modifier = |token: &&TokenTree| match token {
        TokenTree::Ident(_) => {
            word(token).is_some_and(|word| ["async", "const", "extern", "unsafe", "pub"].contains(&&*word))
        }
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    };
    tokens[..at].iter().rev().take_while(is_modifier).any(|token| word(token).is_some_and(|word| word == "pub"))
}

/// Returns the path that begins at `at`, and the index after it.
fn path_at(tokens: &[TokenTree], at: usize) -> (Path, usize) {
    let (mut path, mut next) = (Path::from_iter(word(&tokens[at])), at + 1);
    let is_joint = |at: usize| matches!(&tokens[at], TokenTree::Punct(colon) if colon.spacing() == Spacing::Joint);
    while is(tokens, next, ':') && is_joint(next) && is(tokens, next + 1, ':') {
        if let Some(part) = tokens.get(next + 2).and_then(word) {
            path.push(part);
            next += 3;
        } else {
            if is(tokens, next + 2, '$') {
                path.push(ANY.to_owned());
            }
            break;
        }
    }
    (path, next)
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

/// Returns the paths in a function's return type.
fn returned(function: &[TokenTree]) -> Vec<Path> {
    let is_body = |token: &TokenTree| {
        is_punct(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let end = function.iter().position(is_body).unwrap_or(function.len());
    let arrow = function[..end].windows(2).rposition(|pair| is_punct(&pair[0], '-') && is_punct(&pair[1], '>'));
    let mut scope = Scope::default();
    scope.scan(arrow.map_or(&[], |arrow| &function[arrow..end]), false);
    scope.paths.into_iter().collect()
}

/// Returns the file in `#[template(path = "...")]`.
fn template(attribute: &[TokenTree]) -> Option<String> {
    let TokenTree::Group(arguments) = attribute.get(1)? else { return None };
    trees(arguments.stream())
        .windows(3)
        .find(|three| word(&three[0]).is_some_and(|key| key == "path"))
        .and_then(|three| string(&three[2]))
}

/// Returns the name in `mod name;`.
fn module_file(tokens: &[TokenTree]) -> Option<String> {
    (word(&tokens[0])? == "mod" && is_punct(&tokens[2], ';')).then(|| word(&tokens[1])).flatten()
}

/// Returns whether an attribute restricts its item to tests: `cfg(test)`, `cfg(all(test, ...))`,
/// and the same for `cfg_attr`.
fn is_for_tests(attribute: &[TokenTree]) -> bool {
    let [name, TokenTree::Group(condition)] = attribute else { return false };
    let condition = trees(condition.stream());
    let is_test = |token: &TokenTree| word(token).is_some_and(|word| word == "test");
    word(name).is_some_and(|name| name == "cfg")
        && match condition.as_slice() {
            [test] => is_test(test),
            [all, TokenTree::Group(parts)] => {
                word(all).is_some_and(|all| all == "all") && trees(parts.stream()).iter().any(is_test)
            }
            _ => false,
        }
}

/// Returns the index after the item, field or statement that begins at `at`.
fn item_end(tokens: &[TokenTree], at: usize) -> usize {
    let mut words =
        tokens[at..].iter().filter_map(word).skip_while(|word| ["pub", "async", "unsafe"].contains(&&**word));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_function = ["fn", "unsafe", "async", "extern"].contains(&&*second);
    let ends_with_body = match first.as_str() {
        "use" | "static" | "type" | "let" => false,
        "const" => is_function,
        "extern" => second != "crate",
        _ => true,
    };
    let has_generics = ["fn", "struct", "enum", "union", "trait", "impl", "const", "extern"].contains(&&*first);
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => ends_with_body && group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';' || ends_with_body && !has_generics && mark.as_char() == ',',
        _ => false,
    };
    tokens[at..].iter().position(is_end).map_or(tokens.len(), |end| at + end + 1)
}
