//! Reads the signatures of functions.

use proc_macro2::{Delimiter, TokenTree};

use crate::syntax::{Path, Scope};
use crate::tokens::{has_modifier, is, is_group, is_public, is_punct, outside_angles, path_at, trees, word};

/// The traits of closures, and function pointers.
const CALLBACKS: [&str; 7] = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce", "fn"];

/// A function that is public or async.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// For a public function: the paths in its return type and its bounds.
    pub returned: Vec<Path>,
    /// For a public function: the paths in the arguments of the closures that it takes.
    pub callbacks: Vec<Path>,
    /// For an async function: the path that each parameter's type begins with.
    pub parameters: Vec<Path>,
}

impl Function {
    /// Reads the function whose `fn` is at `at`, if it is public or async.
    pub fn read(tokens: &[TokenTree], at: usize, name: &str) -> Option<Self> {
        let (is_public, is_async) = (is_public(tokens, at), has_modifier(tokens, at, "async"));
        if !is_public && !is_async {
            return None;
        }
        let signature = signature(&tokens[at..]);
        let (list, _) = outside_angles(signature).find(|(_, token)| is_group(token, Delimiter::Parenthesis))?;
        let mut read =
            Self { name: name.to_owned(), returned: Vec::new(), callbacks: Vec::new(), parameters: Vec::new() };
        if is_public {
            read.returned = Scope::paths_in(&signature[list + 1..]);
            read.callbacks = callbacks(signature);
        }
        if let (true, TokenTree::Group(group)) = (is_async, &signature[list]) {
            read.parameters = first_paths(&trees(group.stream()));
        }
        Some(read)
    }
}

/// Returns the tokens before the body of a function.
fn signature(function: &[TokenTree]) -> &[TokenTree] {
    let is_end = |token: &TokenTree| is_punct(token, ';') || is_group(token, Delimiter::Brace);
    let end = function.iter().position(is_end).unwrap_or(function.len());
    &function[..end]
}

/// Returns the paths in the arguments of closures and function pointers.
pub fn callbacks(tokens: &[TokenTree]) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let inner = trees(group.stream());
        let before = at.checked_sub(1).and_then(|before| word(&tokens[before]));
        if before.is_some_and(|before| CALLBACKS.contains(&before.as_str())) {
            found.extend(Scope::paths_in(&inner));
        } else {
            found.extend(callbacks(&inner));
        }
    }
    found
}

/// Returns the path that the type of each parameter begins with; a reference begins with none.
fn first_paths(parameters: &[TokenTree]) -> Vec<Path> {
    let begins = |at: &usize| {
        let is_part =
            at.checked_sub(1).is_some_and(|before| is(parameters, before, ':')) || is(parameters, at + 1, ':');
        is(parameters, *at, ':') && !is_part
    };
    let starts = (0..parameters.len()).filter(begins).map(|at| at + 1);
    let starts = starts.filter(|start| parameters.get(*start).and_then(word).is_some());
    starts.map(|start| path_at(parameters, start).0).collect()
}
