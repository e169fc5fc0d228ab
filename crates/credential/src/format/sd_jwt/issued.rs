//! The claims as the issuer signed them, with the gaps of what is withheld. Rules about selective
//! disclosure are checked against these, not against the claims that are shown.
//!
//! The page for tokens has the same tree in `crates/server/static/claim-rules.js`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::disclosure::Disclosure;
use super::read::SdJwt;
use crate::encoding::{encode, sha256};
use crate::json::MAX_OTHER_VALUES;
use crate::verify_error::VerifyError;

/// A value as the issuer signed it.
#[derive(Debug)]
pub(crate) struct Issued {
    /// Whether it is a disclosure of its own. The members and items of a disclosure are not.
    pub(crate) is_disclosure: bool,
    pub(crate) content: Content,
}

/// The content of a value, as far as it matters for paths.
#[derive(Debug)]
pub(crate) enum Content {
    Object {
        members: HashMap<String, Issued>,
        /// Whether there are digests without a disclosure: other members, or decoys.
        has_withheld: bool,
    },
    List(Vec<Issued>),
    /// A string, a number, a boolean or `null`.
    Scalar,
    /// An array element without a disclosure.
    Withheld,
}

impl SdJwt<'_> {
    /// Returns the claims as the issuer signed them. [`SdJwt::disclose`] must have succeeded: it
    /// checks the digests and limits the depth.
    ///
    /// # Errors
    /// [`VerifyError::Disclosure`], [`VerifyError::Limit`].
    pub(crate) fn issued(&self) -> Result<Issued, VerifyError> {
        let mut left = MAX_OTHER_VALUES;
        let mut tree = Tree { disclosures: HashMap::with_capacity(self.disclosures.len()) };
        for (at, text) in self.disclosures.iter().enumerate() {
            let disclosure = Disclosure::read(text, at, &mut left)?;
            tree.disclosures.insert(encode(&sha256(text.as_bytes())), disclosure);
        }
        let mut payload = self.jws.payload_with_nulls();
        payload.remove("_sd_alg");
        Ok(Issued { is_disclosure: false, content: tree.object(payload) })
    }
}

struct Tree {
    /// Disclosures by their digest, until they are inserted.
    disclosures: HashMap<String, Disclosure>,
}

impl Tree {
    fn take(&mut self, digest: &Value) -> Option<Disclosure> {
        self.disclosures.remove(digest.as_str()?)
    }

    fn value(&mut self, value: Value, is_disclosure: bool) -> Issued {
        let content = match value {
            Value::Object(object) => self.object(object),
            Value::Array(items) => Content::List(items.into_iter().map(|item| self.item(item)).collect()),
            _ => Content::Scalar,
        };
        Issued { is_disclosure, content }
    }

    fn object(&mut self, mut object: Map<String, Value>) -> Content {
        let digests = match object.remove("_sd") {
            Some(Value::Array(digests)) => digests,
            _ => Vec::new(),
        };
        let mut members = HashMap::with_capacity(object.len() + digests.len());
        for (name, value) in object {
            let value = self.value(value, false);
            members.insert(name, value);
        }
        let mut has_withheld = false;
        for digest in &digests {
            match self.take(digest) {
                Some(Disclosure { name: Some(name), value, .. }) => {
                    let value = self.value(value, true);
                    members.insert(name, value);
                }
                _ => has_withheld = true,
            }
        }
        Content::Object { members, has_withheld }
    }

    fn item(&mut self, mut item: Value) -> Issued {
        let object = item.as_object_mut().filter(|object| object.len() == 1);
        let Some(digest) = object.and_then(|object| object.remove("...")) else { return self.value(item, false) };
        match self.take(&digest) {
            Some(Disclosure { value, .. }) => self.value(value, true),
            None => Issued { is_disclosure: true, content: Content::Withheld },
        }
    }
}
