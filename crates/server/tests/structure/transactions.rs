//! Transactions of the store: only flows and components open them, and nothing hands them on.

use std::collections::BTreeSet;

use crate::layers::{Layers, files};
use crate::source::{Crate, Module, Target};
use crate::syntax::Path;
use crate::{CRATES, seeded, server};

/// Returns the names of the store's functions that return a transaction.
fn openers() -> BTreeSet<&'static str> {
    let store = &CRATES["crates/store"];
    let functions = store.files.keys().flat_map(|file| store.scopes(file)).flat_map(|(_, scope)| &scope.functions);
    let opens =
        functions.filter(|function| function.returned.iter().any(|path| path.last().is_some_and(|last| last == "Tx")));
    let names: BTreeSet<&str> = opens.map(|function| function.name.as_str()).collect();
    assert!(["read", "acquire", "write"].iter().all(|name| names.contains(name)), "{names:?}");
    names
}

/// Returns what a face must not name of the store and of `App`.
fn forbidden_in_faces<'a>(openers: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut names = forbidden_in_jobs(openers);
    names.extend(["acquire", "store", "Store", "Tx"]);
    names
}

/// Returns what a job must not name of the store and of `App`.
fn forbidden_in_jobs<'a>(openers: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    // Cookies have a method `read`, too. A face that cannot reach the store cannot read from it.
    let writers = openers.iter().copied().filter(|name| !["acquire", "read"].contains(name));
    // The committer writes pushes in its own transaction; a read transaction can be committed too.
    writers.chain(["committer", "commit"]).collect()
}

/// Returns where the modules that are meant call a method in `forbidden`, name such an item of the
/// store or of `App`, or reach for the database driver below the store.
fn uses_of_store(read: &Crate, is_meant: impl Fn(&str) -> bool, forbidden: &BTreeSet<&str>) -> Vec<String> {
    let app = Target::Module(Module::from(["app".to_owned()]));
    let mut found = Vec::new();
    for (module, file) in files(read, is_meant) {
        let names = read.names(module);
        let mut used: BTreeSet<&str> =
            names.iter().filter_map(|target| target.in_library("store")).map(String::as_str).collect();
        let has_driver = names.iter().any(|target| target.in_library("sqlx").is_some());
        found.extend(has_driver.then(|| format!("{file}: sqlx")));
        for (scope_of, scope) in read.scopes(module) {
            used.extend(scope.methods.iter().map(String::as_str));
            for path in scope.paths.iter().filter(|path| path.len() > 1) {
                let Some(last) = path.last().filter(|last| forbidden.contains(last.as_str())) else { continue };
                if path[0] == "Self" || read.resolve(scope_of, path, 0).contains(&app) {
                    used.insert(last);
                }
            }
        }
        let wrong = used.into_iter().filter(|name| forbidden.contains(*name));
        found.extend(wrong.map(|name| format!("{file}: {name}")));
    }
    found
}

fn uses_in_faces(read: &Crate, openers: &BTreeSet<&str>) -> Vec<String> {
    let layers = Layers::read();
    uses_of_store(read, |top| layers.is_face(top), &forbidden_in_faces(openers))
}

fn writes_in_jobs(read: &Crate, openers: &BTreeSet<&str>) -> Vec<String> {
    let layers = Layers::read();
    let is_meant = |top: &str| (layers.of("server")..layers.of("flows")).contains(&layers.of(top)) && top != "backup";
    uses_of_store(read, is_meant, &forbidden_in_jobs(openers))
}

/// Returns the items that give a transaction to other modules, or the means to open one.
fn hand_ons(read: &Crate, openers: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in files(read, |_| true) {
        for (scope_of, scope) in read.scopes(module) {
            let is_tx = |path: &Path| {
                let targets = read.resolve(scope_of, path, 0);
                let mut names = targets.iter().filter_map(|target| target.in_library("store"));
                names.any(|name| name == "Tx" || openers.contains(name.as_str()))
            };
            let functions = scope.functions.iter();
            let functions = functions.filter(|function| function.returned.iter().chain(&function.callbacks).any(is_tx));
            let items = scope.items.iter().filter(|item| item.paths.iter().any(is_tx));
            let names = functions.map(|function| &function.name).chain(items.map(|item| &item.name));
            found.extend(names.map(|name| format!("{file}: {name}")));
        }
    }
    found
}

#[test]
fn faces_open_no_transactions() {
    let found = uses_in_faces(server(), &openers());
    assert!(found.is_empty(), "call a flow instead of using the store:\n{}", found.join("\n"));
}

#[test]
fn only_flows_open_write_transactions() {
    let found = writes_in_jobs(server(), &openers());
    assert!(found.is_empty(), "call a flow instead of opening a write transaction:\n{}", found.join("\n"));
}

#[test]
fn no_public_function_returns_a_transaction() {
    let found = hand_ons(server(), &openers());
    assert!(found.is_empty(), "these give a transaction to other modules:\n{}", found.join("\n"));
}

/// Accessors of the application, as in `app.rs`.
const APP: (&str, &str) = ("app.rs", "pub struct App;\npub type Wiring = App;");

const OPENERS: [&str; 3] = ["acquire", "read", "write"];

#[test]
fn accessors_named_by_a_path_are_found() {
    let openers = BTreeSet::from(OPENERS);
    for call in [
        "App::store(app)",
        "<App>::store(app)",
        "crate::app::Wiring::store(app)",
        "Self::store(app)",
        "App::committer(app).push(new)",
    ] {
        let code = format!("use crate::app::App;\nfn x(app: &App) {{ {call}; }}");
        let read = seeded(&[("web.rs", code.as_str()), ("jobs.rs", code.as_str()), APP]);
        assert_eq!(uses_in_faces(&read, &openers).len(), 1, "{call}");
        let expected: &[&str] =
            if call.contains("committer") { &["jobs.rs: committer", "web.rs: committer"] } else { &[] };
        assert_eq!(writes_in_jobs(&read, &openers), expected, "{call}");
    }
    let driver = seeded(&[("web.rs", "async fn x(url: &str) { sqlx::SqlitePool::connect(url).await; }"), APP]);
    assert_eq!(uses_in_faces(&driver, &openers), ["web.rs: sqlx"]);
    let code = "fn x() { crate::flows::store(); store::day(); }";
    let others = seeded(&[("web.rs", code), ("flows.rs", "pub fn store() {}"), APP]);
    assert_eq!(uses_in_faces(&others, &openers), [""; 0]);
}

#[test]
fn transactions_are_handed_on_by_no_item() {
    for item in [
        "pub async fn within(store: &Store, body: impl AsyncFnOnce(&mut Tx)) {}",
        "pub fn within<F>(body: F) -> u8 where F: FnOnce(&mut Tx) -> u8 { body() }",
        "pub const fn opened<F: Fn() -> u8>(open: F) -> Tx where F: Send {}",
        "pub struct Open { pub(crate) rows: Vec<u8>, pub tx: Option<Tx> }",
        "pub struct Open(pub Tx);",
        "pub enum Open { Tx(Tx), No }",
        "pub trait Opens { async fn opened(&self) -> Tx; }",
        "impl Opens for u8 { type Opened = Tx; }",
        "pub const OPEN: fn(&Store) -> Opening = Store::write;",
        "pub static OPEN: LazyLock<fn(&Store) -> Tx> = LazyLock::new(|| open);",
        "pub type Body = Box<dyn FnOnce(&mut Tx)>;",
    ] {
        let code = format!("use store::{{Store, Tx}};\n{item}");
        assert_eq!(hand_ons(&seeded(&[("email.rs", code.as_str())]), &BTreeSet::from(OPENERS)).len(), 1, "{item}");
    }
    for item in [
        "pub async fn bind(tx: &mut Tx, id: u8) -> bool {}",
        "pub fn mapped(row: impl Fn(&u8) -> bool) -> u8 { row(1) }",
        "fn private(body: impl FnOnce(&mut Tx)) -> Tx {}",
        "pub struct Rows { pub rows: HashMap<u8, u8>, tx: Tx }",
        "type Rows = Result<Tx, u8>;",
    ] {
        let code = format!("use store::{{Store, Tx}};\n{item}");
        assert_eq!(hand_ons(&seeded(&[("email.rs", code.as_str())]), &BTreeSet::from(OPENERS)), [""; 0], "{item}");
    }
}
