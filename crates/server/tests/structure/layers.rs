//! The layers of the server, as the diagram in docs/architecture.md draws them.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{Crate, Module};
use crate::syntax::Scope;
use crate::{name, page, root, seeded, server};

/// The HTTP faces. They are pinned, because the rules of faces apply to this line of the diagram.
const FACES: [&str; 4] = ["api", "web", "oid4vci", "openid4vp"];

/// The layers from top to bottom, each with its modules.
pub struct Layers(Vec<Vec<String>>);

impl Layers {
    pub fn read() -> Self {
        Self(page::diagram())
    }

    /// Returns the layer of a module, counted from the top.
    pub fn of(&self, module: &str) -> usize {
        let is_it = |layer: &Vec<String>| layer.iter().any(|known| known == module);
        self.0.iter().position(is_it).unwrap_or_else(|| panic!("the diagram in docs/architecture.md lacks {module}"))
    }

    /// Returns whether a module is an HTTP face.
    pub fn is_face(&self, module: &str) -> bool {
        self.of(module) == self.of("web")
    }

    /// Returns whether `user` may import `used`: from its own layer or those below, but no face
    /// from another face.
    fn allow(&self, user: &str, used: &str) -> bool {
        let (upper, lower) = (self.of(user), self.of(used));
        upper < lower || upper == lower && (user == used || !self.is_face(user))
    }
}

/// Returns the files whose top module `is_meant`, each with its module.
pub fn files(read: &Crate, is_meant: impl Fn(&str) -> bool) -> Vec<(&Module, &str)> {
    let found = read.files.iter().filter(|(module, _)| module.first().is_some_and(|top| is_meant(top)));
    found.map(|(module, file)| (module, file.path.as_str())).collect()
}

/// Returns the imports against the order of the layers.
fn against_the_order(read: &Crate) -> Vec<String> {
    let layers = Layers::read();
    let mut found = Vec::new();
    for (module, file) in files(read, |_| true) {
        let used = read.uses(module).into_iter().filter(|used| !used.is_empty());
        let wrong = used.filter(|used| !layers.allow(&module[0], &used[0]));
        found.extend(wrong.map(|used| format!("{file} uses {}", name(&used))));
    }
    found
}

/// Returns the components that name `App`.
fn knowing_the_application(read: &Crate) -> Vec<String> {
    let layers = Layers::read();
    let app = Module::from(["app".to_owned()]);
    let components = files(read, |top| layers.of(top) > layers.of("app")).into_iter();
    components.filter(|(module, _)| read.uses(module).contains(&app)).map(|(_, file)| file.to_owned()).collect()
}

/// Returns what the binary names beside the command line. It is a crate of its own, so that the
/// rules of the layers do not see it.
fn beside_the_command_line(binary: &Scope) -> Vec<String> {
    let is_wrong = |path: &&Vec<String>| {
        let mut parts = path.iter().filter(|part| !part.is_empty()).map(String::as_str);
        match parts.next() {
            Some("tenure") => parts.next() != Some("cli"),
            first => first == Some("store"),
        }
    };
    let paths = binary.imports.iter().map(|import| &import.path).chain(&binary.paths);
    let modules = binary.files.iter().map(|(name, _)| name).chain(binary.inline.iter().map(|(name, _)| name));
    paths.filter(is_wrong).map(|path| path.join("::")).chain(modules.cloned()).collect()
}

#[test]
fn imports_follow_the_order_of_the_layers() {
    let found = against_the_order(server());
    assert!(found.is_empty(), "imports against the diagram in docs/architecture.md:\n{}", found.join("\n"));
}

#[test]
fn re_exports_follow_the_order_of_the_layers() {
    let layout = ("web.rs", "pub struct Layout;\npub trait Drawn {}");
    for code in [
        "pub use crate::web::Layout;",
        "pub(self) use crate::web::Drawn as _;",
        "#[serde(try_from = \"Vec<crate::web::Layout>\")]\nstruct A;",
    ] {
        assert_eq!(against_the_order(&seeded(&[("email.rs", code), layout])), ["email.rs uses web"], "{code}");
    }
}

#[test]
fn diagram_has_the_four_faces() {
    let faces = page::diagram().into_iter().find(|layer| layer.iter().any(|module| module == "web"));
    assert_eq!(faces.expect("the faces"), FACES, "the rules of faces apply to this line of docs/architecture.md");
}

#[test]
fn diagram_names_every_module() {
    let drawn: BTreeSet<String> = page::diagram().into_iter().flatten().collect();
    let modules: BTreeSet<String> = server().files.keys().filter_map(|module| module.first().cloned()).collect();
    assert_eq!(drawn, modules, "left: the diagram in docs/architecture.md; right: the modules");
}

#[test]
fn root_of_the_server_only_declares_modules() {
    let root = Module::new();
    for (module, scope) in server().scopes(&root) {
        assert!(module.is_empty(), "lib.rs has the inline module {}", name(module));
        assert!(scope.imports.is_empty() && scope.types.is_empty() && scope.values.is_empty(), "lib.rs has items");
        assert!(scope.paths.is_empty(), "lib.rs has {:?}", scope.paths);
    }
    assert!(server().uses(&root).is_empty(), "lib.rs uses {:?}", server().uses(&root));
}

#[test]
fn components_do_not_know_the_application() {
    let wrong = knowing_the_application(server());
    assert!(wrong.is_empty(), "these use App; pass what they need: {wrong:?}");
}

#[test]
fn re_exports_of_the_application_are_found() {
    let app = ("app.rs", "pub struct App;");
    for code in ["pub use crate::app::App;", "pub(self) use super::app::App;"] {
        assert_eq!(knowing_the_application(&seeded(&[("email.rs", code), app])), ["email.rs"], "{code}");
    }
}

#[test]
fn binary_only_runs_the_command_line() {
    let main = fs::read_to_string(root().join("crates/server/src/main.rs")).expect("the binary");
    let found = beside_the_command_line(&Scope::of_file(&main).expect("tokens"));
    assert!(found.is_empty(), "move this into a module of the library: {found:?}");
    for code in ["use tenure::{cli, web::Layout};", "use tenure::*;", "fn x(app: &tenure::app::App) {}", "mod other;"] {
        let found = Scope::of_file(code).map(|scope| beside_the_command_line(&scope).len());
        assert!(found.is_ok_and(|count| count == 1), "{code}");
    }
}
