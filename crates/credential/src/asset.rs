//! Assets: the documents that belong to a credential (docs/partner-api.md section 4).
//!
//! Defines the kinds of documents, how a body names them, and the forms of `asset_data`. The server
//! checks the content of a document when it stores it.

mod embedded;
mod kind;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};
use url::{Host, Url};

use crate::encoding::hex;
use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::pointer::Path;
use crate::schema::{Choice, ListRules, Member, Presence, Shape, check_object, object_schema};
use crate::url_form::{is_plain_url, url_authority};

use embedded::{decode_data_url, short};

pub(crate) use embedded::is_data_url;
pub use kind::{AssetKind, MAX_BYTES};

/// The assets that a credential type accepts.
#[derive(Debug)]
pub struct AssetRules {
    /// The accepted kinds, as a choice of `asset_type`; empty if the type accepts no assets.
    pub kinds: &'static Choice,
    /// Maximum number of assets in one credential.
    pub most: usize,
}

/// The rules of types that accept no assets.
pub static NO_ASSETS: AssetRules = AssetRules { kinds: &Choice { called: "an asset type", values: &[] }, most: 0 };

/// One document of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The partner's id for it, unique in its submission.
    pub asset_id: String,
    pub kind: AssetKind,
    /// The source of its bytes.
    pub source: AssetSource,
    /// The JSON Pointer to the asset in the caller's body.
    pub pointer: String,
}

/// The source of a document's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetSource {
    /// The partner uploads them to an upload URL.
    Upload,
    /// They were included in the submission.
    Bytes(Bytes),
    /// They were included, and taken by [`Asset::take_bytes`]. Identifies them as
    /// [`AssetRecord::source`] does.
    Taken(String),
    /// They are fetched from this https URL.
    Address(String),
}

/// The metadata of an asset that is stored with the submission's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRecord {
    pub asset_id: String,
    /// [`Asset::kind`].
    pub asset_type: AssetKind,
    /// The URL, or the Keccak-256 of included bytes; identifies an exact repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl From<&Asset> for AssetRecord {
    fn from(asset: &Asset) -> Self {
        let source = match &asset.source {
            AssetSource::Upload => None,
            AssetSource::Bytes(bytes) => Some(fingerprint(bytes)),
            AssetSource::Taken(fingerprint) => Some(fingerprint.clone()),
            AssetSource::Address(address) => Some(address.clone()),
        };
        Self { asset_id: asset.asset_id.clone(), asset_type: asset.kind, source }
    }
}

fn fingerprint(bytes: &[u8]) -> String {
    format!("keccak256:{}", hex(&Keccak256::digest(bytes)))
}

impl Asset {
    /// Takes the included bytes, so that they can be freed before the submission. Returns `None` if
    /// it has none.
    pub fn take_bytes(&mut self) -> Option<Bytes> {
        let AssetSource::Bytes(bytes) = &mut self.source else { return None };
        let taken = std::mem::take(bytes);
        self.source = AssetSource::Taken(fingerprint(&taken));
        Some(taken)
    }
}

impl ListRules for AssetRules {
    fn called(&self) -> &'static str {
        "an array of assets"
    }

    fn check(&self, assets: &mut [Node<'_>], path: &Path<'_>, field_errors: &mut FieldErrors) {
        if self.most == 0 && !assets.is_empty() {
            field_errors.add(path, Code::AssetsNotAllowed, || {
                "This credential type does not accept assets. Remove the field.".to_owned()
            });
            return;
        }
        if assets.len() > self.most {
            let (count, most) = (assets.len(), self.most);
            field_errors.add(path, Code::ListTooLong, || format!("Must have at most {most} items; it has {count}."));
        }
        let members = asset_members(self);
        for index in 0..assets.len().min(self.most) {
            let here = Path::Item(path, index);
            let (earlier, rest) = assets.split_at_mut(index);
            let Node::Object(object) = &mut rest[0] else {
                Shape::Object(&[]).check(&mut rest[0], &here, field_errors);
                continue;
            };
            check_object(object, &members, &here, field_errors);
            check_data(object, &here, field_errors);
            if let Some(id) = object.get("asset_id").filter(|id| id.is_string())
                && earlier.iter().any(|asset| asset["asset_id"] == *id)
            {
                field_errors
                    .add(&Path::Member(&here, "asset_id"), Code::AssetIdDuplicate, || {
                        "Another asset of this credential has the same asset_id. Use a different one.".to_owned()
                    })
                    .received(id);
            }
        }
    }

    fn json_schema(&self) -> Value {
        if self.most == 0 {
            return json!({ "type": "array", "maxItems": 0, "items": { "type": "object" } });
        }
        let mut asset = object_schema(&asset_members(self));
        asset["properties"]["asset_data"]["type"] = json!(["string", "null"]);
        json!({ "type": "array", "maxItems": self.most, "items": asset })
    }
}

fn asset_members(rules: &AssetRules) -> [Member; 3] {
    [
        Member {
            name: "asset_id",
            shape: Shape::Id,
            presence: Presence::Required,
            label: "",
            meaning: "Your id for this document, unique within this credential. It is stored unencrypted, so it must not contain personal data.",
            example: r#""transcript-1""#,
        },
        Member {
            name: "asset_type",
            shape: Shape::Choice(rules.kinds),
            presence: Presence::Required,
            label: "",
            meaning: "The kind of document.",
            example: r#""pdf""#,
        },
        Member {
            name: "asset_data",
            shape: Shape::Anything,
            presence: Presence::Nullable,
            label: "",
            meaning: "The document: an https URL to fetch it from, a data URL that contains it, or null to get an upload URL.",
            example: "",
        },
    ]
}

fn check_data(object: &Members<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) {
    let kind = object.get("asset_type").and_then(Node::as_str);
    let here = Path::Member(path, "asset_data");
    match object.get("asset_data") {
        None => {}
        Some(Node::Text(text)) => {
            if let Some(kind) = kind.and_then(AssetKind::from_name) {
                // The bytes are read once the whole body is valid.
                let checked =
                    if is_data_url(text) { decode_data_url(text, kind, |_| ()) } else { from_address(text).map(drop) };
                if let Err((code, message)) = checked {
                    field_errors.add(&here, code, || message).received(&Node::from(&**text));
                }
            }
        }
        Some(other) => {
            field_errors
                .add(&here, Code::TypeMismatch, || {
                    "Must be a string with an https URL or a data URL, or null to get an upload URL.".to_owned()
                })
                .received(other);
        }
    }
}

/// Parses `asset_data`. Returns `None` after adding an error.
pub(crate) fn source(
    text: &str,
    kind: AssetKind,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) -> Option<AssetSource> {
    let read = if is_data_url(text) { from_data_url(text, kind) } else { from_address(text) };
    match read {
        Ok(source) => Some(source),
        Err((code, message)) => {
            field_errors.add(path, code, || message).received(&Node::from(text));
            None
        }
    }
}

fn from_data_url(text: &str, kind: AssetKind) -> Result<AssetSource, (Code, String)> {
    // A buffer that grows while it is filled would need twice the memory.
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    decode_data_url(text, kind, |part| bytes.extend_from_slice(part))?;
    Ok(AssetSource::Bytes(bytes.into()))
}

/// Checks the text of a URL. The address that its host resolves to is checked when it is fetched.
fn from_address(text: &str) -> Result<AssetSource, (Code, String)> {
    let invalid = |message: String| (Code::AssetDataFormat, message);
    let url = Url::parse(text)
        .map_err(|_| invalid("Must be an https URL or a data URL. Send null to get an upload URL.".to_owned()))?;
    if !is_plain_url(text) {
        let example = "https://documents.example.edu/a.pdf";
        let message = "Must be a full URL with https:// and a host, without spaces and backslashes, such as";
        return Err(invalid(format!("{message} {example}.")));
    }
    if url.scheme() != "https" {
        return Err(invalid(format!("The URL has the scheme {}; it must be https.", short(url.scheme()))));
    }
    if url.fragment().is_some() {
        return Err(invalid("The URL must not have a fragment. Remove everything from the # on.".to_owned()));
    }
    let refuse = |message: &str| Err((Code::AssetDataAddress, message.to_owned()));
    match url.host() {
        Some(Host::Domain(name)) if name.ends_with('.') => {
            return Err(invalid("The host name must not end with a full stop.".to_owned()));
        }
        Some(Host::Domain(_)) => {}
        _ => return refuse("The URL must have a host name, not an IP address."),
    }
    if url_authority(text).contains('@') {
        return refuse("The URL must not contain a user name or password. Send a URL that works without.");
    }
    Ok(AssetSource::Address(url.into()))
}

/// Reads the assets from a value that [`AssetRules`] has validated.
pub(crate) fn read_assets(value: &Node<'_>, path: &Path<'_>) -> Vec<Asset> {
    let mut field_errors = FieldErrors::default();
    let items = value.as_array().into_iter().flatten();
    items
        .enumerate()
        .filter_map(|(index, item)| {
            let here = Path::Item(path, index);
            let kind = AssetKind::from_name(item["asset_type"].as_str()?)?;
            let data = Path::Member(&here, "asset_data");
            let (source, pointer) = match item["asset_data"].as_str() {
                Some(text) => (source(text, kind, &data, &mut field_errors)?, data.pointer()),
                None => (AssetSource::Upload, here.pointer()),
            };
            Some(Asset { asset_id: item["asset_id"].as_str()?.to_owned(), kind, source, pointer })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_bytes_leave_the_record_of_the_asset() {
        let source = AssetSource::Bytes(Bytes::from_static(b"%PDF-"));
        let mut asset = Asset { asset_id: "1".to_owned(), kind: AssetKind::Pdf, source, pointer: String::new() };
        let record = AssetRecord::from(&asset);
        assert_eq!(asset.take_bytes(), Some(Bytes::from_static(b"%PDF-")));
        assert_eq!(asset.take_bytes(), None);
        assert_eq!(AssetRecord::from(&asset), record);
    }

    #[test]
    fn asset_urls_need_https_and_a_named_host() {
        for good in ["https://example.edu/a.pdf", "HTTPS://Example.EDU:8443/a?b=c"] {
            assert!(from_address(good).is_ok(), "{good}");
        }
        for (bad, code) in [
            ("http://example.edu/a.pdf", Code::AssetDataFormat),
            ("file:///etc/passwd", Code::AssetDataFormat),
            ("example.edu/a.pdf", Code::AssetDataFormat),
            ("", Code::AssetDataFormat),
            ("https://127.0.0.1/", Code::AssetDataAddress),
            ("https://2130706433/", Code::AssetDataAddress),
            ("https://0177.0.0.1/", Code::AssetDataAddress),
            ("https://[::1]/", Code::AssetDataAddress),
            ("https://[::ffff:10.0.0.1]/", Code::AssetDataAddress),
            ("https://user:secret@example.edu/", Code::AssetDataAddress),
            ("https://@example.edu/", Code::AssetDataAddress),
            ("https:\\\\example.edu\\a.pdf", Code::AssetDataFormat),
            ("https://example.edu\\a.pdf", Code::AssetDataFormat),
            ("https:example.edu/a.pdf", Code::AssetDataFormat),
            ("https:///example.edu/a.pdf", Code::AssetDataFormat),
            (" https://example.edu/a.pdf", Code::AssetDataFormat),
            ("https://example.edu/a.pdf ", Code::AssetDataFormat),
            ("https://example.edu/a\n.pdf", Code::AssetDataFormat),
            ("https://example.edu/a b.pdf", Code::AssetDataFormat),
            ("https://example.edu/a.pdf#page=2", Code::AssetDataFormat),
            ("https://example.edu/a.pdf#", Code::AssetDataFormat),
            ("https://example.edu./a.pdf", Code::AssetDataFormat),
        ] {
            assert_eq!(from_address(bad).expect_err(bad).0, code, "{bad}");
        }
    }

    #[test]
    fn data_urls_must_decode_and_match_the_asset_type() {
        // Padding is optional (forgiving base64, https://infra.spec.whatwg.org/#forgiving-base64).
        for good in ["data:application/pdf;base64,JVBERi0=", "data:application/pdf;base64,JVBERi0"] {
            let read = from_data_url(good, AssetKind::Pdf);
            assert_eq!(read, Ok(AssetSource::Bytes(Bytes::from_static(b"%PDF-"))), "{good}");
        }
        let (upper, mut field_errors) = ("DATA:application/pdf;base64,JVBERi0=", FieldErrors::default());
        let read = source(upper, AssetKind::Pdf, &Path::Root, &mut field_errors);
        assert_eq!(read, Some(AssetSource::Bytes(Bytes::from_static(b"%PDF-"))), "a scheme has no case");
        for bad in [
            "data:image/png;base64,JVBERi0=",
            "data:application/pdf;base64,J",
            "data:application/pdf;base64,",
            "data:,",
            "data:",
        ] {
            from_data_url(bad, AssetKind::Pdf).expect_err(bad);
        }
    }
}
