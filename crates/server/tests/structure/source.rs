//! Reads the modules of a crate and the paths that each of them names.
//!
//! A reader of tokens, not a compiler: comments, literals and unit tests are cut out, then `use` trees and inline paths are
//! resolved against the crate's module tree. Macros that build paths are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path in its crate, like `["api", "push"]`; the root is empty.
pub type Module = Vec<String>;

/// One module file.
#[derive(Debug, Default)]
pub struct Source {
    /// Path of the file, relative to the crate's `src`.
    pub file: String,
    /// The first sentence of the module's documentation.
    pub summary: String,
    /// The code without comments, literals and unit tests.
    pub code: String,
    /// What the module imports, by the name it has here: paths from the root.
    imports: BTreeMap<String, Module>,
    /// Names that are imported only to be exported again.
    exported: BTreeSet<String>,
}

/// All modules of a crate.
#[derive(Debug)]
pub struct Crate {
    /// The modules by path.
    pub modules: BTreeMap<Module, Source>,
}

impl Crate {
    /// Reads the crate in `folder`.
    pub fn read(folder: &Path) -> Self {
        let mut modules = BTreeMap::new();
        walk(&folder.join("src"), &mut Vec::new(), &mut modules);
        let known: BTreeSet<Module> = modules.keys().cloned().collect();
        for (module, source) in &mut modules {
            source.read_imports(module, &known);
        }
        Self { modules }
    }

    /// The modules that `module` takes something from. What it only exports again is not counted; what it takes by way of
    /// another module's export is counted where it is defined.
    pub fn uses(&self, module: &Module) -> BTreeSet<Module> {
        let source = &self.modules[module];
        let imported = source.imports.iter().filter(|(name, _)| !source.exported.contains(*name)).map(|(_, path)| path);
        let inline = inline_paths(&source.code, module, &self.modules.keys().cloned().collect());
        let mut used: BTreeSet<Module> = imported.chain(&inline).map(|path| self.home(path, 0)).collect();
        used.remove(module);
        used
    }

    /// The module that defines what `path` names.
    fn home(&self, path: &Module, depth: usize) -> Module {
        let length = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length])).unwrap_or(0);
        let module = path[..length].to_vec();
        match path.get(length).and_then(|name| self.modules[&module].imports.get(name)) {
            Some(target) if depth < 8 => self.home(target, depth + 1),
            _ => module,
        }
    }
}

fn walk(folder: &Path, module: &mut Module, modules: &mut BTreeMap<Module, Source>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        if path.is_dir() {
            module.push(name);
            walk(&path, module, modules);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            // The binary of a crate that is a library too only calls it.
            if name == "main" && folder.join("lib.rs").exists() {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            let mut own = module.clone();
            if !["lib", "main", "mod"].contains(&&*name) {
                own.push(name.clone());
            }
            let file = [module.as_slice(), &[format!("{name}.rs")]].concat().join("/");
            modules.insert(
                own,
                Source { file, summary: summary(&text), code: without_tests(&plain(&text)), ..Source::default() },
            );
        }
    }
}

/// The first sentence of a module's documentation.
fn summary(text: &str) -> String {
    let paragraph: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let paragraph = paragraph.join(" ");
    paragraph.split_once(". ").map_or(paragraph.clone(), |(first, _)| format!("{first}."))
}

impl Source {
    fn read_imports(&mut self, module: &Module, known: &BTreeSet<Module>) {
        let mut rest = String::new();
        let mut left = self.code.as_str();
        while let Some((before, is_public, tree, after)) = next_use(left) {
            rest.push_str(before);
            for (name, path) in leaves(tree) {
                if let Some(path) = resolve(&path, module, known) {
                    if is_public {
                        self.exported.insert(name.clone());
                    }
                    self.imports.insert(name, path);
                }
            }
            left = after;
        }
        rest.push_str(left);
        self.code = rest;
    }
}

/// The next `use` declaration: what stands before it, whether it exports, its tree, and what follows.
fn next_use(code: &str) -> Option<(&str, bool, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + code[from..].find("use ")?;
        let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
        let lead = code[line..at].trim();
        if lead.is_empty() || lead == "pub" || lead.starts_with("pub(") && lead.ends_with(')') {
            let end = at + code[at..].find(';')?;
            return Some((&code[..line], !lead.is_empty(), &code[at + 4..end], &code[end + 1..]));
        }
        from = at + 4;
    }
}

/// The paths of a `use` tree, each with the name that it has here.
fn leaves(tree: &str) -> Vec<(String, Vec<String>)> {
    let tree = tree.trim();
    if let Some((head, inner)) = tree.split_once('{') {
        let head: Vec<String> =
            head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(Into::into).collect();
        let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
        let parts = split_at_commas(inner);
        return parts
            .iter()
            .flat_map(|part| leaves(part))
            .map(|(name, path)| (name, [head.clone(), path].concat()))
            .collect();
    }
    let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim())));
    let path: Vec<String> =
        path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let Some(last) = path.last() else { return Vec::new() };
    let name = name.unwrap_or(last).to_owned();
    vec![(name, path.into_iter().filter(|part| part != "self" || part.is_empty()).collect())]
}

fn split_at_commas(inner: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in inner.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(character);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A path from the root of the crate, if it begins in this crate.
fn resolve(path: &[String], module: &Module, known: &BTreeSet<Module>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "super" => {
            let mut base = module.clone();
            base.pop()?;
            let deeper = rest.iter().take_while(|part| *part == "super").count();
            base.truncate(base.len().checked_sub(deeper)?);
            Some([base.as_slice(), &rest[deeper..]].concat())
        }
        _ => {
            let child = [module.as_slice(), std::slice::from_ref(first)].concat();
            known.contains(&child).then(|| [child.as_slice(), rest].concat())
        }
    }
}

/// Paths that stand in the code itself: after `crate::` and `super::`, or beginning with a child module.
fn inline_paths(code: &str, module: &Module, known: &BTreeSet<Module>) -> Vec<Module> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
    code.split(|character| !is_part(character))
        .filter(|word| word.contains("::") && !word.starts_with(':'))
        .filter_map(|word| {
            let path: Vec<String> = word.split("::").filter(|part| !part.is_empty()).map(Into::into).collect();
            resolve(&path, module, known)
        })
        .collect()
}

/// The code with comments and literals replaced by nothing.
fn plain(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(literal) = rest.strip_prefix("r#\"") {
            literal.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if character == '"' {
            string_end(rest)
        } else if let Some(end) = char_end(rest) {
            end
        } else {
            code.push(character);
            character.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character literal; a lifetime is none.
fn char_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let length = if inner.starts_with('\\') { inner[2..].find('\'')? + 2 } else { inner.chars().next()?.len_utf8() };
    inner[length..].starts_with('\'').then_some(length + 2)
}

/// The code up to the unit tests, which stand at the end of a file.
fn without_tests(code: &str) -> String {
    code.find("#[cfg(test)]\nmod tests").map_or(code, |at| &code[..at]).to_owned()
}
