//! The layers of the server, as the diagram in docs/architecture.md draws them.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{Module, Target};
use crate::syntax::Path;
use crate::{CRATES, name, page, root, server};

/// Libraries that a flow must not use, because flows do not depend on HTTP.
const HTTP_LIBRARIES: [&str; 9] =
    ["axum", "axum_extra", "http", "http_body", "http_body_util", "hyper", "hyper_util", "tower_http", "utoipa_axum"];

/// The layers from top to bottom, each with its modules.
struct Layers(Vec<Vec<String>>);

impl Layers {
    fn read() -> Self {
        Self(page::diagram())
    }

    /// Returns the layer of a module, counted from the top.
    fn of(&self, module: &str) -> usize {
        let is_it = |layer: &Vec<String>| layer.iter().any(|known| known == module);
        self.0.iter().position(is_it).unwrap_or_else(|| panic!("the diagram in docs/architecture.md lacks {module}"))
    }

    /// Returns whether `user` may import `used`: from its own layer or those below, but no face
    /// from another face.
    fn allow(&self, user: &str, used: &str) -> bool {
        let (upper, lower) = (self.of(user), self.of(used));
        upper < lower || upper == lower && (user == used || upper != self.of("web"))
    }
}

/// Returns the server's files whose top module `is_meant`, each with its module.
fn files(is_meant: impl Fn(&str) -> bool) -> Vec<(&'static Module, &'static str)> {
    let found = server().files.iter().filter(|(module, _)| module.first().is_some_and(|top| is_meant(top)));
    found.map(|(module, file)| (module, file.path.as_str())).collect()
}

#[test]
fn imports_follow_the_order_of_the_layers() {
    let layers = Layers::read();
    let mut found = Vec::new();
    for (module, file) in files(|_| true) {
        let used = server().uses(module).into_iter().filter(|used| !used.is_empty());
        let wrong = used.filter(|used| !layers.allow(&module[0], &used[0]));
        found.extend(wrong.map(|used| format!("{file} uses {}", name(&used))));
    }
    assert!(found.is_empty(), "imports against the diagram in docs/architecture.md:\n{}", found.join("\n"));
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
    }
    assert!(server().uses(&root).is_empty(), "lib.rs uses {:?}", server().uses(&root));
}

/// Returns the names of the store's functions that return a transaction, and of those that end one.
fn transaction_functions() -> BTreeSet<&'static str> {
    let store = &CRATES["crates/store"];
    let functions = store.files.keys().flat_map(|file| store.scopes(file)).flat_map(|(_, scope)| &scope.functions);
    let opens =
        functions.filter(|function| function.returned.iter().any(|path| path.last().is_some_and(|last| last == "Tx")));
    let mut names: BTreeSet<&str> = opens.map(|function| function.name.as_str()).collect();
    assert!(["read", "acquire", "write"].iter().all(|name| names.contains(name)), "{names:?}");
    // The committer writes pushes in its own transaction; a read transaction can be committed too.
    names.extend(["committer", "commit"]);
    names
}

/// Returns where the modules that are meant call a method in `forbidden`, or name such an item of
/// the store.
fn uses_of_store(is_meant: impl Fn(&str) -> bool, forbidden: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in files(is_meant) {
        let called = server().scopes(module).flat_map(|(_, scope)| &scope.methods).cloned();
        let names = server().names(module);
        let named = names.iter().filter_map(|target| target.in_library("store")).cloned();
        let wrong = called.chain(named).filter(|name| forbidden.contains(name.as_str()));
        found.extend(wrong.map(|name| format!("{file}: {name}")));
    }
    found
}

#[test]
fn faces_open_no_transactions() {
    let layers = Layers::read();
    let mut forbidden = transaction_functions();
    // Cookies have a method `read`, too. A face that cannot reach the store cannot read from it.
    forbidden.remove("read");
    forbidden.extend(["store", "Store", "Tx"]);
    let found = uses_of_store(|top| layers.of(top) == layers.of("web"), &forbidden);
    assert!(found.is_empty(), "call a flow instead of using the store:\n{}", found.join("\n"));
}

#[test]
fn only_flows_open_write_transactions() {
    let layers = Layers::read();
    let is_meant = |top: &str| (layers.of("server")..layers.of("flows")).contains(&layers.of(top)) && top != "backup";
    let mut writers = transaction_functions();
    assert!(writers.remove("read") && writers.remove("acquire"), "{writers:?}");
    let found = uses_of_store(is_meant, &writers);
    assert!(found.is_empty(), "call a flow instead of opening a write transaction:\n{}", found.join("\n"));
}

#[test]
fn no_public_function_returns_a_transaction() {
    let mut found = Vec::new();
    for (module, file) in files(|_| true) {
        for (scope_of, scope) in server().scopes(module) {
            let returns_tx = |paths: &[Path]| {
                let mut targets = paths.iter().flat_map(|path| server().resolve(scope_of, path, 0));
                targets.any(|target| target.in_library("store").is_some_and(|name| name == "Tx"))
            };
            let wrong = scope.functions.iter().filter(|function| returns_tx(&function.returned));
            found.extend(wrong.map(|function| format!("{file}: {}", function.name)));
        }
    }
    assert!(found.is_empty(), "these functions give a transaction to their callers:\n{}", found.join("\n"));
}

#[test]
fn flows_name_no_http_library() {
    let flows = files(|top| top == "flows");
    assert!(flows.len() > 10, "the flows are there");
    let mut found = Vec::new();
    for (module, file) in flows {
        let libraries = server().names(module).into_iter().filter_map(|target| match target {
            Target::Other(path) => path.into_iter().next().filter(|first| HTTP_LIBRARIES.contains(&first.as_str())),
            Target::Module(_) => None,
        });
        let methods = server().scopes(module).flat_map(|(_, scope)| &scope.methods);
        let methods = methods.filter(|method| *method == "into_response").cloned();
        found.extend(libraries.chain(methods).map(|what| format!("{file}: {what}")));
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest of the workspace");
    let is_renamed = |library: &&str| manifest.contains(&format!("package = \"{}\"", library.replace('_', "-")));
    found.extend(
        HTTP_LIBRARIES.iter().filter(|library| is_renamed(library)).map(|library| format!("renamed: {library}")),
    );
    assert!(found.is_empty(), "a flow returns plain values:\n{}", found.join("\n"));
}

#[test]
fn components_do_not_know_the_application() {
    let layers = Layers::read();
    let app = Module::from(["app".to_owned()]);
    let components = files(|top| layers.of(top) > layers.of("app"));
    let wrong: Vec<&str> = components
        .into_iter()
        .filter(|(module, _)| server().uses(module).contains(&app))
        .map(|(_, file)| file)
        .collect();
    assert!(wrong.is_empty(), "these use App; pass what they need: {wrong:?}");
}

/// axum responds in plain text to requests that its own extractors reject.
#[test]
fn faces_use_extractors_with_error_bodies() {
    let layers = Layers::read();
    let mut found = Vec::new();
    for (module, file) in files(|top| layers.of(top) == layers.of("web")) {
        let names = server().names(module);
        let plain = names.iter().filter_map(|target| target.in_library("axum"));
        let plain = plain.filter(|name| ["Form", "Path", "Query"].contains(&name.as_str()));
        found.extend(plain.map(|name| format!("{file}: {name}")));
    }
    assert!(found.is_empty(), "take these from http::extract:\n{}", found.join("\n"));
}
