//! Imports between the files of a crate.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Crate, Module};
use crate::{CRATES, name, seeded};

/// Returns the groups of modules that use each other in a cycle.
fn cycles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|module| (module, reach(uses, module))).collect();
    let group = |module: &Module| -> BTreeSet<Module> {
        let each_other = |other: &&&Module| reached[**other].contains(module);
        reached[module].iter().filter(each_other).map(|other| (*other).clone()).collect()
    };
    uses.keys().map(group).filter(|group| group.len() > 1).collect()
}

/// Returns every module that `module` uses, directly or indirectly.
fn reach<'a>(uses: &'a BTreeMap<Module, BTreeSet<Module>>, module: &Module) -> BTreeSet<&'a Module> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![module]);
    while let Some(next) = left.pop() {
        for used in &uses[next] {
            if reached.insert(used) {
                left.push(used);
            }
        }
    }
    reached
}

/// Returns a line for each module in a cycle: what it uses of the other modules.
fn cycles_in(read: &Crate) -> Vec<String> {
    let uses: BTreeMap<Module, BTreeSet<Module>> =
        read.files.keys().map(|module| (module.clone(), read.uses_but_reexports(module))).collect();
    let mut found = Vec::new();
    for group in cycles(&uses) {
        let line = |module: &Module| {
            let used: Vec<String> = uses[module].intersection(&group).map(name).collect();
            format!("{} uses {}", name(module), used.join(", "))
        };
        found.extend(group.iter().map(line));
    }
    found
}

/// Returns the constructs of a crate that hide code, or which names it uses.
fn hidden(read: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in &read.files {
        let constructs = read.scopes(module).flat_map(|(_, scope)| &scope.forbidden);
        found.extend(constructs.map(|what| format!("{what} in {}", file.path)));
        found.extend(read.foreign_globs(module).iter().map(|library| format!("{library}::* in {}", file.path)));
    }
    let binary = read.binary.iter().flat_map(|scope| &scope.forbidden);
    found.extend(binary.map(|what| format!("{what} in main.rs")));
    found
}

/// Returns what a rule finds in each crate.
fn in_each_crate(rule: fn(&Crate) -> Vec<String>) -> Vec<String> {
    let found =
        CRATES.iter().flat_map(|(krate, read)| rule(read).into_iter().map(move |line| format!("{krate}: {line}")));
    found.collect()
}

#[test]
fn no_modules_import_each_other_in_a_cycle() {
    let found = in_each_crate(cycles_in);
    assert!(found.is_empty(), "import cycles:\n{}", found.join("\n"));
}

#[test]
fn every_source_file_is_declared_by_a_module() {
    let strays = in_each_crate(|read| read.strays.clone());
    assert!(strays.is_empty(), "no module declares these files:\n{}", strays.join("\n"));
}

#[test]
fn no_code_is_included_by_path_attributes_or_macros() {
    let found = in_each_crate(hidden);
    assert!(found.is_empty(), "write an ordinary module, and import by name:\n{}", found.join("\n"));
}

#[test]
fn re_exports_of_other_modules_count_in_cycles() {
    let b = ("b.rs", "pub struct B;\npub fn b() { crate::a::a(); }");
    for re_export in ["pub use crate::b::B;", "pub(super) use crate::b::B as _;", "pub(self) use crate::b::B;"] {
        let a = format!("{re_export}\npub fn a() {{}}");
        assert_eq!(cycles_in(&seeded(&[("a.rs", a.as_str()), b])).len(), 2, "{re_export}");
    }
    let below = ("a/below.rs", "pub struct B;\npub fn b() { super::a(); }");
    let cycle = |import: &str| {
        let a = format!("mod below;\n{import}\npub fn a() {{}}");
        cycles_in(&seeded(&[("a.rs", a.as_str()), below]))
    };
    assert_eq!(cycle("pub use below::B;"), [""; 0], "a parent re-exports its child");
    assert_eq!(cycle("pub(self) use below::B;").len(), 2);
}

#[test]
fn hidden_code_is_found() {
    for code in [
        "#[cfg_attr(unix, path = \"../hidden.rs\")]\nmod inner {}",
        "std::include!(\"../hidden.rs\");",
        "use std::include as paste;",
        "#[macro_use]\nmod inner {}",
        "#[cfg_attr(unix, macro_export)]\nmacro_rules! frame { () => {} }",
        "#[cfg(unix)]\nmod imp { fn hidden() {} }\n#[cfg(not(unix))]\nmod imp {}",
        "mod inner {}\nfn local() { mod inner {} }",
        "use store::*;",
        "fn local() { use axum::{http::*, Router}; }",
    ] {
        assert_eq!(hidden(&seeded(&[("a.rs", code)])).len(), 1, "{code}");
    }
    let plain = "#[cfg_attr(unix, derive(Debug))]\nenum Kind {}\nfn local() { use Kind::*; include_str!(\"a\"); }";
    assert_eq!(hidden(&seeded(&[("a.rs", plain)])), [""; 0]);
    assert_eq!(hidden(&seeded(&[("main.rs", "#[path = \"x.rs\"]\nmod hidden;")])), ["#[path] in main.rs"]);
}
