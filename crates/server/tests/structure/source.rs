//! Reads the modules of a crate and resolves the modules and items that each of them names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path as FilePath;

use crate::syntax::{ANY, Import, ImportKind, Path, Scope};

/// A module's path in its crate, like `["api", "push"]`; the root is empty.
pub type Module = Vec<String>;

/// The most imports that resolving a name follows.
const MAX_DEPTH: usize = 8;

/// A module in a file of its own.
#[derive(Debug)]
pub struct File {
    /// Path of the file, relative to the crate's `src`.
    pub path: String,
    /// The first sentence of the module's documentation.
    pub summary: String,
}

/// The target of a path.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Target {
    /// A module of this crate, or an item in it.
    Module(Module),
    /// An item of another crate, or a local name.
    Other(Path),
}

impl Target {
    /// Returns the last part of a path into `library`.
    pub fn in_library(&self, library: &str) -> Option<&String> {
        match self {
            Self::Other(path) if path.first().is_some_and(|first| first == library) => path.last(),
            _ => None,
        }
    }
}

/// All modules of a crate.
#[derive(Debug, Default)]
pub struct Crate {
    /// The modules that have files of their own.
    pub files: BTreeMap<Module, File>,
    /// Source files that no module declares.
    pub strays: Vec<String>,
    /// The binary beside a library: a crate of its own, in one file.
    pub binary: Option<Scope>,
    /// The texts of all source files, by their path in `src`.
    texts: BTreeMap<String, String>,
    /// All modules, including inline ones.
    scopes: BTreeMap<Module, Scope>,
    /// The modules that are compiled only for tests.
    tests: BTreeSet<Module>,
}

impl Crate {
    /// Reads the crate in `folder`.
    pub fn read(folder: &FilePath) -> Self {
        let mut texts = BTreeMap::new();
        source_files(&folder.join("src"), "", &mut texts);
        Self::of(texts, &folder.join("templates"))
    }

    /// Reads a crate from its source files.
    pub fn of(texts: BTreeMap<String, String>, templates: &FilePath) -> Self {
        let mut read = Self { texts, ..Self::default() };
        let main = read.texts.get("main.rs");
        if read.texts.contains_key("lib.rs") {
            read.binary = main.map(|text| Scope::of_file(text).unwrap_or_else(|error| panic!("main.rs: {error}")));
            read.read_file(templates, "lib.rs".to_owned(), &Module::new());
        } else {
            read.read_file(templates, "main.rs".to_owned(), &Module::new());
        }
        let known: BTreeSet<&str> = read.files.values().map(|file| file.path.as_str()).chain(["main.rs"]).collect();
        let is_test = |path: &str| {
            let module: Module = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            (0..=module.len()).any(|length| read.tests.contains(&module[..length]))
        };
        let strays = read.texts.keys().filter(|path| !known.contains(path.as_str()) && !is_test(path.as_str()));
        read.strays = strays.cloned().collect();
        read
    }

    fn read_file(&mut self, templates: &FilePath, path: String, module: &Module) {
        let text = &self.texts[&path];
        let mut scope = Scope::of_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        scope.read_templates(templates);
        self.files.insert(module.clone(), File { path, summary: summary(text) });
        self.add(templates, module, scope);
    }

    /// Adds a module and its submodules.
    fn add(&mut self, templates: &FilePath, module: &Module, mut scope: Scope) {
        let below = |name: String| [module.as_slice(), &[name]].concat();
        for (name, inner) in std::mem::take(&mut scope.inline) {
            self.add(templates, &below(name), inner);
        }
        for (name, is_test) in std::mem::take(&mut scope.files) {
            let child = below(name);
            if is_test {
                self.tests.insert(child);
                continue;
            }
            let stem = child.join("/");
            let paths = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
            let path = paths.into_iter().find(|path| self.texts.contains_key(path));
            self.read_file(templates, path.unwrap_or_else(|| panic!("the module {stem} has no file")), &child);
        }
        // Only one of them would be read.
        if self.scopes.contains_key(module) {
            scope.forbidden.push("two modules of one name");
        }
        self.scopes.insert(module.clone(), scope);
    }

    /// Returns the file module that `module` is, or is inside of.
    fn file_of(&self, module: &Module) -> Module {
        let length = (0..=module.len()).rev().find(|length| self.files.contains_key(&module[..*length])).unwrap_or(0);
        module[..length].to_vec()
    }

    /// Returns the module of a file, and its inline modules.
    pub fn scopes<'a>(&'a self, file: &'a Module) -> impl Iterator<Item = (&'a Module, &'a Scope)> {
        let below = self.scopes.range(file.clone()..).take_while(move |(module, _)| module.starts_with(file));
        below.filter(move |(module, _)| self.file_of(module) == *file)
    }

    /// Returns everything that a file uses.
    pub fn names(&self, file: &Module) -> BTreeSet<Target> {
        self.names_if(file, |_, _| true)
    }

    /// Returns everything that a file uses, with those imports that count.
    fn names_if(&self, file: &Module, counts: impl Fn(&Import, &Target) -> bool) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        for (module, scope) in self.scopes(file) {
            for import in scope.imports.iter().filter(|import| import.kind != ImportKind::Alias) {
                found.extend(self.import(module, import, &[], 0).into_iter().filter(|target| counts(import, target)));
            }
            let is_module =
                |path: &Path| path.len() == 1 && self.scopes.contains_key(&[module.as_slice(), path].concat());
            let paths = scope.paths.iter().filter(|path| !is_module(path));
            found.extend(paths.flat_map(|path| self.resolve(module, path, 0)));
        }
        found
    }

    /// Returns the other files that a file uses. An item imported through a re-export
    /// belongs to the file that defines it.
    pub fn uses(&self, file: &Module) -> BTreeSet<Module> {
        self.other_files(file, self.names(file))
    }

    /// Returns the other files that a file uses for more than re-exporting its own submodules.
    pub fn uses_but_reexports(&self, file: &Module) -> BTreeSet<Module> {
        let is_below = |target: &Target| matches!(target, Target::Module(module) if module.starts_with(file));
        let counts = |import: &Import, target: &Target| import.kind == ImportKind::Private || !is_below(target);
        self.other_files(file, self.names_if(file, counts))
    }

    fn other_files(&self, file: &Module, names: BTreeSet<Target>) -> BTreeSet<Module> {
        let modules = names.into_iter().filter_map(|target| match target {
            Target::Module(module) => Some(self.file_of(&module)),
            Target::Other(_) => None,
        });
        modules.filter(|module| module != file).collect()
    }

    /// Returns the libraries from which a file imports everything.
    pub fn foreign_globs(&self, file: &Module) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (module, scope) in self.scopes(file) {
            let globs = scope.imports.iter().filter(|import| import.name == "*");
            let targets = globs.flat_map(|import| self.import(module, import, &[], 0));
            found.extend(targets.filter_map(|target| match target {
                Target::Other(path) => path.into_iter().next(),
                Target::Module(_) => None,
            }));
        }
        found
    }

    /// Resolves `path` as written in `module`.
    pub fn resolve(&self, module: &Module, path: &[String], depth: usize) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else { return self.inside(module, path, depth) };
        match (first.as_str(), rest.first().map(String::as_str)) {
            ("", _) => BTreeSet::from([Target::Other(rest.to_vec())]),
            ("crate", _) => self.inside(&Module::new(), rest, depth),
            ("self", Some("super")) => self.resolve(module, rest, depth),
            ("self", _) => self.inside(module, rest, depth),
            ("super", next) => {
                let parent = module.split_last().map_or_else(Module::new, |(_, parent)| parent.to_vec());
                if next == Some("super") {
                    self.resolve(&parent, rest, depth)
                } else {
                    self.inside(&parent, rest, depth)
                }
            }
            _ if depth < MAX_DEPTH && self.knows(module, path, depth) => self.inside(module, path, depth),
            _ => BTreeSet::from([Target::Other(path.to_vec())]),
        }
    }

    /// Resolves `path`, whose first part is a name in `module`.
    fn inside(&self, module: &Module, path: &[String], depth: usize) -> BTreeSet<Target> {
        let Some(first) = path.first().filter(|_| depth < MAX_DEPTH) else {
            return BTreeSet::from([Target::Module(module.clone())]);
        };
        if first == ANY {
            let children = self.scopes.keys().filter(|child| child.split_last().is_some_and(|(_, of)| of == *module));
            return children.cloned().map(Target::Module).collect();
        }
        let child = [module.as_slice(), std::slice::from_ref(first)].concat();
        if self.scopes.contains_key(&child) {
            return self.inside(&child, &path[1..], depth);
        }
        let mut found: BTreeSet<Target> =
            self.imports(module, first).flat_map(|import| self.import(module, import, &path[1..], depth)).collect();
        if found.is_empty() {
            let globs = self.globs(module, depth).filter(|glob| self.knows(glob, path, depth + 1));
            found = globs.flat_map(|glob| self.inside(&glob, path, depth + 1)).collect();
        }
        if found.is_empty() {
            found.insert(Target::Module(module.clone()));
        }
        found
    }

    /// Resolves an import of `module` followed by `rest`. An alias also belongs to the module that
    /// defines it.
    fn import(&self, module: &Module, import: &Import, rest: &[String], depth: usize) -> BTreeSet<Target> {
        let path: Path = import.path.iter().filter(|part| *part != "*").chain(rest).cloned().collect();
        let mut found = self.resolve(module, &path, depth + 1);
        if import.kind == ImportKind::Alias {
            found.insert(Target::Module(module.clone()));
        }
        found
    }

    /// Returns the imports of `module` under this name, except for those that only name themselves.
    fn imports<'a>(&'a self, module: &Module, name: &'a str) -> impl Iterator<Item = &'a Import> {
        self.scopes[module].imports.iter().filter(move |import| import.name == name && import.path != [name])
    }

    /// Returns the modules that `module` imports with `*`.
    fn globs(&self, module: &Module, depth: usize) -> impl Iterator<Item = Module> {
        let targets = self.imports(module, "*").flat_map(move |import| self.import(module, import, &[], depth + 1));
        targets.filter_map(move |target| match target {
            Target::Module(glob) if glob != *module => Some(glob),
            _ => None,
        })
    }

    /// Returns whether the first part of `path` is a name in `module`. If more parts follow, it
    /// must be a module, an import or a type.
    fn knows(&self, module: &Module, path: &[String], depth: usize) -> bool {
        let (first, scope) = (&path[0], &self.scopes[module]);
        self.scopes.contains_key(&[module.as_slice(), std::slice::from_ref(first)].concat())
            || self.imports(module, first).next().is_some()
            || scope.types.contains(first)
            || path.len() == 1 && scope.values.contains(first)
            || depth < MAX_DEPTH && self.globs(module, depth).any(|glob| self.knows(&glob, path, depth + 1))
    }
}

impl Scope {
    /// Adds the names in this module's templates and in the templates that they include.
    fn read_templates(&mut self, folder: &FilePath) {
        let mut read = BTreeSet::new();
        while let Some(template) = self.templates.difference(&read).next().cloned() {
            let text = fs::read_to_string(folder.join(&template)).unwrap_or_else(|error| panic!("{template}: {error}"));
            self.add_template(&text).unwrap_or_else(|error| panic!("{template}: {error}"));
            read.insert(template);
        }
        for (_, inner) in &mut self.inline {
            inner.read_templates(folder);
        }
    }
}

/// Collects the source files in a folder by their path, which begins with `prefix`.
fn source_files(folder: &FilePath, prefix: &str, found: &mut BTreeMap<String, String>) {
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let inner = format!("{prefix}{name}");
        if path.is_dir() {
            source_files(&path, &format!("{inner}/"), found);
        } else if name.ends_with(".rs") {
            found.insert(inner, fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// Returns the first sentence of a module's documentation.
fn summary(text: &str) -> String {
    let paragraph: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let paragraph = paragraph.join(" ");
    paragraph.split_once(". ").map_or(paragraph.clone(), |(first, _)| format!("{first}."))
}
