//! Assets: the documents that belong to a credential (partner-api, section 4).
//!
//! Owns which kinds there are, how a body names them, and what `asset_data` may be. What a document's bytes hold is
//! looked at by whoever stores them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha3::{Digest as _, Keccak256};
use url::{Host, Url};

use crate::encoding::hex;
use crate::fault::{Code, Faults};
use crate::limits::ID;
use crate::pointer::Path;
use crate::schema::{Choice, ListRules, Member, Presence, Shape, check_object, object_schema};

/// Most bytes of one document (partner-api, section 4).
pub const MOST_BYTES: usize = 10 * 1024 * 1024;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A PDF file.
    Pdf,
    /// A PNG image.
    Png,
    /// A JPEG image.
    Jpg,
    /// An OpenCerts document: OpenAttestation v2, as JSON.
    OpenCert,
}

impl AssetKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Png, Self::Jpg, Self::OpenCert];

    /// The wire's `asset_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpg => "jpg",
            Self::OpenCert => "open_cert",
        }
    }

    /// The kind with this `asset_type`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The media type of its bytes.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpg => "image/jpeg",
            Self::OpenCert => "application/json",
        }
    }

    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::OpenCert => "json",
            other => other.name(),
        }
    }
}

/// Which assets a credential type takes.
#[derive(Debug)]
pub struct AssetRules {
    /// The kinds, as a choice of `asset_type`; none where the type takes no assets.
    pub kinds: &'static Choice,
    /// Most assets of one credential.
    pub most: usize,
}

/// For types that take no assets.
pub static NO_ASSETS: AssetRules = AssetRules { kinds: &Choice { called: "an asset type", values: &[] }, most: 0 };

/// One document of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The partner's own id for it, unique in its submission.
    pub asset_id: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where its bytes come from.
    pub source: AssetSource,
    /// Where in the caller's body it stands: a JSON Pointer.
    pub pointer: String,
}

/// Where the bytes of a document come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetSource {
    /// The partner sends them to an upload link.
    Upload,
    /// They came with the submission.
    Bytes(Bytes),
    /// They are fetched from this https address.
    Address(String),
}

/// What is kept of an asset with its submission's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRecord {
    /// [`Asset::asset_id`].
    pub asset_id: String,
    /// [`Asset::kind`].
    pub asset_type: AssetKind,
    /// The address, or the Keccak-256 of bytes that came along, by which an exact repeat is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl From<&Asset> for AssetRecord {
    fn from(asset: &Asset) -> Self {
        let source = match &asset.source {
            AssetSource::Upload => None,
            AssetSource::Bytes(bytes) => Some(format!("keccak256:{}", hex(&Keccak256::digest(bytes)))),
            AssetSource::Address(address) => Some(address.clone()),
        };
        Self { asset_id: asset.asset_id.clone(), asset_type: asset.kind, source }
    }
}

impl ListRules for AssetRules {
    fn called(&self) -> &'static str {
        "an array of assets"
    }

    fn check(&self, assets: &mut [Value], path: &Path<'_>, faults: &mut Faults) {
        if self.most == 0 && !assets.is_empty() {
            faults.add(path, Code::AssetsNotAllowed, || {
                "This credential type takes no assets; leave the member out.".to_owned()
            });
            return;
        }
        if assets.len() > self.most {
            let (count, most) = (assets.len(), self.most);
            faults.add(path, Code::ListTooLong, || format!("This may have {most} items; it has {count}."));
        }
        let members = asset_members(self);
        let mut ids: Vec<String> = Vec::new();
        for (index, asset) in assets.iter_mut().enumerate().take(self.most) {
            let here = Path::Item(path, index);
            let Value::Object(object) = asset else {
                Shape::Object(&[]).check(asset, &here, faults);
                continue;
            };
            check_object(object, &members, &here, faults);
            check_data(object, &here, faults);
            if let Some(id) = object.get("asset_id").and_then(Value::as_str) {
                if ids.iter().any(|known| known == id) {
                    faults
                        .add(&Path::Member(&here, "asset_id"), Code::AssetIdDuplicate, || {
                            "Another asset of this credential has the same asset_id.".to_owned()
                        })
                        .received(&Value::from(id));
                }
                ids.push(id.to_owned());
            }
        }
    }

    fn json_schema(&self) -> Value {
        if self.most == 0 {
            return json!({ "type": "array", "maxItems": 0 });
        }
        let mut asset = object_schema(&asset_members(self));
        asset["properties"]["asset_data"]["type"] = json!(["string", "null"]);
        json!({ "type": "array", "maxItems": self.most, "items": asset })
    }
}

/// The members of one asset.
fn asset_members(rules: &AssetRules) -> [Member; 3] {
    [
        Member {
            name: "asset_id",
            shape: Shape::Identifier { most: ID },
            presence: Presence::Required,
            meaning: "Your own id for this document, unique in this credential; nothing personal, since it is not sealed.",
            example: r#""transcript-1""#,
        },
        Member {
            name: "asset_type",
            shape: Shape::Choice(rules.kinds),
            presence: Presence::Required,
            meaning: "Which kind of document it is.",
            example: r#""pdf""#,
        },
        Member {
            name: "asset_data",
            shape: Shape::Anything,
            presence: Presence::Nullable,
            meaning: "An https URL to fetch it from, a data URL that holds it, or null for an upload link.",
            example: "",
        },
    ]
}

fn check_data(object: &Map<String, Value>, path: &Path<'_>, faults: &mut Faults) {
    let kind = object.get("asset_type").and_then(Value::as_str);
    let here = Path::Member(path, "asset_data");
    match object.get("asset_data") {
        None => {}
        Some(Value::String(text)) => {
            if let Some(kind) = kind.and_then(AssetKind::from_name) {
                let _ = source(text, kind, &here, faults);
            }
        }
        Some(other) => {
            faults
                .add(&here, Code::TypeMismatch, || {
                    "This must be a string with an https URL or a data URL, or null for an upload link.".to_owned()
                })
                .received(other);
        }
    }
}

/// Reads `asset_data`; `None` after adding a fault.
pub(crate) fn source(text: &str, kind: AssetKind, path: &Path<'_>, faults: &mut Faults) -> Option<AssetSource> {
    let read = if text.starts_with("data:") { from_data_url(text, kind) } else { from_address(text) };
    match read {
        Ok(source) => Some(source),
        Err((code, message)) => {
            faults.add(path, code, || message).received(&Value::from(text));
            None
        }
    }
}

fn from_data_url(text: &str, kind: AssetKind) -> Result<AssetSource, (Code, String)> {
    let wanted = kind.content_type();
    let refuse = |message: String| (Code::AssetDataFormat, message);
    let url = data_url::DataUrl::process(text)
        .map_err(|_| refuse(format!("This data URL cannot be read; it starts with data:{wanted};base64,")))?;
    let media = url.mime_type();
    let found = format!("{}/{}", media.type_, media.subtype);
    if found != wanted {
        return Err(refuse(format!("The data URL says {found}; an asset of type {} is {wanted}.", kind.name())));
    }
    let (bytes, _) =
        url.decode_to_vec().map_err(|_| refuse("The data URL is not whole: its base64 is broken.".to_owned()))?;
    match bytes.len() {
        0 => Err(refuse("The data URL is empty; send null for an upload link.".to_owned())),
        count if count > MOST_BYTES => {
            Err(refuse(format!("The document has {count} bytes; {MOST_BYTES} are allowed.")))
        }
        _ => Ok(AssetSource::Bytes(bytes.into())),
    }
}

/// Where it resolves to is looked at when it is fetched; what can be seen in the text is refused here.
fn from_address(text: &str) -> Result<AssetSource, (Code, String)> {
    let url = Url::parse(text).map_err(|_| {
        (Code::AssetDataFormat, "This is neither an https URL nor a data URL; send null for an upload link.".to_owned())
    })?;
    if url.scheme() != "https" {
        return Err((Code::AssetDataFormat, format!("The URL's scheme is {}; it must be https.", short(url.scheme()))));
    }
    let refuse = |message: &str| Err((Code::AssetDataAddress, message.to_owned()));
    match url.host() {
        Some(Host::Domain(_)) => {}
        _ => return refuse("Documents are fetched from hosts with a name, not from an IP address."),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("The URL holds a user name or password; send a link that works without.");
    }
    Ok(AssetSource::Address(url.into()))
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The assets in a value that [`AssetRules`] found no fault in.
pub(crate) fn read_assets(value: Value, path: &Path<'_>) -> Vec<Asset> {
    let Value::Array(items) = value else { return Vec::new() };
    let mut faults = Faults::default();
    items
        .into_iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let here = Path::Item(path, index);
            let kind = AssetKind::from_name(item["asset_type"].as_str()?)?;
            let data = Path::Member(&here, "asset_data");
            let (source, pointer) = match item["asset_data"].as_str() {
                Some(text) => (source(text, kind, &data, &mut faults)?, data.pointer()),
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
