//! OpenCerts: the integrity of an OpenAttestation v2 document, as far as the document itself can show it.
//!
//! Owns the digest over salted values (each leaf, hashed with Keccak-256 together with its path), the Merkle proof from
//! the document's hash to the hash that its issuer has published, and the reading of salted values. Whether that hash
//! was published, by whom, and whether it was revoked is on a chain and in DNS: nothing here asks, and nothing here
//! says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use uuid::Uuid;

use crate::encoding::hex;
use crate::json;

/// Deepest nesting of a document's data.
const DEPTH: usize = 60;

/// Longest path of a value, bytes, and most values: each value is hashed together with its path.
const PATH: usize = 1024;
const LEAVES: usize = 20_000;

/// Most bytes of a document: real ones have some ten thousand.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Longest value of a [`Summary`], characters.
const SUMMARY_VALUE: usize = 500;

/// A document whose integrity was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCert {
    data: Value,
    /// How many values were taken out and stand as hashes alone.
    pub obfuscated: usize,
}

/// What pages show of a document: values that a credential type compares with its own fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of values that were taken out and stand as hashes alone.
    pub obfuscated: usize,
    /// Values by their paths, at most 500 characters of each.
    pub values: BTreeMap<String, String>,
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not JSON.
    #[error("The OpenCerts document is not usable JSON: {0}.")]
    Malformed(String),
    /// It lacks a part, or a part is of another kind.
    #[error("This is not an OpenCerts document (OpenAttestation v2): {0}.")]
    Shape(&'static str),
    /// A value is not salted, or its type is unknown; at this path.
    #[error("The OpenCerts document has a value without its salt, at {0}.")]
    Unsalted(String),
    /// The digest over its data is not its `targetHash`: something was changed.
    #[error("The OpenCerts document was changed after it was issued: its content does not give its targetHash.")]
    TargetHash,
    /// The proof does not lead to its `merkleRoot`.
    #[error("The OpenCerts document's proof does not lead from its targetHash to its merkleRoot.")]
    MerkleRoot,
}

impl OpenCert {
    /// Verifies the integrity of a document.
    ///
    /// # Errors
    /// [`Refusal`], with the reason.
    pub fn verify(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut document = json::parse(bytes).map_err(|malformed| Refusal::Malformed(malformed.to_string()))?;
        let obfuscated = match &document["privacy"]["obfuscatedData"] {
            Value::Null => Vec::new(),
            list => hashes(list).ok_or(Refusal::Shape("privacy.obfuscatedData must be a list of hashes"))?,
        };
        let signature = &document["signature"];
        if signature["type"] != "SHA3MerkleProof" {
            return Err(Refusal::Shape("signature.type must be SHA3MerkleProof"));
        }
        let proof = match &signature["proof"] {
            Value::Null => Vec::new(),
            list => hashes(list).ok_or(Refusal::Shape("signature.proof must be a list of hashes"))?,
        };
        let target = hash(&signature["targetHash"]).ok_or(Refusal::Shape("signature.targetHash must be a hash"))?;
        let root = hash(&signature["merkleRoot"]).ok_or(Refusal::Shape("signature.merkleRoot must be a hash"))?;
        if !document["data"].is_object() {
            return Err(Refusal::Shape("data must be an object"));
        }
        let mut leaves: Vec<String> = obfuscated.iter().map(|hash| hex(hash)).collect();
        digest_leaves(&document["data"], &mut String::new(), 0, &mut leaves)?;
        leaves.sort_unstable();
        let listed = serde_json::to_vec(&leaves).unwrap_or_default();
        if Keccak256::digest(&listed).as_slice() != target {
            return Err(Refusal::TargetHash);
        }
        let reached = proof.iter().fold(target, combine);
        if reached != root {
            return Err(Refusal::MerkleRoot);
        }
        Ok(Self { data: document["data"].take(), obfuscated: obfuscated.len() })
    }

    /// The value at a path such as `issuers.0.name`, without its salt; `None` if it is not there, or taken out.
    pub fn value(&self, path: &str) -> Option<&str> {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.data.pointer(&pointer)?.as_str().and_then(unsalted).map(|(_, value)| value)
    }

    /// The values at the paths that the credential types compare.
    pub fn summary(&self) -> Summary {
        let paths = crate::ALL.iter().flat_map(|known| known.compared).map(|(_, path)| *path);
        let value = |path: &str| Some((path.to_owned(), self.value(path)?.chars().take(SUMMARY_VALUE).collect()));
        Summary { obfuscated: self.obfuscated, values: paths.filter_map(value).collect() }
    }
}

type Hash = [u8; 32];

/// One step up the Merkle tree: the two hashes in order, hashed together.
fn combine(one: Hash, other: &Hash) -> Hash {
    let (first, second) = if one < *other { (&one, other) } else { (other, &one) };
    Keccak256::new().chain_update(first).chain_update(second).finalize().into()
}

/// Adds the hash of every leaf under `value`: of the JSON object with the leaf's path as its one name.
fn digest_leaves(value: &Value, path: &mut String, depth: usize, leaves: &mut Vec<String>) -> Result<(), Refusal> {
    if depth > DEPTH {
        return Err(Refusal::Shape("its data is nested too deeply"));
    }
    let mut inside = |name: &str, value: &Value| {
        // A dot, or nothing, would make two different places look the same.
        if name.contains('.') || name.is_empty() {
            return Err(Refusal::Shape("a name in its data is empty or holds a dot"));
        }
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        if path.len() > PATH || leaves.len() > LEAVES {
            return Err(Refusal::Shape("its data has too many values, or names that are too long"));
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
        // A value without a salt could be put in by anybody who guesses a hash that is listed as taken out.
        Value::String(text) if unsalted(text).is_none() => Err(Refusal::Unsalted(shown(path))),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(Refusal::Unsalted(shown(path))),
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

/// The type and value of `salt:type:value`.
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
    let text = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |character: u8| char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
