//! The shape of a partner's query, and its limits.

use serde_json::{Value, json};

use crate::dcql::FORMAT;
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::schema::{Choice, ListRules, Member, Presence, Shape, is_bidi_control, is_invisible};

/// Maximum number of credential types in `vct_values`, and of claim sets.
pub(super) const MAX_CHOICES: usize = 8;
/// Maximum number of requested claims, and of ids in a claim set.
pub(super) const MAX_CLAIMS: usize = 32;
/// Maximum number of steps of a path.
pub(super) const MAX_STEPS: usize = 8;
/// Maximum number of characters of an id and of a claim's name.
pub(super) const MAX_NAME: usize = 64;

/// The name of the member of a verification request.
pub(crate) const DCQL_QUERY: &str = "dcql_query";

/// The shape of a query.
pub(crate) const QUERY: &[Member] = &[Member {
    name: "credentials",
    shape: Shape::List { of: &Shape::Object(CREDENTIAL), least: 1, most: 1 },
    presence: Presence::Required,
    label: "",
    meaning: "The credential query. There is exactly one.",
    example: "",
}];

const CREDENTIAL: &[Member] = &[
    Member {
        name: "id",
        shape: ID,
        presence: Presence::Required,
        label: "",
        meaning: "Your id for the credential: letters, digits, underscores and hyphens.",
        example: r#""pid""#,
    },
    Member {
        name: "format",
        shape: Shape::Choice(&Choice { called: "a credential format", values: &[FORMAT] }),
        presence: Presence::Required,
        label: "",
        meaning: "The credential format: dc+sd-jwt (SD-JWT VC).",
        example: r#""dc+sd-jwt""#,
    },
    Member {
        name: "multiple",
        shape: Shape::Boolean,
        presence: Presence::Nullable,
        label: "",
        meaning: "False: the person shows one credential.",
        example: "",
    },
    Member {
        name: "require_cryptographic_holder_binding",
        shape: Shape::Boolean,
        presence: Presence::Nullable,
        label: "",
        meaning: "True: the person's wallet signs what it shows.",
        example: "",
    },
    Member {
        name: "meta",
        shape: Shape::Object(META),
        presence: Presence::Required,
        label: "",
        meaning: "The accepted credential types.",
        example: "",
    },
    Member {
        name: "claims",
        shape: Shape::List { of: &Shape::Object(CLAIM), least: 1, most: MAX_CLAIMS },
        presence: Presence::Required,
        label: "",
        meaning: "The claims that you need. You get no others.",
        example: "",
    },
    Member {
        name: "claim_sets",
        shape: Shape::List { of: &Shape::List { of: &ID, least: 1, most: MAX_CLAIMS }, least: 1, most: MAX_CHOICES },
        presence: Presence::Nullable,
        label: "",
        meaning: "Combinations of claims by their ids, the preferred one first; one is enough. If you leave it out, all claims are required.",
        example: r#"[["given", "family"], ["family"]]"#,
    },
];

const META: &[Member] = &[Member {
    name: "vct_values",
    shape: Shape::List { of: &Shape::Identifier { most: 255 }, least: 1, most: MAX_CHOICES },
    presence: Presence::Required,
    label: "",
    meaning: "The accepted values of vct. Each must be one that the operator has listed for a trusted issuer and the credential type in the path.",
    example: r#"["urn:eudi:pid:1"]"#,
}];

const CLAIM: &[Member] = &[
    Member {
        name: "id",
        shape: ID,
        presence: Presence::Nullable,
        label: "",
        meaning: "The id by which claim_sets refer to the claim: letters, digits, underscores and hyphens.",
        example: r#""given""#,
    },
    Member {
        name: "path",
        shape: Shape::Listed(&PathRules),
        presence: Presence::Required,
        label: "",
        meaning: "The path to the claim: its name, then names of members, positions of items in the issuer's list, counted from 0, or null for all items.",
        example: r#"["given_name"]"#,
    },
];

/// Claims that describe the credential, not its holder: SD-JWT VC, section 2.2.2.2, and SD-JWT,
/// section 4.1.1.
const OF_CREDENTIAL: [&str; 11] =
    ["iss", "iat", "nbf", "exp", "jti", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "_sd_alg"];

/// Names that SD-JWT reserves for digests (RFC 9901, section 4.2).
const RESERVED: [&str; 2] = ["_sd", "..."];

/// Checks the name of a claim, which the person reads, or of a member of it.
fn check_name(name: &str, is_first: bool, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if !name.is_empty() && name.chars().all(|character| is_invisible(character) || character.is_control()) {
        let message = || "Must have visible characters; all of these are invisible.".to_owned();
        field_errors.add(path, Code::TextEmpty, message);
        return;
    }
    Shape::Identifier { most: MAX_NAME }.check(&mut Node::from(name), path, field_errors);
    let is_hidden = |character: &char| {
        *character != ' ' && is_invisible(*character) && !is_bidi_control(*character) && !character.is_control()
    };
    if let Some(hidden) = name.chars().find(is_hidden) {
        let point = u32::from(hidden);
        let message = || format!("Contains the invisible character U+{point:04X}. Remove it.");
        field_errors.add(path, Code::TextControl, message);
    }
    if RESERVED.contains(&name) {
        let message = || "This name is reserved for digests of claims. Name the claim itself.".to_owned();
        field_errors.add(path, Code::DcqlInvalid, message);
    }
    if is_first && OF_CREDENTIAL.contains(&name) {
        let message = "This describes the credential, not the person. Leave it out: verification in the result says \
                       what was checked.";
        field_errors.add(path, Code::DcqlInvalid, || message.to_owned());
    }
}

const ID: Shape = Shape::Identifier { most: MAX_NAME };

/// The rules of a claims path.
#[derive(Debug)]
struct PathRules;

impl ListRules for PathRules {
    fn called(&self) -> &'static str {
        "an array of names, indices and nulls"
    }

    fn check(&self, steps: &mut [Node<'_>], path: &Path<'_>, field_errors: &mut FieldErrors) {
        let count = steps.len();
        if count == 0 {
            field_errors.add(path, Code::ListTooShort, || "Must have at least 1 item; it has 0.".to_owned());
        }
        if count > MAX_STEPS {
            let message = || format!("Must have at most {MAX_STEPS} items; it has {count}.");
            field_errors.add(path, Code::ListTooLong, message);
        }
        for (at, step) in steps.iter_mut().enumerate().take(MAX_STEPS) {
            let here = Path::Item(path, at);
            match step {
                Node::Text(name) => check_name(name, at == 0, &here, field_errors),
                Node::Null if at > 0 => {}
                Node::Number(index) if at > 0 && index.as_u64().is_some() => {}
                _ => {
                    let message = if at == 0 {
                        "The first step must be the name of a claim."
                    } else {
                        "Must be the name of a member, the index of an item, or null for all items."
                    };
                    field_errors.add(&here, Code::TypeMismatch, || message.to_owned()).received(step);
                }
            }
        }
    }

    fn json_schema(&self) -> Value {
        let step =
            json!({ "type": ["string", "integer", "null"], "minLength": 1, "maxLength": MAX_NAME, "minimum": 0 });
        json!({ "type": "array", "minItems": 1, "maxItems": MAX_STEPS, "items": step })
    }
}
