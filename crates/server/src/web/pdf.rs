//! PDFs to print and to keep: headings, lines, and a link with its QR code, set on as many A4 pages as they need.
//!
//! Owns letters and lines. What is said is for the page that asks. The same pieces give the same bytes. The structure is
//! tagged, so that a screen reader knows headings from text.

mod typeface;

use std::num::NonZeroU16;

use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::{Page, PageSettings};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagKind, TagTree};
use krilla::text::TextDirection;

use super::qr::Qr;
use typeface::{Style, Typefaces};

/// A4 in points, as all lengths here.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
/// Where text ends; the page's number is below.
const BOTTOM: f32 = HEIGHT - MARGIN - 14.0;
/// The side of a QR code: 50 points are too few for a phone, 115 are read from an arm's length.
const QR_SIDE: f32 = 115.0;

/// One thing to be said, top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What the document is about.
    Title(String),
    /// The start of a part.
    Heading(String),
    /// Text.
    Line(String),
    /// Text that matters less.
    Soft(String),
    /// What belongs together: a heading in bold and lines, never torn apart by the end of a page.
    Entry(String, Vec<String>),
    /// An address and its QR code, with the code's name.
    Link(String, String),
}

/// What stands on every page, and what is said where letters are missing.
#[derive(Clone)]
pub struct Frame<'a> {
    /// The title, for viewers and lists.
    pub title: &'a str,
    /// The language of the words.
    pub language: &'a str,
    /// Says that [`MISSING`](typeface::MISSING) stands for letters that could not be written; shown where it does.
    pub missing: &'a str,
    /// Says which page of how many it is.
    pub number: &'a dyn Fn(usize, usize) -> String,
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("title", &self.title).finish_non_exhaustive()
    }
}

/// A piece that was broken into lines, with its height.
struct Block<'a> {
    piece: &'a Piece,
    lines: Vec<(Style, String)>,
    height: f32,
}

/// Sets `pieces` as a PDF.
///
/// # Errors
/// The library's reason; there is none that pieces can cause.
pub fn write(frame: &Frame<'_>, pieces: &[Piece]) -> Result<Vec<u8>, String> {
    let faces = Typefaces::load().ok_or("the typefaces cannot be read")?;
    let mut pieces = pieces.to_vec();
    if pieces.iter().any(|piece| piece.texts().any(|text| faces.lacks(text))) {
        pieces.push(Piece::Soft(frame.missing.to_owned()));
    }
    let blocks: Vec<Block<'_>> = pieces.iter().map(|piece| Block::new(piece, &faces)).collect();
    let pages = paginate(&blocks);
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(frame.title.to_owned()).language(frame.language.to_owned()));
    let mut tree = TagTree::new();
    for (at, blocks) in pages.iter().enumerate() {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("A4 is no page")?;
        let mut page = document.start_page_with(settings);
        let (groups, links) = fill(page.surface(), &faces, blocks, &(frame.number)(at + 1, pages.len()));
        groups.into_iter().for_each(|group| tree.push(group));
        links.into_iter().for_each(|(area, link)| tree.push(add_link(&mut page, area, link)));
        page.finish();
    }
    document.set_tag_tree(tree);
    document.finish().map_err(|error| format!("{error:?}"))
}

/// Blocks for each page; a heading stays with what follows it.
fn paginate<'a, 'b>(blocks: &'b [Block<'a>]) -> Vec<Vec<&'b Block<'a>>> {
    let mut pages: Vec<Vec<&Block<'_>>> = vec![Vec::new()];
    let mut y = MARGIN;
    for (at, block) in blocks.iter().enumerate() {
        let is_heading = matches!(block.piece, Piece::Heading(_));
        let follower = blocks.get(at + 1).filter(|_| is_heading).map_or(0.0, |next| next.height);
        if y + block.height + follower > BOTTOM && y > MARGIN {
            pages.push(Vec::new());
            y = MARGIN;
        }
        y += block.height;
        pages.last_mut().expect("there is a page").push(block);
    }
    pages
}

impl Piece {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let (first, more): (&str, &[String]) = match self {
            Self::Title(text) | Self::Heading(text) | Self::Line(text) | Self::Soft(text) => (text, &[]),
            Self::Entry(heading, lines) => (heading, lines),
            Self::Link(link, _) => (link, &[]),
        };
        std::iter::once(first).chain(more.iter().map(String::as_str))
    }

    fn style(&self) -> Style {
        match self {
            Self::Title(_) => Style::Title,
            Self::Heading(_) => Style::Heading,
            Self::Entry(..) => Style::Strong,
            Self::Line(_) | Self::Link(..) => Style::Text,
            Self::Soft(_) => Style::Soft,
        }
    }

    fn tag(&self, line: usize) -> TagKind {
        let heading = |level| NonZeroU16::new(level).map_or(Tag::P.into(), |level| Tag::Hn(level, None).into());
        match self {
            Self::Title(_) => heading(1),
            Self::Heading(_) => heading(2),
            Self::Entry(..) if line == 0 => heading(3),
            _ => Tag::P.into(),
        }
    }
}

impl<'a> Block<'a> {
    fn new(piece: &'a Piece, faces: &Typefaces) -> Self {
        let room = match piece {
            Piece::Link(..) => WIDTH - 2.0 * MARGIN - QR_SIDE - 16.0,
            _ => WIDTH - 2.0 * MARGIN,
        };
        let mut lines = Vec::new();
        for (at, text) in piece.texts().enumerate() {
            let style = if at == 0 { piece.style() } else { Style::Text };
            lines.extend(faces.broken(&faces.writable(text), style, room).into_iter().map(|line| (style, line)));
        }
        let text: f32 = lines.iter().map(|(style, _)| style.leading()).sum();
        let height = match piece {
            Piece::Link(..) => text.max(QR_SIDE),
            _ => text,
        };
        Self { piece, lines, height: height + piece.style().space() }
    }
}

/// A page that is being filled. It has one surface: the library counts what is tagged anew for each.
struct Sheet<'a> {
    surface: Surface<'a>,
    faces: &'a Typefaces,
    y: f32,
    groups: Vec<TagGroup>,
    /// Areas to press, with their addresses.
    links: Vec<(Rect, String)>,
}

impl Sheet<'_> {
    fn draw(&mut self, block: &Block<'_>) {
        let top = self.y;
        let mut y = top;
        let mut before: Option<Style> = None;
        for (at, (style, line)) in block.lines.iter().enumerate() {
            y += style.leading();
            let identifier = self.text((MARGIN, y - style.leading() * 0.25), *style, line);
            // Lines of one style belong to one paragraph; those of an entry each say something of their own.
            let is_entry = matches!(block.piece, Piece::Entry(..)) && *style == Style::Text;
            match self.groups.last_mut().filter(|_| before == Some(*style) && !is_entry) {
                Some(group) => group.push(identifier),
                None => self.groups.push(TagGroup::with_children(block.piece.tag(at), vec![identifier.into()])),
            }
            before = Some(*style);
        }
        if let Piece::Link(link, name) = block.piece {
            if let Some(identifier) = self.qr(link, top) {
                self.groups.push(TagGroup::with_children(Tag::Figure(Some(name.clone())), vec![identifier.into()]));
            }
            let area = Rect::from_ltrb(MARGIN, top, WIDTH - MARGIN - QR_SIDE - 16.0, y);
            self.links.extend(area.map(|area| (area, link.clone())));
        }
        self.y += block.height;
    }

    fn text(&mut self, at: (f32, f32), style: Style, line: &str) -> Identifier {
        let identifier = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        self.plain(at, style, line);
        self.surface.end_tagged();
        identifier
    }

    fn plain(&mut self, (x, y): (f32, f32), style: Style, line: &str) {
        self.surface.set_fill(Some(Fill { paint: luma::Color::new(style.lightness()).into(), ..Fill::default() }));
        let (font, start) = (self.faces.font(style), Point::from_xy(x, y));
        self.surface.draw_text(start, font, style.size(), line, false, TextDirection::LeftToRight);
    }

    fn qr(&mut self, link: &str, top: f32) -> Option<Identifier> {
        let qr = Qr::new(link)?;
        #[expect(clippy::cast_precision_loss, reason = "a symbol has fewer than 200 dots a side")]
        let scaled = |dots: usize| dots as f32 * QR_SIDE / qr.size() as f32;
        let mut path = PathBuilder::new();
        for (x, y, length) in qr.bars() {
            let (left, upper) = (WIDTH - MARGIN - QR_SIDE + scaled(x), top + scaled(y));
            path.push_rect(Rect::from_xywh(left, upper, scaled(length), scaled(1))?);
        }
        let path = path.finish()?;
        let identifier = self.surface.start_tagged(ContentTag::Other);
        self.surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
        self.surface.draw_path(&path);
        self.surface.end_tagged();
        Some(identifier)
    }

    /// The page's number belongs to the paper, not to what is said.
    fn number(&mut self, number: &str) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        let x = WIDTH - MARGIN - self.faces.width(number, Style::Soft);
        self.plain((x, HEIGHT - MARGIN), Style::Soft, number);
        self.surface.end_tagged();
    }
}

/// Draws a page; returns what is tagged on it, and the areas to press with their addresses.
fn fill(
    surface: Surface<'_>,
    faces: &Typefaces,
    blocks: &[&Block<'_>],
    number: &str,
) -> (Vec<TagGroup>, Vec<(Rect, String)>) {
    let mut sheet = Sheet { surface, faces, y: MARGIN, groups: Vec::new(), links: Vec::new() };
    blocks.iter().for_each(|block| sheet.draw(block));
    sheet.number(number);
    let Sheet { surface, groups, links, .. } = sheet;
    surface.finish();
    (groups, links)
}

/// Makes a written address one to press.
fn add_link(page: &mut Page<'_>, area: Rect, link: String) -> TagGroup {
    let target = Target::Action(Action::Link(LinkAction::new(link.clone())));
    let annotation = Annotation::new_link(LinkAnnotation::new(area, target), Some(link));
    TagGroup::with_children(Tag::Link, vec![Node::from(page.add_tagged_annotation(annotation))])
}

#[cfg(test)]
mod tests;
