//! The cures of the error codes: what a caller does about each.
//!
//! A test fails for a code without a cure.

use bulk_push::RowCode;

use crate::error::Kind;

/// A code, its meaning and what to do.
#[derive(Clone, Copy, Debug)]
pub struct Cure {
    /// The code as sent.
    pub code: &'static str,
    /// When it is sent.
    pub meaning: &'static str,
    /// What to do.
    pub cure: &'static str,
}

macro_rules! cures {
    ($($code:literal $meaning:literal $cure:literal)+) => {
        &[$(Cure { code: $code, meaning: $meaning, cure: $cure },)+]
    };
}

/// The errors of the token endpoint (RFC 6749, section 5.2).
pub const TOKEN: &[Cure] = cures! {
    "invalid_request" "The request is not a form, or a parameter is missing or repeated." "Send a form with grant_type, client_id and client_secret, each once."
    "invalid_client" "The client id or the secret is wrong, or the client is disabled." "Check both values. If they are right, ask the operator whether the client is enabled."
    "unsupported_grant_type" "grant_type is not client_credentials." "Send grant_type=client_credentials."
    "invalid_scope" "The client does not have a scope that it requests." "Leave scope out to get every scope of the client, or ask the operator to add the scope."
    "temporarily_unavailable" "Too many requests (429), or the server cannot respond now (503)." "Wait for the time in Retry-After and send the request again. Keep a token until it expires."
    "server_error" "An internal error (500)." "Try again later, and give the operator the X-Request-Id."
};

/// The warnings of successful requests.
pub const WARNINGS: &[Cure] = cures! {
    "duplicate.different_body" "This id was pushed before with another body, which is kept." "Push corrected data under a new id, with the earlier id in replaces."
    "request.differs" "This request_id was used before with another body, which is kept." "Use a new request_id for another request."
    "notify.already_sent" "The link of this id was mailed before, so no mail is sent." "Nothing. To mail another address, push under a new id."
    "notify.rate_limited" "This address has received too many mails, so no mail is sent." "Deliver redirect_uri yourself."
    "document.missing" "document_type names a document, and the v1 body has none." "Push it again under a new id with the document, or with document_type none."
    "warnings.truncated" "A v1 response has more warnings than its headers list." "Push with v2, whose warnings list all of them."
    "date.future_start" "A job starts in the future." "Check the month. It is accepted for a signed contract."
    "name.says_nothing" "The name of the credential does not say what was learned." "Send the name of the course or of the skill."
};

/// The codes of failed checks in the result of a verification.
pub const CHECKS: &[Cure] = cures! {
    "not_a_token" "The text contains no token; the reason says what it looks like." "Ask for the whole token: three parts with full stops between them."
    "several_tokens" "The text contains several tokens." "Verify one at a time."
    "malformed" "The token cannot be parsed." "Ask for it again; it was probably cut or changed."
    "algorithm" "Its signature algorithm is not supported." "Ask for a token that is signed with ES256 or EdDSA."
    "critical_header" "Its header demands an extension that is not supported." "Ask for a token without the header crit."
    "type" "Its typ is not that of a supported format." "Ask for an SD-JWT VC (dc+sd-jwt) or a W3C credential (vc+jwt, or a JWT with the claim vc)."
    "key_confusion" "Its header names another algorithm than the key is for." "Do not accept it."
    "signature" "The signature is not valid." "Do not accept it. Ask for the token again from its holder."
    "unknown_key" "The issuer has no key with this id." "Ask for a newly issued token. If it is new, tell the issuer."
    "hash_algorithm" "Its disclosures are hashed by another algorithm than SHA-256." "Ask for a token with sha-256."
    "duplicate_digest" "A digest appears twice." "Do not accept it; the issuer made it wrongly."
    "stray_disclosure" "A disclosure does not belong to the token." "Do not accept it."
    "disclosure" "A disclosure is invalid." "Do not accept it. Ask for the token again."
    "must_not_be_disclosed" "A claim was disclosed selectively that must always be visible." "Do not accept it; the issuer made it wrongly."
    "claim_metadata" "A claim does not match the metadata of its type: a mandatory one is missing, or it is, or is not, selectively disclosable." "Do not accept it; the issuer made it wrongly. Tell the issuer."
    "claim" "A required claim is missing or invalid." "Ask the issuer for a correct token."
    "expired" "The credential or the token has expired." "Ask for a newer one, or accept what it says about the past."
    "not_yet_valid" "It is not valid yet." "Verify it again from the time in nbf."
    "from_the_future" "It was issued in the future." "Check your clock and that of the issuer."
    "too_old" "The presentation was made too long ago." "Ask for a new presentation."
    "audience" "It was presented to another receiver." "Ask for a presentation for your own audience."
    "nonce" "It answers another request, or was used before." "Make a new request with a new nonce."
    "sd_hash" "The signature of the holder does not cover what was disclosed." "Do not accept it."
    "not_bound" "It lacks the signature of the holder, which was required." "Ask for a presentation, not for the credential alone."
    "binding_expired" "The signature of the holder has expired." "Ask for a new presentation."
    "binding_not_yet_valid" "The signature of the holder is not valid yet." "Check your clock and that of the wallet."
    "revoked" "It was revoked." "Do not accept it. Ask the holder or the issuer."
    "replaced" "Another version has replaced it." "Ask the holder for the current version."
    "suspended" "It is suspended." "Verify it again later, or ask the issuer."
    "unknown_status" "Its status has an unknown value." "Ask the issuer."
};

/// The cures of field errors, whose meanings are in the credential crate.
const FIELDS: &[(&str, &str)] = &[
    ("type.mismatch", "Send the JSON type that the operation's page names: texts in quotes, lists in brackets."),
    ("field.missing", "Add the field that the suggestion names."),
    (
        "field.unknown",
        "Correct the name to the suggestion, or remove the field. Nothing is ignored, so that no data is lost.",
    ),
    ("field.null", "Send a value, or leave an optional field out."),
    ("text.empty", "Send at least one visible character, or leave an optional field out."),
    ("text.too_long", "Shorten the text to the size that the message names."),
    ("text.control", "Remove line breaks, tabs and other invisible characters."),
    ("email.format", "Send one address, such as name@example.org, without a display name."),
    ("sandbox.only", "Use a sandbox partner for test users, and real addresses with any other partner."),
    ("sandbox.recipient", "Use an address at sandbox.invalid, or the one that you signed up with."),
    ("field.forbidden", "Remove the field, or change the field that the message names."),
    ("field.conflict", "Send the field at one place only."),
    ("date.format", "Write a month as 2023-01, a day as 2023-01-31 and a year as 2023."),
    ("date.range", "Send a date that exists, from 1900 on."),
    ("date.order", "Exchange or correct the two dates that the message names."),
    ("date.future", "Correct the date. Events of the past cannot be in the future anywhere on earth."),
    ("choice.unknown", "Send one of the values that the operation's page lists. Upper and lower case differ."),
    ("list.too_short", "Add items, or leave an optional list out."),
    ("list.too_long", "Send fewer items. Split a batch into several requests."),
    ("any_of.missing", "Send one of the fields that the message names."),
    ("credential_id.duplicate", "Give each item of the batch an id of its own."),
    ("credential_id.taken", "Use a new id. An id belongs to one request and one type for good."),
    ("replaces.unknown", "Send the credential_id of a credential that you pushed, not that of its batch."),
    ("replaces.type", "Replace a credential by one of the same type."),
    ("replaces.self", "Send a new credential_id, and the earlier one in replaces."),
    ("credential_type.mismatch", "Use the path of the type in the body, or correct the type."),
    ("version.mismatch", "Send a v1 body to /api/partner/v1 and a v2 body to /api/partner/v2."),
    ("batch.mismatch", "Send the body to the path that the message names."),
    ("batch.empty", "Send at least one item."),
    ("assets.not_allowed", "Remove assets, or push another type."),
    ("asset_id.duplicate", "Give each asset of a credential an id of its own."),
    (
        "asset_data.format",
        "Send an https URL, a data URL with the media type of the asset, or null to get an upload URL.",
    ),
    ("asset_data.address", "Use a host that the operator has allowed for you, or null to upload the document."),
    (
        "asset_data.content",
        "Export the document again as a plain file of the declared type, without scripts and forms.",
    ),
    ("callback_url.unknown", "Ask the operator to add the URL, and send it exactly as registered."),
    ("return_url.unknown", "Ask the operator to add the URL, and send it exactly as registered."),
    ("url.format", "Send an absolute https URL without a user, a password and a fragment."),
    ("url.address", "Use a host with public addresses, on a port that the operator allows."),
    ("time.format", "Send a time such as 2026-11-25T09:30:00Z."),
    ("period.format", "Send a whole number and a unit, such as 30s, 5m, 48h or 2d, within the limit of the message."),
    ("time.order", "Send a later time than the one that the message names."),
    ("id.form", "Send the id as the suggestion has it: without spaces at its ends and invisible characters."),
    ("id.mismatch", "Send the id of the path, or leave it out of the body."),
    ("dcql.invalid", "Send one credential query of the format dc+sd-jwt, with vct_values and claims."),
    ("errors.truncated", "Correct the errors that are listed and send the request again to see the rest."),
];

/// Returns the codes of rows that `tenure push` refuses by itself.
pub fn files() -> Vec<Cure> {
    let cure = |code: &RowCode| Cure { code: code.as_str(), meaning: code.meaning(), cure: code.cure() };
    RowCode::ALL.iter().map(cure).collect()
}

/// Returns what to do about a field error.
pub fn field(code: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(known, _)| *known == code).map(|(_, cure)| *cure)
}

/// Returns what to do about an error of this kind.
pub fn problem(kind: &Kind) -> &'static str {
    match kind {
        Kind::Malformed => {
            "Read detail: it has the line and column of invalid JSON, or the name of an unknown parameter. Send UTF-8 JSON."
        }
        Kind::Unauthorized | Kind::MissingToken => {
            "Send Authorization: Bearer and a token. If it has expired, get a new one from the token endpoint."
        }
        Kind::MissingScope(_) => {
            "Get a token with the scope that WWW-Authenticate names. If your client lacks it, ask the operator."
        }
        Kind::Forbidden => {
            "Read detail. The request is not for this kind of partner; use another one or another operation."
        }
        Kind::NotFound => {
            "Check the path, the id and the server. Objects of other partners look as if they did not exist."
        }
        Kind::MethodNotAllowed(_) => "Use a method that the header Allow lists.",
        Kind::NotAcceptable => "Send Accept: application/json, or leave the header out.",
        Kind::Conflict | Kind::InProgress => {
            "Read detail. Use a new Idempotency-Key or id for another request, or fetch the present state first."
        }
        Kind::Gone => "Make a new request: this one, or its link, has expired or ended for good.",
        Kind::TooLarge => "Send less: split a batch, or upload documents through an upload URL.",
        Kind::UnsupportedMediaType => "Send Content-Type: application/json, or the media type of the upload URL.",
        Kind::Compressed => "Send the body without Content-Encoding.",
        Kind::Invalid => {
            "Correct every entry of errors, found by its pointer, and send the request again. Nothing was stored."
        }
        Kind::TooManyRequests(_) => "Wait for the number of seconds in Retry-After. RateLimit shows what remains.",
        Kind::Unavailable => {
            "Wait for Retry-After and send the same request with the same id. It is not known whether it was stored; \
             a repeat is safe."
        }
        Kind::Internal => "Try again later. If it persists, give the operator the request_id.",
    }
}
