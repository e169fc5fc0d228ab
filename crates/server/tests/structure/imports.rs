//! Imports between the files of a crate.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Crate, Module};
use crate::{CRATES, name};

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

#[test]
fn no_modules_import_each_other_in_a_cycle() {
    let mut found = Vec::new();
    for (krate, read) in CRATES.iter() {
        let uses: BTreeMap<Module, BTreeSet<Module>> =
            read.files.keys().map(|module| (module.clone(), read.uses(module))).collect();
        for group in cycles(&uses) {
            let line = |module: &Module| {
                let used: Vec<String> = uses[module].intersection(&group).map(name).collect();
                format!("{krate}: {} uses {}", name(module), used.join(", "))
            };
            found.extend(group.iter().map(line));
        }
    }
    assert!(found.is_empty(), "import cycles:\n{}", found.join("\n"));
}

#[test]
fn every_source_file_is_declared_by_a_module() {
    let strays: Vec<String> = CRATES
        .iter()
        .flat_map(|(krate, read)| read.strays.iter().map(move |file| format!("{krate}: {file}")))
        .collect();
    assert!(strays.is_empty(), "no module declares these files:\n{}", strays.join("\n"));
}

#[test]
fn no_code_is_included_by_path_attributes_or_macros() {
    let hiding = |krate: &str, read: &Crate| {
        let lines = read.files.iter().flat_map(|(module, file)| {
            read.scopes(module)
                .flat_map(|(_, scope)| scope.forbidden.iter().map(|what| format!("{krate}: {what} in {}", file.path)))
        });
        lines.collect::<Vec<_>>()
    };
    let found: Vec<String> = CRATES.iter().flat_map(|(krate, read)| hiding(krate, read)).collect();
    assert!(found.is_empty(), "write an ordinary module:\n{}", found.join("\n"));
}
