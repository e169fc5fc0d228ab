//! OpenCerts: verifies the integrity of an OpenAttestation v2 document.
//!
//! Computes the digest over the salted values (each leaf is hashed with Keccak-256 together with
//! its path), verifies the Merkle proof from that digest to the published root hash, and reads the
//! values. Whether the root hash was published, by whom, and whether it was revoked is recorded on
//! a blockchain and in DNS, and is not checked here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use uuid::Uuid;

use crate::encoding::{from_hex, hex};
use crate::json;

/// Maximum nesting of a document's data.
const DEPTH: usize = 60;

/// Maximum length of a value's path in bytes, and maximum number of values. Each value is hashed
/// together with its path, so this bounds the work.
const PATH: usize = 1024;
const LEAVES: usize = 20_000;

/// Maximum size of a document, in bytes. Real documents have some ten thousand.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Maximum length of a value in a [`Summary`], in characters.
const SUMMARY_VALUE: usize = 500;

/// A document whose integrity was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCert {
    data: Value,
    /// Number of redacted values, of which only the hashes are left.
    pub obfuscated: usize,
}

/// The part of a document that pages show: values that a credential type compares with its own
/// fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of redacted values, of which only the hashes are left.
    pub obfuscated: usize,
    /// Values by path, each at most 500 characters.
    pub values: BTreeMap<String, String>,
}

/// The reason why a document is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenCertsError {
    /// It is not JSON.
    #[error("The OpenCerts document is not valid JSON: {0}.")]
    Malformed(String),
    /// A part is missing or has the wrong type.
    #[error("This is not an OpenCerts document (OpenAttestation v2): {0}.")]
    Shape(&'static str),
    /// The value at this path is not salted, or has an unknown type.
    #[error("A value of the OpenCerts document has no salt: {0}.")]
    Unsalted(String),
    /// The digest of the data is not `targetHash`: the data was changed.
    #[error("The OpenCerts document was changed after it was issued: its data does not match its targetHash.")]
    TargetHash,
    /// The proof does not lead to its `merkleRoot`.
    #[error("The proof of the OpenCerts document does not lead from its targetHash to its merkleRoot.")]
    MerkleRoot,
}

impl OpenCert {
    /// Verifies the integrity of a document.
    ///
    /// # Errors
    /// [`OpenCertsError`], with the reason.
    pub fn verify(bytes: &[u8]) -> Result<Self, OpenCertsError> {
        let mut document: Value = json::parse(bytes)
            .map(Value::from)
            .map_err(|malformed| OpenCertsError::Malformed(malformed.to_string()))?;
        let obfuscated = match &document["privacy"]["obfuscatedData"] {
            Value::Null => Vec::new(),
            list => hashes(list).ok_or(OpenCertsError::Shape("privacy.obfuscatedData must be a list of hashes"))?,
        };
        let signature = &document["signature"];
        if signature["type"] != "SHA3MerkleProof" {
            return Err(OpenCertsError::Shape("signature.type must be SHA3MerkleProof"));
        }
        let proof = match &signature["proof"] {
            Value::Null => Vec::new(),
            list => hashes(list).ok_or(OpenCertsError::Shape("signature.proof must be a list of hashes"))?,
        };
        let target =
            hash(&signature["targetHash"]).ok_or(OpenCertsError::Shape("signature.targetHash must be a hash"))?;
        let root =
            hash(&signature["merkleRoot"]).ok_or(OpenCertsError::Shape("signature.merkleRoot must be a hash"))?;
        if !document["data"].is_object() {
            return Err(OpenCertsError::Shape("data must be an object"));
        }
        let mut leaves: Vec<String> = obfuscated.iter().map(|hash| hex(hash)).collect();
        digest_leaves(&document["data"], &mut String::new(), 0, &mut leaves)?;
        leaves.sort_unstable();
        let listed = serde_json::to_vec(&leaves).unwrap_or_default();
        if Keccak256::digest(&listed).as_slice() != target {
            return Err(OpenCertsError::TargetHash);
        }
        let reached = proof.iter().fold(target, combine);
        if reached != root {
            return Err(OpenCertsError::MerkleRoot);
        }
        Ok(Self { data: document["data"].take(), obfuscated: obfuscated.len() })
    }

    /// Returns the value at a path such as `issuers.0.name`, without its salt; `None` if it is
    /// missing or redacted.
    pub fn value(&self, path: &str) -> Option<&str> {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.data.pointer(&pointer)?.as_str().and_then(unsalted).map(|(_, value)| value)
    }

    /// Returns the values at the paths that credential types compare.
    pub fn summary(&self) -> Summary {
        let paths = crate::ALL.iter().flat_map(|known| known.compared).map(|(_, path)| *path);
        let value = |path: &str| Some((path.to_owned(), self.value(path)?.chars().take(SUMMARY_VALUE).collect()));
        Summary { obfuscated: self.obfuscated, values: paths.filter_map(value).collect() }
    }
}

type Hash = [u8; 32];

/// Hashes two nodes, in ascending order, into their parent in the Merkle tree.
fn combine(one: Hash, other: &Hash) -> Hash {
    let (first, second) = if one < *other { (&one, other) } else { (other, &one) };
    Keccak256::new().chain_update(first).chain_update(second).finalize().into()
}

/// Adds the hash of every leaf under `value`: the hash of a JSON object with the leaf's path as its
/// only name.
fn digest_leaves(
    value: &Value,
    path: &mut String,
    depth: usize,
    leaves: &mut Vec<String>,
) -> Result<(), OpenCertsError> {
    if depth > DEPTH {
        return Err(OpenCertsError::Shape("its data is nested too deeply"));
    }
    let mut inside = |name: &str, value: &Value| {
        // Names with dots, or empty ones, would make two paths equal.
        if name.contains('.') || name.is_empty() {
            return Err(OpenCertsError::Shape("a name in its data is empty or contains a dot"));
        }
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        if path.len() > PATH || leaves.len() > LEAVES {
            return Err(OpenCertsError::Shape("its data has too many values, or paths that are too long"));
        }
        let result = digest_leaves(value, path, depth + 1, leaves);
        path.truncate(length);
        result
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().try_for_each(|(name, value)| inside(name, value))
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().try_for_each(|(index, value)| inside(&index.to_string(), value))
        }
        // Unsalted values would let anyone insert a guessed value that matches a redacted hash.
        Value::String(text) if unsalted(text).is_none() => Err(OpenCertsError::Unsalted(shown(path))),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(OpenCertsError::Unsalted(shown(path))),
        leaf => {
            let leaf = serde_json::json!({ path.as_str(): leaf });
            leaves.push(hex(&Keccak256::digest(leaf.to_string())));
            Ok(())
        }
    }
}

fn shown(path: &str) -> String {
    path.chars().take(64).collect()
}

/// Splits `salt:type:value` into the type and the value.
fn unsalted(text: &str) -> Option<(&str, &str)> {
    let (salt, typed) = text.split_once(':')?;
    let (kind, value) = typed.split_once(':')?;
    let known = matches!(kind, "string" | "number" | "boolean" | "null" | "undefined");
    (known && salt.len() == 36 && Uuid::try_parse(salt).is_ok()).then_some((kind, value))
}

fn hashes(list: &Value) -> Option<Vec<Hash>> {
    list.as_array()?.iter().map(hash).collect()
}

fn hash(value: &Value) -> Option<Hash> {
    let text = value.as_str()?;
    from_hex(text.strip_prefix("0x").unwrap_or(text))
}
