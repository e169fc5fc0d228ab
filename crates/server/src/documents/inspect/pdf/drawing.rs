//! Bounds the number of operators that viewers execute to draw a page.
//!
//! A few forms that each draw the next one ten times keep a viewer busy for ever. So the operators
//! of forms, patterns, soft masks, glyphs and appearances count as often as a page executes them.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::error::InspectError;
use super::content::{Content, Cost};
use super::file::{File, Loaded};
use super::filters::Filters;
use super::pages::Drawn;
use super::rewrite::{Rewriter, UNPACKED};
use super::streams::is_image;
use super::syntax::{Dictionary, Id, Object, beyond, damaged};

/// Maximum number of operators that the drawings in a page execute. Those of its own content are
/// bounded by their size.
const OPERATORS: u64 = 20_000_000;
/// Maximum nesting of drawings.
const LEVELS: usize = 60;

type Table = Rc<HashMap<Box<[u8]>, Object>>;

/// The resources of a drawing, and the number of the object that has them.
#[derive(Clone, Debug)]
struct Resources {
    owner: u32,
    drawings: Table,
    patterns: Table,
    states: Table,
    fonts: Table,
}

/// Counts operators.
#[derive(Debug)]
struct Counter<'f, 'a> {
    file: &'f mut File<'a>,
    /// Number of bytes to which further streams may decompress.
    left: u64,
    /// The cost of each drawing with the resources of each owner; `None` while it is counted.
    known: HashMap<(u32, u32), Option<Cost>>,
    /// The cost of a glyph of each font with the resources of each owner.
    fonts: HashMap<(u32, u32), u64>,
    tables: HashMap<u32, Table>,
}

impl<'f, 'a> Counter<'f, 'a> {
    fn new(file: &'f mut File<'a>) -> Self {
        Self { file, left: UNPACKED, known: HashMap::new(), fonts: HashMap::new(), tables: HashMap::new() }
    }

    /// Checks a page with its annotations.
    ///
    /// # Errors
    /// Its drawings execute too many operators, are nested too deeply, or contain themselves.
    fn check(&mut self, page: &Drawn) -> Result<(), InspectError> {
        let resources = self.resources(page.number, &page.resources)?;
        let mut content = Content::default();
        let parts = match self.file.resolve(&page.content)? {
            Object::Array(parts) => parts,
            _ => vec![page.content.clone()],
        };
        for part in parts {
            if let Object::Reference(id) = part
                && let Loaded { object: Object::Dictionary(dict), stream: Some(bytes) } = self.file.load(id)?
            {
                self.scan(&dict, bytes, &mut content)?;
            }
        }
        let own = content.cost.operators;
        let mut executed = self.expanded(content, &resources, 0)?.operators.saturating_sub(own);
        for id in self.appearances(&page.annotations)? {
            executed = executed.saturating_add(self.drawing(id, &resources, 1)?.operators);
        }
        if executed > OPERATORS {
            let what = "contains a page that takes viewers too long to draw: its forms, patterns, masks, glyphs and \
                        annotations execute more than";
            return Err(beyond(&format!("{what} {OPERATORS} operators")));
        }
        Ok(())
    }

    fn scan(&mut self, dict: &Dictionary, bytes: &[u8], content: &mut Content) -> Result<(), InspectError> {
        Filters::read(self.file, dict)?.copy(bytes, &mut self.left, content)?;
        content.end();
        Ok(())
    }

    /// Returns the cost of the stream `id`, whose resources are its own or else those of `outer`.
    fn drawing(&mut self, id: Id, outer: &Resources, level: usize) -> Result<Cost, InspectError> {
        if level > LEVELS {
            return Err(beyond(&format!("contains drawings that are nested too deeply: more than {LEVELS} levels")));
        }
        for owner in [id.number, outer.owner] {
            match self.known.get(&(id.number, owner)) {
                Some(Some(cost)) => return Ok(*cost),
                Some(None) => return Err(damaged("a drawing in it contains itself")),
                None => {}
            }
        }
        let loaded = self.file.load(id)?;
        let (Object::Dictionary(dict), Some(bytes)) = (loaded.object, loaded.stream) else {
            return Ok(self.remember((id.number, id.number), Cost::default()));
        };
        if is_image(&dict) {
            return Ok(self.remember((id.number, id.number), Cost::default()));
        }
        let own = match dict.get(b"Resources") {
            Some(resources) => Some(self.resources(id.number, resources)?),
            None => None,
        };
        let resources = own.as_ref().unwrap_or(outer);
        let key = (id.number, resources.owner);
        self.known.insert(key, None);
        let mut content = Content::default();
        self.scan(&dict, bytes, &mut content)?;
        let cost = self.expanded(content, resources, level)?;
        Ok(self.remember(key, cost))
    }

    fn remember(&mut self, key: (u32, u32), cost: Cost) -> Cost {
        self.known.insert(key, Some(cost));
        cost
    }

    /// Adds to the cost of a content stream that of the drawings that it names.
    fn expanded(&mut self, content: Content, within: &Resources, level: usize) -> Result<Cost, InspectError> {
        let Content { mut cost, names, .. } = content;
        // A mask applies to what the stream paints itself: a form that it draws is masked as one.
        let masked = cost.paints;
        let (mut pattern, mut mask, mut glyph) = (0_u64, 0_u64, 0_u64);
        for (name, times) in names {
            let name = name.as_slice();
            if let Some(Object::Reference(id)) = within.drawings.get(name) {
                cost.add(self.drawing(*id, within, level + 1)?, times);
            }
            if let Some(Object::Reference(id)) = within.patterns.get(name) {
                pattern = pattern.max(self.drawing(*id, within, level + 1)?.operators);
            }
            if let Some(state) = within.states.get(name) {
                let (own_mask, own_glyph) = self.state(state, within, level)?;
                (mask, glyph) = (mask.max(own_mask), glyph.max(own_glyph));
            }
            if let Some(font) = within.fonts.get(name) {
                glyph = glyph.max(self.glyph(font, within, level)?);
            }
        }
        // A pattern may be the colour of lines and of areas.
        let more = [(cost.paints, pattern), (cost.paints, pattern), (masked, mask), (cost.glyphs, glyph)];
        for (times, operators) in more {
            cost.operators = cost.operators.saturating_add(times.saturating_mul(operators));
        }
        Ok(cost)
    }

    /// Returns the costs of the soft mask and of a glyph of the font in a graphics state.
    fn state(&mut self, state: &Object, within: &Resources, level: usize) -> Result<(u64, u64), InspectError> {
        let Object::Dictionary(state) = self.file.resolve(state)? else { return Ok((0, 0)) };
        let mask = match state.get(b"SMask") {
            Some(mask) => self.file.resolve(mask)?,
            None => Object::Null,
        };
        let mask = match &mask {
            Object::Dictionary(mask) => match mask.get(b"G") {
                Some(Object::Reference(id)) => self.drawing(*id, within, level + 1)?.operators,
                _ => 0,
            },
            _ => 0,
        };
        let font = match state.get(b"Font") {
            Some(font) => self.file.resolve(font)?,
            None => Object::Null,
        };
        let glyph = match &font {
            Object::Array(font) => self.glyph(font.first().unwrap_or(&Object::Null), within, level)?,
            _ => 0,
        };
        Ok((mask, glyph))
    }

    /// Returns the cost of the most expensive glyph of a font whose glyphs are content streams; 0
    /// for other fonts.
    fn glyph(&mut self, font: &Object, within: &Resources, level: usize) -> Result<u64, InspectError> {
        // A direct font has the number 0, which no object has.
        let number = if let Object::Reference(id) = font { id.number } else { 0 };
        let known = [number, within.owner].into_iter().find_map(|owner| self.fonts.get(&(number, owner)));
        if let Some(glyph) = known.filter(|_| number > 0) {
            return Ok(*glyph);
        }
        let Object::Dictionary(font) = self.file.resolve(font)? else { return Ok(0) };
        let (mut glyph, mut owner) = (0, number);
        if font.name(b"Subtype") == Some(b"Type3") {
            let own = match font.get(b"Resources") {
                Some(resources) if number > 0 => Some(self.resources(number, resources)?),
                _ => None,
            };
            let resources = own.as_ref().unwrap_or(within);
            owner = resources.owner;
            let glyphs = self.table(font.get(b"CharProcs"))?;
            for drawn in glyphs.values() {
                if let Object::Reference(id) = drawn {
                    glyph = glyph.max(self.drawing(*id, resources, level + 1)?.operators);
                }
            }
        }
        self.fonts.insert((number, owner), glyph);
        Ok(glyph)
    }

    fn resources(&mut self, owner: u32, resources: &Object) -> Result<Resources, InspectError> {
        let dict = match self.file.resolve(resources)? {
            Object::Dictionary(dict) => dict,
            _ => Dictionary::default(),
        };
        Ok(Resources {
            owner,
            drawings: self.table(dict.get(b"XObject"))?,
            patterns: self.table(dict.get(b"Pattern"))?,
            states: self.table(dict.get(b"ExtGState"))?,
            fonts: self.table(dict.get(b"Font"))?,
        })
    }

    /// Returns a dictionary for look-ups. Those that pages share are read once.
    fn table(&mut self, dict: Option<&Object>) -> Result<Table, InspectError> {
        let number = if let Some(Object::Reference(id)) = dict { Some(id.number) } else { None };
        if let Some(known) = number.and_then(|number| self.tables.get(&number)) {
            return Ok(Rc::clone(known));
        }
        let table: Table = match self.file.resolve(dict.unwrap_or(&Object::Null))? {
            Object::Dictionary(dict) => Rc::new(dict.0.into_iter().collect()),
            _ => Table::default(),
        };
        if let Some(number) = number {
            self.tables.insert(number, Rc::clone(&table));
        }
        Ok(table)
    }

    /// Returns the appearances of annotations, in all their states.
    fn appearances(&mut self, annotations: &Object) -> Result<Vec<Id>, InspectError> {
        let mut found = Vec::new();
        let Object::Array(annotations) = self.file.resolve(annotations)? else { return Ok(found) };
        for annotation in &annotations {
            let Object::Dictionary(annotation) = self.file.resolve(annotation)? else { continue };
            let appearances = self.file.resolve(annotation.get(b"AP").unwrap_or(&Object::Null))?;
            let Object::Dictionary(appearances) = appearances else { continue };
            for (_, appearance) in appearances.0 {
                let Object::Reference(id) = appearance else {
                    found.extend(references(&appearance));
                    continue;
                };
                let loaded = self.file.load(id)?;
                match loaded.stream {
                    Some(_) => found.push(id),
                    None => found.extend(references(&loaded.object)),
                }
            }
        }
        Ok(found)
    }
}

impl Rewriter<'_, '_> {
    /// Checks what is drawn on each page.
    pub(super) fn check_drawn(&mut self) -> Result<(), InspectError> {
        let mut counter = Counter::new(self.file);
        self.drawn.iter().try_for_each(|page| counter.check(page))
    }
}

/// Returns the references of a dictionary.
fn references(dict: &Object) -> Vec<Id> {
    let Object::Dictionary(dict) = dict else { return Vec::new() };
    let ids = dict.0.iter().filter_map(|(_, value)| if let Object::Reference(id) = value { Some(*id) } else { None });
    ids.collect()
}
