//! The grammar of delivered documents: the entries that an object may have in each role.
//!
//! Entries that are not listed are removed. A name matters only where viewers give it a meaning: a
//! font called `/JS` is a font.

/// The role of an object in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Catalog,
    Page,
    /// A reference to a page; null if the page is not in the document.
    PageReference,
    Annotation,
    /// A reference from the structure tree to an annotation; null if no page has it.
    AnnotationReference,
    Appearances,
    Appearance,
    Action,
    /// The action or destination for opening the document.
    OpenAction,
    Destination,
    Destinations,
    DestinationEntries,
    DestinationTree,
    Names,
    Outline,
    StructureRoot,
    StructureElement,
    ParentTree,
    Content,
    Resources,
    Fonts,
    Font,
    Descriptor,
    Encoding,
    Glyphs,
    XObjects,
    XObject,
    Group,
    States,
    State,
    SoftMask,
    Spaces,
    /// A colour space or a function.
    Space,
    Patterns,
    Pattern,
    Shadings,
    Shading,
    PropertyLists,
    OptionalContent,
    OutputIntent,
    DecodeParameters,
    /// A data stream without further objects: an embedded font, a table, XML.
    Data,
    /// Numbers, strings, names, and arrays and dictionaries of these.
    Flat,
    /// The form of a signed document, which contains only signatures.
    Form,
    SignatureField,
    Signature,
    SignatureReference,
}

/// The treatment of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Delivered; its value has this role.
    Keep(Role),
    /// Removed.
    Drop,
    /// Active content: the document is refused, unless the value is empty.
    Refuse(&'static str),
}

pub const EMBEDDED: &str = "an embedded file";
pub const FORM: &str = "a form to fill in";
pub const TRIGGERED: &str = "an action that runs automatically";

impl Role {
    /// Returns the role of the items of an array in this role.
    pub fn item(self) -> Self {
        match self {
            Self::DestinationEntries => Self::Destination,
            Self::Destination => Self::PageReference,
            other => other,
        }
    }

    /// Returns whether an object in this role may be a stream.
    pub fn is_stream(self) -> bool {
        matches!(
            self,
            Self::Content
                | Self::Data
                | Self::Encoding
                | Self::XObject
                | Self::Appearance
                | Self::Space
                | Self::Pattern
                | Self::Shading
        )
    }

    /// Returns the treatment of the entry `key` of a dictionary in this role.
    pub fn field(self, key: &[u8]) -> Field {
        match self {
            Self::Catalog => catalog(key),
            Self::Page => page(key),
            Self::Annotation => annotation(key),
            Self::Fonts => Field::Keep(Self::Font),
            Self::XObjects => Field::Keep(Self::XObject),
            Self::States => Field::Keep(Self::State),
            Self::Spaces => Field::Keep(Self::Space),
            Self::Patterns => Field::Keep(Self::Pattern),
            Self::Shadings => Field::Keep(Self::Shading),
            Self::PropertyLists => Field::Keep(Self::OptionalContent),
            Self::Glyphs => Field::Keep(Self::Content),
            Self::Destinations => Field::Keep(Self::Destination),
            Self::Flat => Field::Keep(Self::Flat),
            Self::Form => match key {
                b"Fields" => Field::Keep(Self::SignatureField),
                b"DR" => Field::Keep(Self::Resources),
                b"SigFlags" | b"DA" | b"Q" | b"NeedAppearances" => Field::Keep(Self::Flat),
                b"XFA" | b"CO" => Field::Refuse("an active form"),
                _ => Field::Drop,
            },
            Self::SignatureField => match key {
                b"FT" | b"T" | b"TU" | b"TM" | b"Ff" | b"Lock" | b"SV" | b"MK" => Field::Keep(Self::Flat),
                b"V" => Field::Keep(Self::Signature),
                b"Kids" | b"Parent" => Field::Keep(Self::SignatureField),
                other => annotation(other),
            },
            Self::Signature => match key {
                b"Reference" => Field::Keep(Self::SignatureReference),
                _ => Field::Keep(Self::Flat),
            },
            Self::SignatureReference => match key {
                // It refers to the signed object: the catalog.
                b"Data" => Field::Drop,
                _ => Field::Keep(Self::Flat),
            },
            other => drawing(other, key).or_else(|| structure(other, key)).map_or(Field::Drop, Field::Keep),
        }
    }
}

fn catalog(key: &[u8]) -> Field {
    match key {
        b"Type" | b"Version" | b"PageLayout" | b"PageMode" | b"Lang" | b"PageLabels" | b"ViewerPreferences"
        | b"MarkInfo" => Field::Keep(Role::Flat),
        b"StructTreeRoot" => Field::Keep(Role::StructureRoot),
        b"Metadata" => Field::Keep(Role::Data),
        b"OutputIntents" => Field::Keep(Role::OutputIntent),
        b"OCProperties" => Field::Keep(Role::OptionalContent),
        b"Outlines" => Field::Keep(Role::Outline),
        b"Dests" => Field::Keep(Role::Destinations),
        b"Names" => Field::Keep(Role::Names),
        b"OpenAction" => Field::Keep(Role::OpenAction),
        b"AcroForm" => Field::Keep(Role::Form),
        b"AA" => Field::Refuse(TRIGGERED),
        b"AF" => Field::Refuse(EMBEDDED),
        b"Collection" => Field::Refuse("a collection of files"),
        _ => Field::Drop,
    }
}

fn page(key: &[u8]) -> Field {
    match key {
        b"Type" | b"LastModified" | b"MediaBox" | b"CropBox" | b"BleedBox" | b"TrimBox" | b"ArtBox" | b"Rotate"
        | b"StructParents" | b"ID" | b"Tabs" | b"UserUnit" => Field::Keep(Role::Flat),
        b"Resources" => Field::Keep(Role::Resources),
        b"Contents" => Field::Keep(Role::Content),
        b"Group" => Field::Keep(Role::Group),
        b"Annots" => Field::Keep(Role::Annotation),
        b"AA" => Field::Refuse(TRIGGERED),
        b"AF" => Field::Refuse(EMBEDDED),
        _ => Field::Drop,
    }
}

/// Annotations that are only drawn.
const DRAWN: [&[u8]; 16] = [
    b"Link",
    b"Text",
    b"FreeText",
    b"Line",
    b"Square",
    b"Circle",
    b"Polygon",
    b"PolyLine",
    b"Highlight",
    b"Underline",
    b"Squiggly",
    b"StrikeOut",
    b"Stamp",
    b"Caret",
    b"Ink",
    b"Popup",
];

/// Returns why annotations of this kind are refused, or `None` if they are not.
pub fn refused_annotation(subtype: Option<&[u8]>) -> Option<&'static str> {
    match subtype {
        Some(kind) if DRAWN.contains(&kind) || kind == b"Watermark" || kind == b"PrinterMark" => None,
        Some(b"Widget") => Some(FORM),
        Some(b"FileAttachment") => Some(EMBEDDED),
        Some(b"Movie" | b"Sound" | b"Screen" | b"3D" | b"RichMedia" | b"Rendition") => Some("embedded media"),
        _ => Some("an annotation of an unknown type"),
    }
}

fn annotation(key: &[u8]) -> Field {
    match key {
        b"Type" | b"Subtype" | b"Rect" | b"Contents" | b"NM" | b"M" | b"F" | b"AS" | b"Border" | b"C" | b"BS"
        | b"BE" | b"QuadPoints" | b"H" | b"CA" | b"ca" | b"T" | b"Subj" | b"Name" | b"L" | b"LE" | b"LL" | b"LLE"
        | b"LLO" | b"IC" | b"Vertices" | b"InkList" | b"DA" | b"Q" | b"DS" | b"StructParent" | b"Open" | b"IT"
        | b"RD" | b"RT" | b"CL" | b"CreationDate" | b"Sy" | b"Cap" | b"CP" | b"CO" | b"State" | b"StateModel"
        | b"Lang" | b"BM" => Field::Keep(Role::Flat),
        b"AP" => Field::Keep(Role::Appearances),
        b"A" => Field::Keep(Role::Action),
        b"Dest" => Field::Keep(Role::Destination),
        b"Popup" | b"IRT" | b"Parent" => Field::Keep(Role::Annotation),
        b"P" => Field::Keep(Role::PageReference),
        b"OC" => Field::Keep(Role::OptionalContent),
        b"AA" => Field::Refuse(TRIGGERED),
        b"FS" | b"AF" => Field::Refuse(EMBEDDED),
        b"Movie" | b"Sound" | b"3DD" | b"RichMediaContent" => Field::Refuse("embedded media"),
        _ => Field::Drop,
    }
}

/// Returns the role of an entry of page content (sections 8 and 9).
fn drawing(role: Role, key: &[u8]) -> Option<Role> {
    graphics(role, key).or_else(|| font(role, key)).or_else(|| colour(role, key))
}

/// Returns the role of an entry of a font and its parts (section 9).
fn font(role: Role, key: &[u8]) -> Option<Role> {
    Some(match (role, key) {
        (
            Role::Font,
            b"Type" | b"Subtype" | b"BaseFont" | b"FirstChar" | b"LastChar" | b"Widths" | b"Name" | b"FontBBox"
            | b"FontMatrix" | b"CIDSystemInfo" | b"DW" | b"W" | b"DW2" | b"W2",
        ) => Role::Flat,
        (Role::Font, b"Encoding" | b"ToUnicode") | (Role::Encoding, b"UseCMap") => Role::Encoding,
        (Role::Font, b"DescendantFonts") => Role::Font,
        (Role::Font, b"FontDescriptor") => Role::Descriptor,
        (Role::Font, b"CIDToGIDMap") => Role::Data,
        (Role::Font, b"CharProcs") => Role::Glyphs,
        (Role::Descriptor, b"FontFile" | b"FontFile2" | b"FontFile3" | b"CIDSet") => Role::Data,
        (Role::Descriptor, b"FD") => return None,
        (Role::Descriptor, _) => Role::Flat,
        (Role::Encoding, b"Type" | b"BaseEncoding" | b"Differences" | b"CMapName" | b"CIDSystemInfo" | b"WMode")
        | (Role::Data, b"Type" | b"Subtype" | b"Length1" | b"Length2" | b"Length3") => Role::Flat,
        _ => return None,
    })
}

/// Returns the role of an entry of a resource dictionary, an external object, an appearance, or the
/// graphics state (sections 7.8.3, 8.4, 8.8 to 8.10 and 11).
fn graphics(role: Role, key: &[u8]) -> Option<Role> {
    Some(match (role, key) {
        (Role::Resources, b"Font") => Role::Fonts,
        (Role::Resources, b"XObject") => Role::XObjects,
        (Role::Resources, b"ExtGState") => Role::States,
        (Role::Resources, b"ColorSpace") => Role::Spaces,
        (Role::Resources, b"Pattern") => Role::Patterns,
        (Role::Resources, b"Shading") => Role::Shadings,
        (Role::Resources, b"Properties") => Role::PropertyLists,
        (Role::Resources, b"ProcSet") => Role::Flat,
        (Role::Font | Role::XObject | Role::Pattern, b"Resources") => Role::Resources,
        (
            Role::XObject,
            b"Type" | b"Subtype" | b"Width" | b"Height" | b"BitsPerComponent" | b"Intent" | b"ImageMask" | b"Decode"
            | b"Interpolate" | b"SMaskInData" | b"Name" | b"StructParent" | b"StructParents" | b"ID" | b"Matte"
            | b"FormType" | b"BBox" | b"Matrix" | b"LastModified",
        ) => Role::Flat,
        (Role::XObject, b"ColorSpace") | (Role::Group, b"CS") => Role::Space,
        (Role::XObject, b"Mask" | b"SMask") | (Role::SoftMask, b"G") => Role::XObject,
        (Role::XObject, b"Group") => Role::Group,
        (Role::XObject, b"OC") => Role::OptionalContent,
        (Role::Appearances, b"N" | b"R" | b"D") => Role::Appearance,
        // A state of an appearance. Appearances that are streams are treated as XObjects.
        (Role::Appearance, _) => Role::XObject,
        (Role::Group, b"Type" | b"S" | b"I" | b"K") | (Role::SoftMask, b"Type" | b"S" | b"BC") => Role::Flat,
        (
            Role::State,
            b"Type" | b"LW" | b"LC" | b"LJ" | b"ML" | b"D" | b"RI" | b"OP" | b"op" | b"OPM" | b"FL" | b"SM" | b"SA"
            | b"BM" | b"CA" | b"ca" | b"AIS" | b"TK",
        ) => Role::Flat,
        (Role::State, b"Font") => Role::Font,
        (Role::State, b"TR" | b"TR2" | b"BG" | b"BG2" | b"UCR" | b"UCR2") | (Role::SoftMask, b"TR") => Role::Space,
        (Role::State, b"SMask") => Role::SoftMask,
        _ => return None,
    })
}

/// Returns the role of an entry of a colour space, a function, a pattern or a shading, or of the
/// parameters of a filter (sections 7.4, 7.10, 8.6 and 8.7).
fn colour(role: Role, key: &[u8]) -> Option<Role> {
    Some(match (role, key) {
        (
            Role::Space,
            b"N" | b"Range" | b"WhitePoint" | b"BlackPoint" | b"Gamma" | b"Matrix" | b"FunctionType" | b"Domain"
            | b"Size" | b"BitsPerSample" | b"Order" | b"Encode" | b"Decode" | b"C0" | b"C1" | b"Bounds" | b"Subtype"
            | b"Components",
        ) => Role::Flat,
        (Role::Space, b"Alternate" | b"Functions" | b"Process" | b"ColorSpace") => Role::Space,
        (Role::Space, b"Colorants") => Role::Spaces,
        (
            Role::Pattern,
            b"Type" | b"PatternType" | b"PaintType" | b"TilingType" | b"BBox" | b"XStep" | b"YStep" | b"Matrix",
        ) => Role::Flat,
        (Role::Pattern, b"Shading") => Role::Shading,
        (Role::Pattern, b"ExtGState") => Role::State,
        (
            Role::Shading,
            b"ShadingType" | b"Background" | b"BBox" | b"AntiAlias" | b"Coords" | b"Domain" | b"Extend"
            | b"BitsPerCoordinate" | b"BitsPerComponent" | b"BitsPerFlag" | b"Decode" | b"VerticesPerRow" | b"Matrix",
        ) => Role::Flat,
        (Role::Shading, b"ColorSpace" | b"Function") => Role::Space,
        (Role::DecodeParameters, b"JBIG2Globals") => Role::Data,
        (Role::DecodeParameters, _) => Role::Flat,
        _ => return None,
    })
}

/// Returns the role of an entry of navigation and structure (sections 8.11, 12.3 and 14).
fn structure(role: Role, key: &[u8]) -> Option<Role> {
    Some(match (role, key) {
        (Role::Destination, b"D") => Role::Destination,
        (Role::Names, b"Dests") | (Role::DestinationTree, b"Kids") => Role::DestinationTree,
        (Role::DestinationTree, b"Names") => Role::DestinationEntries,
        (Role::DestinationTree | Role::ParentTree, b"Limits") => Role::Flat,
        (Role::Outline, b"Type" | b"Title" | b"Count" | b"C" | b"F") => Role::Flat,
        (Role::Outline, b"First" | b"Last" | b"Next" | b"Prev" | b"Parent") => Role::Outline,
        (Role::Outline, b"Dest") => Role::Destination,
        (Role::Outline, b"A") => Role::Action,
        (Role::Outline, b"SE") => Role::StructureElement,
        (Role::StructureRoot, b"Type" | b"ParentTreeNextKey" | b"RoleMap" | b"ClassMap") => Role::Flat,
        (Role::StructureRoot, b"K") => Role::StructureElement,
        (Role::StructureRoot, b"ParentTree") | (Role::ParentTree, b"Kids") => Role::ParentTree,
        (Role::ParentTree, b"Nums") => Role::StructureElement,
        (
            Role::StructureElement,
            b"Type" | b"S" | b"ID" | b"A" | b"C" | b"R" | b"T" | b"Lang" | b"Alt" | b"E" | b"ActualText" | b"MCID",
        ) => Role::Flat,
        (Role::StructureElement, b"P" | b"K") => Role::StructureElement,
        (Role::StructureElement, b"Pg") => Role::PageReference,
        (Role::StructureElement, b"Obj") => Role::AnnotationReference,
        (Role::StructureElement, b"Stm") => Role::XObject,
        (
            Role::OptionalContent,
            b"Type" | b"Name" | b"Intent" | b"Usage" | b"BaseState" | b"ListMode" | b"Creator" | b"Event" | b"Category"
            | b"ActualText" | b"Alt" | b"E" | b"Lang" | b"MCID",
        ) => Role::Flat,
        (
            Role::OptionalContent,
            b"OCGs" | b"P" | b"VE" | b"D" | b"Configs" | b"ON" | b"OFF" | b"AS" | b"Order" | b"RBGroups" | b"Locked",
        ) => Role::OptionalContent,
        (
            Role::OutputIntent,
            b"Type" | b"S" | b"OutputCondition" | b"OutputConditionIdentifier" | b"RegistryName" | b"Info",
        ) => Role::Flat,
        (Role::OutputIntent, b"DestOutputProfile") => Role::Space,
        _ => return None,
    })
}

/// Describes an action that is refused. Actions that only lead elsewhere are removed if they need a
/// click.
pub fn refused_action(kind: &[u8], by_itself: bool) -> Option<&'static str> {
    match kind {
        b"GoTo" => None,
        b"URI" | b"GoToR" | b"Thread" | b"Named" if !by_itself => None,
        b"URI" => Some("an action that opens an address automatically"),
        b"GoToR" | b"Thread" => Some("an action that opens another file"),
        b"Named" => Some(TRIGGERED),
        b"JavaScript" => Some("JavaScript"),
        b"Launch" => Some("an action that starts a program"),
        b"ImportData" => Some("an action that imports data"),
        b"SubmitForm" => Some("an action that sends data"),
        b"GoToE" => Some("an action that opens an embedded file"),
        b"Rendition" | b"Movie" | b"Sound" | b"RichMediaExecute" | b"GoTo3DView" => Some("an action that plays media"),
        b"Hide" | b"SetOCGState" | b"ResetForm" | b"Trans" => Some("an action that changes what is displayed"),
        _ => Some("an action of an unknown type"),
    }
}
