//! The pages of a document in order, with inherited entries (ISO 32000-2, section 7.7.3).

use std::collections::HashSet;
use std::rc::Rc;

use super::super::error::InspectError;
use super::file::File;
use super::syntax::{Dictionary, Id, Object, beyond, damaged};

/// Maximum number of pages, and of nodes of their tree.
const PAGES: usize = 20_000;
/// Entries that a page inherits.
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// A page: its object, and its inherited entries.
#[derive(Clone, Debug)]
pub struct Page {
    pub id: Id,
    inherited: [Option<Rc<Object>>; 4],
}

impl Page {
    /// Adds the inherited entries that `page` does not have itself.
    pub fn inherit(&self, page: &mut Dictionary) {
        for (key, value) in INHERITED.iter().zip(&self.inherited) {
            if let Some(value) = value
                && page.get(key).is_none()
            {
                page.0.retain(|(name, _)| **name != **key);
                page.0.push(((*key).into(), Object::clone(value)));
            }
        }
    }
}

/// What is drawn on a page.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub number: u32,
    pub content: Object,
    pub resources: Object,
    pub annotations: Object,
}

impl Drawn {
    /// Takes the entries of a page, including inherited ones.
    pub fn of(page: Id, dict: &Dictionary) -> Self {
        let entry = |key: &[u8]| dict.get(key).cloned().unwrap_or(Object::Null);
        Self {
            number: page.number,
            content: entry(b"Contents"),
            resources: entry(b"Resources"),
            annotations: entry(b"Annots"),
        }
    }
}

/// Returns the pages below `root`.
///
/// # Errors
/// The tree is damaged, loops, or has no page.
pub fn pages(file: &mut File<'_>, root: &Object) -> Result<Vec<Page>, InspectError> {
    let wrong = || damaged("its page tree cannot be parsed");
    let too_many = || beyond(&format!("has more than {PAGES} pages, counting the nodes of its page tree"));
    let Object::Reference(root) = root else { return Err(wrong()) };
    let mut pages = Vec::new();
    let mut visited = HashSet::new();
    let mut waiting = vec![Page { id: *root, inherited: [const { None }; 4] }];
    while let Some(node) = waiting.pop() {
        if !visited.insert(node.id.number) {
            return Err(wrong());
        }
        if visited.len() > PAGES {
            return Err(too_many());
        }
        let Object::Dictionary(dict) = file.load(node.id)?.object else { return Err(wrong()) };
        match (dict.name(b"Type"), dict.get(b"Kids")) {
            (Some(b"Page") | None, None) => pages.push(node),
            (Some(b"Pages") | None, Some(kids)) => {
                let Object::Array(kids) = file.resolve(kids)? else { return Err(wrong()) };
                let mut inherited = node.inherited;
                for (key, value) in INHERITED.iter().zip(&mut inherited) {
                    if let Some(own) = dict.get(key) {
                        *value = Some(Rc::new(own.clone()));
                    }
                }
                for kid in kids.into_iter().rev() {
                    match kid {
                        Object::Reference(id) => waiting.push(Page { id, inherited: inherited.clone() }),
                        Object::Null => {}
                        _ => return Err(wrong()),
                    }
                }
                if waiting.len() > PAGES {
                    return Err(too_many());
                }
            }
            // A node without pages.
            (Some(b"Pages"), None) => {}
            _ => return Err(wrong()),
        }
    }
    if pages.is_empty() { Err(InspectError::new("The PDF file has no pages.")) } else { Ok(pages) }
}
