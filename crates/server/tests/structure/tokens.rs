//! Reads single tokens, and finds where items and types end.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::syntax::{ANY, Path};

pub fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    // The tokens of a macro argument are in an invisible group.
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => trees(group.stream()),
            token => vec![token],
        })
        .collect()
}

pub fn word(token: &TokenTree) -> Option<String> {
    let TokenTree::Ident(word) = token else { return None };
    let mut word = word.to_string();
    if word.starts_with("r#") {
        word.drain(..2);
    }
    Some(word)
}

/// Returns the text of a string literal. Its escapes stay as they are written.
pub fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let literal = literal.to_string();
    let (_, text) = literal.split_once('"')?;
    text.rsplit_once('"').map(|(text, _)| text.to_owned())
}

pub fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

pub fn is(tokens: &[TokenTree], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|token| is_punct(token, mark))
}

pub fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Returns the tokens in the first pair of braces.
pub fn body(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let found = tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(trees(group.stream())),
        _ => None,
    });
    found.unwrap_or_default()
}

/// Returns the tokens before the first semicolon.
pub fn before_semicolon(tokens: &[TokenTree]) -> &[TokenTree] {
    let end = tokens.iter().position(|token| is_punct(token, ';')).unwrap_or(tokens.len());
    &tokens[..end]
}

/// Returns the tokens outside of angle brackets, with their indexes.
pub fn outside_angles(tokens: &[TokenTree]) -> impl Iterator<Item = (usize, &TokenTree)> {
    let mut depth = 0;
    tokens.iter().enumerate().filter(move |(at, token)| {
        let is_arrow = at.checked_sub(1).is_some_and(|before| is(tokens, before, '-'));
        if is_punct(token, '<') {
            depth += 1;
        } else if is_punct(token, '>') && !is_arrow {
            depth -= 1;
        }
        depth == 0
    })
}

/// Returns whether the item of the word at `at` has `pub`, in any form but `pub(self)`.
pub fn is_public(tokens: &[TokenTree], at: usize) -> bool {
    has_modifier(tokens, at, "pub")
}

/// Returns whether the item of the word at `at` has this modifier.
pub fn has_modifier(tokens: &[TokenTree], at: usize, modifier: &str) -> bool {
    let is_modifier = |token: &&TokenTree| match token {
        TokenTree::Ident(_) => {
            word(token).is_some_and(|word| ["async", "const", "extern", "unsafe", "pub"].contains(&&*word))
        }
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis && group.stream().to_string() != "self",
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    };
    tokens[..at].iter().rev().take_while(is_modifier).any(|token| word(token).is_some_and(|word| word == modifier))
}

/// Returns the path that begins at `at`, and the index after it.
pub fn path_at(tokens: &[TokenTree], at: usize) -> (Path, usize) {
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

/// Returns the file in `#[template(path = "...")]`.
pub fn template(attribute: &[TokenTree]) -> Option<String> {
    let TokenTree::Group(arguments) = attribute.get(1)? else { return None };
    trees(arguments.stream())
        .windows(3)
        .find(|three| word(&three[0]).is_some_and(|key| key == "path"))
        .and_then(|three| string(&three[2]))
}

/// Returns the name in `mod name;`.
pub fn module_file(tokens: &[TokenTree]) -> Option<String> {
    (word(&tokens[0])? == "mod" && is_punct(&tokens[2], ';')).then(|| word(&tokens[1])).flatten()
}

/// Returns whether an attribute restricts its item to tests: `cfg(test)` or `cfg(all(test, ...))`.
pub fn is_for_tests(attribute: &[TokenTree]) -> bool {
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
pub fn item_end(tokens: &[TokenTree], at: usize) -> usize {
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
