//! Walks a document from its catalog, refuses active content, and writes the other objects to a new
//! file.

use std::collections::{HashMap, VecDeque};

use super::super::error::InspectError;
use super::file::{File, Loaded};
use super::output::{self, Output};
use super::pages::{Drawn, Page, pages};
use super::roles::{FORM, Field, Role, refused_annotation};
use super::syntax::{Dictionary, Id, Object, beyond, damaged};

/// Maximum total output of all filters of all streams of a file, in bytes.
pub(super) const UNPACKED: u64 = 256 * 1024 * 1024;
/// Maximum number of nodes of trees and action chains to visit when checking that they are empty or
/// harmless.
const MAX_STEPS: usize = 1000;
/// Maximum depth of such trees and chains.
pub(super) const DEPTH: usize = 20;

/// Entries without effect that a signed document may keep. Rewritten documents omit them.
const INERT: [&[u8]; 24] = [
    b"Extensions",
    b"PieceInfo",
    b"Thumb",
    b"Trans",
    b"Dur",
    b"DSS",
    b"Perms",
    b"Legal",
    b"Metadata",
    b"B",
    b"Parent",
    b"BoxColorInfo",
    b"SeparationInfo",
    b"TemplateInstantiated",
    b"RC",
    b"ExData",
    b"Measure",
    b"HT",
    b"Namespaces",
    b"NS",
    b"IDTree",
    b"Ref",
    b"MixingHints",
    b"Data",
];

pub fn refused(what: &str) -> InspectError {
    InspectError(format!("The PDF file contains {what}, which is not allowed. Save it again without it."))
}

/// Rewrites one revision of a file.
#[derive(Debug)]
pub struct Rewriter<'f, 'a> {
    pub(super) file: &'f mut File<'a>,
    output: Output,
    /// The new numbers of pages, by their old ones.
    pages: HashMap<u32, u32>,
    /// The new number of each object in each of its roles.
    numbers: HashMap<(u32, Role), u32>,
    waiting: VecDeque<(Id, Role, u32)>,
    /// What is drawn on each page.
    pub(super) drawn: Vec<Drawn>,
    looks: usize,
    /// Number of bytes to which further streams may decompress.
    pub(super) unpacked: u64,
    /// Whether the document is signed. It is then delivered unchanged, so nothing can be removed.
    is_signed: bool,
}

impl<'f, 'a> Rewriter<'f, 'a> {
    pub fn new(file: &'f mut File<'a>, version: &[u8], is_signed: bool) -> Self {
        let output = Output::new(version);
        Self {
            file,
            output,
            pages: HashMap::new(),
            numbers: HashMap::new(),
            waiting: VecDeque::new(),
            drawn: Vec::new(),
            looks: MAX_STEPS,
            unpacked: UNPACKED,
            is_signed,
        }
    }

    /// Returns the new file.
    ///
    /// # Errors
    /// The document contains something active or cannot be read.
    pub fn run(mut self) -> Result<Vec<u8>, InspectError> {
        let Some(Object::Reference(root)) = self.file.trailer.get(b"Root").cloned() else {
            return Err(damaged("its trailer names no catalog"));
        };
        let Object::Dictionary(catalog) = self.file.load(root)?.object else {
            return Err(damaged("its trailer names no catalog"));
        };
        if catalog.name(b"Type") != Some(b"Catalog") {
            return Err(damaged("its trailer names no catalog"));
        }
        let tree = self.write_pages(&catalog)?;
        self.write_waiting()?;
        let mut body = Vec::new();
        self.dictionary(Role::Catalog, &catalog, &mut body)?;
        // Remove the closing `>>`.
        body.truncate(body.len() - 2);
        body.extend_from_slice(b"/Pages ");
        output::reference(tree, &mut body);
        body.extend_from_slice(b" >>");
        let number = self.output.reserve();
        self.output.object(number, &[&body])?;
        self.write_waiting()?;
        let trailer = self.trailer(number)?;
        self.write_waiting()?;
        self.check_drawn()?;
        Ok(self.output.finish(&trailer))
    }

    fn trailer(&mut self, catalog: u32) -> Result<Vec<u8>, InspectError> {
        let mut trailer = b" /Root ".to_vec();
        output::reference(catalog, &mut trailer);
        for key in [&b"Info"[..], b"ID"] {
            if let Some(value) = self.file.trailer.get(key).cloned() {
                output::name(key, &mut trailer);
                trailer.push(b' ');
                self.value(Role::Flat, &value, &mut trailer)?;
            }
        }
        Ok(trailer)
    }

    /// Writes the pages as one flat tree, and returns its number.
    fn write_pages(&mut self, catalog: &Dictionary) -> Result<u32, InspectError> {
        let root = catalog.get(b"Pages").ok_or_else(|| damaged("it has no pages"))?;
        let found = pages(self.file, root)?;
        let tree = self.output.reserve();
        for page in &found {
            let number = self.output.reserve();
            self.pages.insert(page.id.number, number);
        }
        let mut kids = format!("<< /Type /Pages /Count {} /Kids [", found.len()).into_bytes();
        for page in &found {
            let number = self.pages[&page.id.number];
            output::reference(number, &mut kids);
            kids.push(b' ');
            self.write_page(page, number, tree)?;
        }
        kids.extend_from_slice(b"] >>");
        self.output.object(tree, &[&kids])?;
        Ok(tree)
    }

    fn write_page(&mut self, page: &Page, number: u32, tree: u32) -> Result<(), InspectError> {
        let Object::Dictionary(mut dict) = self.file.load(page.id)?.object else {
            return Err(damaged("an entry of the page tree is not a page"));
        };
        page.inherit(&mut dict);
        self.drawn.push(Drawn::of(page.id, &dict));
        dict.0.retain(|(key, _)| **key != *b"Type");
        let mut body = Vec::new();
        self.dictionary(Role::Page, &dict, &mut body)?;
        body.truncate(body.len() - 2);
        body.extend_from_slice(b"/Type /Page /Parent ");
        output::reference(tree, &mut body);
        body.extend_from_slice(b" >>");
        self.output.object(number, &[&body])
    }

    fn write_waiting(&mut self) -> Result<(), InspectError> {
        while let Some((id, role, number)) = self.waiting.pop_front() {
            let Loaded { object, stream } = self.file.load(id)?;
            let mut body = Vec::new();
            match (object, stream) {
                (Object::Dictionary(dict), Some(bytes)) => {
                    if role.is_stream() {
                        self.stream(role, &dict, bytes, &mut body)?;
                        self.output.object(number, &[&body, b"\nstream\n", bytes, b"\nendstream"])?;
                        continue;
                    }
                    self.leave_out("a stream is at a position where none is allowed", &Object::Dictionary(dict))?;
                    body.extend_from_slice(b"null");
                }
                (object, _) => self.value(role, &object, &mut body)?,
            }
            self.output.object(number, &[&body])?;
        }
        Ok(())
    }

    /// Writes the allowed entries of a dictionary.
    pub(super) fn dictionary(&mut self, role: Role, dict: &Dictionary, out: &mut Vec<u8>) -> Result<(), InspectError> {
        self.check(role, dict)?;
        out.extend_from_slice(b"<< ");
        for (key, value) in &dict.0 {
            if *value == Object::Null {
                continue;
            }
            match role.field(key) {
                Field::Keep(Role::Form) if !self.is_signed => self.refuse_form(value)?,
                Field::Keep(role @ (Role::Action | Role::OpenAction)) => {
                    if let Some(action) = self.action(role, value, DEPTH)? {
                        output::name(key, out);
                        out.push(b' ');
                        out.extend_from_slice(&action);
                        out.push(b' ');
                    }
                }
                Field::Keep(role) => {
                    output::name(key, out);
                    out.push(b' ');
                    self.value(role, value, out)?;
                    out.push(b' ');
                }
                Field::Refuse(what) if !self.is_empty(value, DEPTH)? => return Err(refused(what)),
                Field::Drop if self.is_signed && !INERT.contains(&&**key) && **key != *b"Pages" => {
                    self.leave_out("an entry has an unknown type", value)?;
                }
                Field::Refuse(_) | Field::Drop => {}
            }
        }
        out.extend_from_slice(b">>");
        Ok(())
    }

    /// Refuses dictionaries of active kinds.
    fn check(&mut self, role: Role, dict: &Dictionary) -> Result<(), InspectError> {
        match role {
            Role::Annotation => {
                let Some(subtype) = dict.get(b"Subtype").cloned() else {
                    return Err(damaged("an annotation has no type"));
                };
                let subtype = self.file.resolve(&subtype)?;
                let kind = if let Object::Name(name) = &subtype { Some(&**name) } else { None };
                if self.is_signed && kind == Some(b"Widget") {
                    return self.check(Role::SignatureField, dict);
                }
                refused_annotation(kind).map_or(Ok(()), |what| Err(refused(what)))
            }
            Role::SignatureField => match dict.get(b"FT") {
                None | Some(Object::Name(_)) if dict.name(b"FT").is_none_or(|kind| kind == b"Sig") => Ok(()),
                _ => Err(refused(FORM)),
            },
            Role::XObject => match dict.get(b"Subtype") {
                Some(Object::Name(name)) if **name == *b"Form" && dict.get(b"Ref").is_some() => {
                    Err(refused("content that is in another file"))
                }
                Some(Object::Name(name)) if **name == *b"Image" || **name == *b"Form" => Ok(()),
                _ => Err(refused("a drawing of an unknown type")),
            },
            Role::Names => {
                for (key, what) in [(&b"JavaScript"[..], "JavaScript"), (b"EmbeddedFiles", super::roles::EMBEDDED)] {
                    if let Some(value) = dict.get(key)
                        && !self.is_empty(value, DEPTH)?
                    {
                        return Err(refused(what));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Writes a value in the given role.
    pub(super) fn value(&mut self, role: Role, value: &Object, out: &mut Vec<u8>) -> Result<(), InspectError> {
        match value {
            Object::Reference(id) => match self.target(role, *id) {
                Some(number) => output::reference(number, out),
                None => out.extend_from_slice(b"null"),
            },
            Object::Array(items) => {
                out.push(b'[');
                for item in items {
                    self.value(role.item(), item, out)?;
                    out.push(b' ');
                }
                out.push(b']');
            }
            Object::Dictionary(dict) => self.dictionary(self.by_kind(role, dict), dict, out)?,
            direct => output::scalar(direct, out),
        }
        Ok(())
    }

    /// Corrects the role of an annotation: in a signed document, it may also be a signature field.
    fn by_kind(&self, role: Role, dict: &Dictionary) -> Role {
        match role {
            Role::Annotation if self.is_signed && dict.name(b"Subtype") == Some(b"Widget") => Role::SignatureField,
            other => other,
        }
    }

    /// Returns the new number of an object in the given role, or `None` if it must not be referred
    /// to.
    fn target(&mut self, role: Role, id: Id) -> Option<u32> {
        let known = |role| self.numbers.get(&(id.number, role)).copied();
        match role {
            Role::PageReference => return self.pages.get(&id.number).copied(),
            Role::AnnotationReference => return known(Role::Annotation),
            // The parent of the top-level elements.
            Role::StructureElement if known(Role::StructureRoot).is_some() => return known(Role::StructureRoot),
            _ => {}
        }
        if let Some(number) = known(role) {
            return Some(number);
        }
        let number = self.output.reserve();
        self.numbers.insert((id.number, role), number);
        self.waiting.push_back((id, role, number));
        Some(number)
    }

    /// Counts a visited node.
    pub(super) fn look(&mut self) -> Result<(), InspectError> {
        let what = "has a chain of actions or of empty entries that is endless or has more than";
        let too_many = || beyond(&format!("{what} {MAX_STEPS} steps"));
        self.looks = self.looks.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }

    /// Returns whether a tree contains only empty nodes.
    pub(super) fn is_empty(&mut self, value: &Object, depth: usize) -> Result<bool, InspectError> {
        self.look()?;
        let Some(depth) = depth.checked_sub(1) else { return Ok(false) };
        let items = match self.file.resolve(value)? {
            Object::Null => return Ok(true),
            Object::Array(items) => items,
            Object::Dictionary(dict) => dict.0.into_iter().map(|(_, value)| value).collect(),
            _ => return Ok(false),
        };
        for item in &items {
            if !self.is_empty(item, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Checks that `value` may be removed. Refuses signed documents, from which nothing can be
    /// removed, unless `value` is a plain value.
    pub(super) fn leave_out(&mut self, what: &str, value: &Object) -> Result<(), InspectError> {
        let is_plain = !matches!(value, Object::Reference(_) | Object::Array(_) | Object::Dictionary(_));
        if !self.is_signed || is_plain {
            return Ok(());
        }
        Err(InspectError(format!(
            "The PDF file is digitally signed and contains {what}, which cannot be removed without breaking the \
             signature. Send it without the signature."
        )))
    }
}
