//! The statuses that a token refers to: entries of status lists, and kinds that are not supported.

use serde_json::{Map, Value};

use crate::jws::shown;
use crate::status::StatusReference;
use crate::verify_error::VerifyError;
use crate::whole_number::whole_number;

/// Maximum number of status lists that are looked up for one token.
const MAX_LISTS: usize = 4;
/// Maximum number of entries in one `credentialStatus`. Each costs the decompression of its list.
const MAX_ENTRIES: usize = 64;

/// The kinds of status that a token has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusKinds {
    /// It has no status.
    #[default]
    None,
    /// Entries of status lists, or a malformed one.
    Listed,
    /// Also, or only, statuses that cannot be checked.
    Unsupported,
}

impl StatusKinds {
    pub(super) fn of(statuses: &Result<StatusEntries, VerifyError>) -> Self {
        match statuses {
            Ok(statuses) if !statuses.unknown.is_empty() => Self::Unsupported,
            Ok(statuses) if statuses.entries.is_empty() => Self::None,
            _ => Self::Listed,
        }
    }
}

/// The statuses of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StatusEntries {
    /// The entries of status lists.
    pub(super) entries: Vec<StatusEntry>,
    /// The statuses that cannot be checked, for messages.
    pub(super) unknown: Vec<String>,
}

/// An entry of a status list, by the kind of list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StatusEntry {
    /// In a Token Status List.
    Token(StatusReference),
    /// In a Bitstring Status List, with its purpose.
    Bitstring(StatusReference, Purpose),
}

/// What a set bit of a Bitstring Status List means (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Revoked.
    Revocation,
    /// Suspended.
    Suspension,
}

impl Purpose {
    /// Returns the value of `statusPurpose`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
        }
    }
}

impl StatusEntry {
    pub(super) fn reference(&self) -> &StatusReference {
        match self {
            Self::Token(reference) | Self::Bitstring(reference, _) => reference,
        }
    }

    /// Returns whether it is the entry `other` of a Token Status List in the form with one bit, as
    /// Tenure publishes both (D-121). That bit cannot tell replaced from revoked.
    fn repeats(&self, other: &Self) -> bool {
        let (Self::Bitstring(at, Purpose::Revocation), Self::Token(list)) = (self, other) else { return false };
        at.index == list.index && at.uri.strip_suffix("/bitstring") == Some(list.uri.as_str())
    }
}

impl StatusEntries {
    /// Reads `status` and `credentialStatus` among the claims and in a claim `vc`, because an
    /// issuer may revoke by any of them (D-428). A `credentialStatus` of an SD-JWT VC does not
    /// prove that the token is valid, because that format has none.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if an entry of a supported kind is malformed in a place that the
    /// format defines. Elsewhere it counts as a status that is not supported.
    pub(super) fn read(claims: &Map<String, Value>, is_w3c: bool) -> Result<Self, VerifyError> {
        let mut found = Self::default();
        let inner = claims.get("vc").and_then(Value::as_object);
        let member = |name: &str| inner.and_then(|vc| vc.get(name)).filter(|status| !status.is_null());
        let entries = [claims.get("credentialStatus"), member("credentialStatus")];
        if !is_w3c && entries.iter().any(Option::is_some) {
            found.unknown.push("credentialStatus in an SD-JWT VC".to_owned());
        }
        claims.get("status").map_or(Ok(()), |status| found.add_status(status))?;
        let [own, others] = entries.map(|status| status.map_or(Ok(()), |status| found.add_entries(status)));
        if is_w3c {
            own?;
        }
        let other = member("status").map_or(Ok(()), |status| found.add_status(status));
        if other.and(others).is_err() {
            found.unknown.push("a malformed status in vc".to_owned());
        }
        let lists: Vec<StatusEntry> =
            found.entries.iter().filter(|entry| matches!(entry, StatusEntry::Token(_))).cloned().collect();
        found.entries.retain(|entry| !lists.iter().any(|list| entry.repeats(list)));
        if found.addresses().count() > MAX_LISTS {
            let most: Vec<String> = found.addresses().take(MAX_LISTS).map(ToOwned::to_owned).collect();
            found.entries.retain(|entry| most.contains(&entry.reference().uri));
            found.unknown.push(format!("the status lists after the first {MAX_LISTS}"));
        }
        Ok(found)
    }

    /// Returns the addresses of the lists, each once.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let address = move |at: usize| self.entries[at].reference().uri.as_str();
        let is_first = move |at: &usize| (0..*at).all(|earlier| address(earlier) != address(*at));
        (0..self.entries.len()).filter(is_first).map(address)
    }

    /// Adds a claim `status`.
    fn add_status(&mut self, status: &Value) -> Result<(), VerifyError> {
        let reference = StatusReference::from_claim(status)?;
        self.unknown.extend(others_in(status, reference.is_some()));
        self.entries.extend(reference.map(StatusEntry::Token));
        Ok(())
    }

    /// Adds the entries of a `credentialStatus`. One that is malformed does not hide the others.
    fn add_entries(&mut self, status: &Value) -> Result<(), VerifyError> {
        let entries = values(status);
        let (most, rest) = entries.split_at(entries.len().min(MAX_ENTRIES));
        if !rest.is_empty() {
            self.unknown.push(format!("the entries of credentialStatus after the first {MAX_ENTRIES}"));
        }
        let mut result = Ok(());
        for entry in most {
            let added = self.add(entry);
            result = result.and(added);
        }
        result
    }

    /// Adds an entry of a `credentialStatus`.
    fn add(&mut self, entry: &Value) -> Result<(), VerifyError> {
        let named = |name: &str| entry[name].as_str().unwrap_or("none");
        if !is_of_type(entry, "BitstringStatusListEntry") {
            let named = type_names(entry).find_map(Value::as_str).unwrap_or("none");
            self.unknown.push(format!("credentialStatus of the type {}", shown(named)));
            return Ok(());
        }
        let purpose = match named("statusPurpose") {
            "revocation" => Purpose::Revocation,
            "suspension" => Purpose::Suspension,
            other => {
                self.unknown.push(format!("credentialStatus with the purpose {}", shown(other)));
                return Ok(());
            }
        };
        if entry.get("statusSize").is_some_and(|size| !size.is_null() && whole_number(size) != Some(1)) {
            self.unknown.push("credentialStatus with several bits for each entry".to_owned());
            return Ok(());
        }
        let (Some(index), Some(uri)) = (index_in(&entry["statusListIndex"]), entry["statusListCredential"].as_str())
        else {
            return Err(VerifyError::Claim("credentialStatus must have statusListIndex and statusListCredential"));
        };
        self.entries.push(StatusEntry::Bitstring(StatusReference { uri: uri.to_owned(), index }, purpose));
        Ok(())
    }
}

/// Reads a status list index. The standard has it as a string; a whole number means the same.
fn index_in(index: &Value) -> Option<u64> {
    const MAX_INDEX: u64 = 999_999_999_999_999;
    let is_index = |index: &&str| (1..=15).contains(&index.len()) && index.bytes().all(|c| c.is_ascii_digit());
    match index.as_str() {
        Some(text) => Some(text).filter(is_index)?.parse().ok(),
        None => whole_number(index).filter(|index| *index <= MAX_INDEX),
    }
}

/// Returns the values of a member, which is one value or a list.
pub(super) fn values(member: &Value) -> &[Value] {
    member.as_array().map_or(std::slice::from_ref(member), Vec::as_slice)
}

/// Returns the values of `type`.
fn type_names(value: &Value) -> impl Iterator<Item = &Value> {
    values(&value["type"]).iter()
}

/// Returns whether one of the types of a value is `name`.
pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    type_names(value).any(|one| one == name)
}

/// Names the mechanisms of a claim `status` other than a status list. They cannot be checked, and
/// any of them may say that the token was revoked.
fn others_in(status: &Value, has_list: bool) -> Option<String> {
    let mechanisms = status.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let names: Vec<String> = mechanisms.map(|(name, _)| shown(name)).filter(|name| name != "status_list").collect();
    match names.as_slice() {
        [] if has_list => None,
        [] => Some("status without a mechanism".to_owned()),
        names => Some(format!("status with {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, is_w3c: bool) -> Result<(Vec<String>, Vec<String>), VerifyError> {
        let found = StatusEntries::read(claims.as_object().expect("an object"), is_w3c)?;
        let entry = |entry: &StatusEntry| match entry {
            StatusEntry::Token(at) => format!("token {} {}", at.uri, at.index),
            StatusEntry::Bitstring(at, purpose) => format!("{} {} {}", purpose.name(), at.uri, at.index),
        };
        Ok((found.entries.iter().map(entry).collect(), found.unknown))
    }

    fn bitstring(purpose: &str, list: &str) -> Value {
        json!({
            "type": "BitstringStatusListEntry", "statusPurpose": purpose,
            "statusListIndex": "7", "statusListCredential": list,
        })
    }

    #[test]
    fn status_entries_are_sorted_by_kind() {
        let token = json!({ "status_list": { "uri": "u", "idx": 7 } });
        let several = json!([bitstring("revocation", "r"), bitstring("suspension", "s"), bitstring("message", "m")]);
        for (claims, entries, unknown) in [
            (json!({}), vec![], vec![]),
            (json!({ "status": token }), vec!["token u 7"], vec![]),
            (json!({ "status": { "crl": 1 } }), vec![], vec!["status with crl"]),
            (json!({ "status": "active" }), vec![], vec!["status without a mechanism"]),
            (
                json!({ "status": { "status_list": { "uri": "u", "idx": 7 }, "crl": 1, "none": null } }),
                vec!["token u 7"],
                vec!["status with crl"],
            ),
            (json!({ "credentialStatus": bitstring("suspension", "s") }), vec!["suspension s 7"], vec![]),
            (
                json!({ "credentialStatus": several }),
                vec!["revocation r 7", "suspension s 7"],
                vec!["credentialStatus with the purpose message"],
            ),
            (
                json!({ "status": token, "credentialStatus": bitstring("revocation", "r") }),
                vec!["token u 7", "revocation r 7"],
                vec![],
            ),
            (
                json!({ "status": token, "credentialStatus": bitstring("revocation", "u/bitstring") }),
                vec!["token u 7"],
                vec![],
            ),
            (
                json!({ "status": token, "credentialStatus": [bitstring("suspension", "s")] }),
                vec!["token u 7", "suspension s 7"],
                vec![],
            ),
            (
                json!({ "credentialStatus": { "type": "StatusList2021Entry" } }),
                vec![],
                vec!["credentialStatus of the type StatusList2021Entry"],
            ),
            (json!({ "credentialStatus": null }), vec![], vec!["credentialStatus of the type none"]),
            (json!({ "credentialStatus": [] }), vec![], vec![]),
        ] {
            let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(read(&claims, true), Ok((owned(entries), owned(unknown))), "{claims}");
        }
        let sd_jwt = read(&json!({ "credentialStatus": bitstring("revocation", "r") }), false);
        let unknown = vec!["credentialStatus in an SD-JWT VC".to_owned()];
        let revocation = vec!["revocation r 7".to_owned()];
        assert_eq!(sd_jwt, Ok((revocation, unknown)), "an SD-JWT VC has no such claim, but it may revoke");
    }

    #[test]
    fn kinds_of_status_say_what_has_to_be_checked() {
        let token = json!({ "status_list": { "uri": "u", "idx": 7 } });
        for (claims, kinds) in [
            (json!({}), StatusKinds::None),
            (json!({ "credentialStatus": [] }), StatusKinds::None),
            (json!({ "status": token }), StatusKinds::Listed),
            (json!({ "status": { "status_list": {} } }), StatusKinds::Listed),
            (json!({ "status": { "crl": 1 } }), StatusKinds::Unsupported),
            (json!({ "status": token, "credentialStatus": { "type": "Foo" } }), StatusKinds::Unsupported),
        ] {
            let found = StatusEntries::read(claims.as_object().expect("an object"), true);
            assert_eq!(StatusKinds::of(&found), kinds, "{claims}");
        }
    }

    #[test]
    fn indices_and_types_may_be_written_differently() {
        let mut entry = bitstring("revocation", "r");
        entry["statusSize"] = json!(null);
        entry["statusListIndex"] = json!(7);
        entry["type"] = json!(["Entry", "BitstringStatusListEntry"]);
        let found = read(&json!({ "credentialStatus": entry }), true);
        assert_eq!(found, Ok((vec!["revocation r 7".to_owned()], vec![])));
    }

    #[test]
    fn malformed_entries_are_rejected() {
        let mut signed = bitstring("revocation", "r");
        signed["statusListIndex"] = json!("+7");
        let mut number = bitstring("revocation", "r");
        number["statusListIndex"] = json!(7.5);
        let mut homeless = bitstring("revocation", "r");
        homeless["statusListCredential"] = json!(null);
        for entry in [signed, number, homeless] {
            let found = read(&json!({ "credentialStatus": [entry] }), true);
            assert!(matches!(found, Err(VerifyError::Claim(_))), "{found:?}");
        }
    }

    #[test]
    fn lists_of_one_token_are_bounded() {
        let entries: Vec<Value> = (0..9).map(|at| bitstring("suspension", &format!("list-{}", at % 6))).collect();
        let (entries, unknown) = read(&json!({ "credentialStatus": entries }), true).expect("entries");
        assert_eq!((entries.len(), unknown.len()), (7, 1), "{entries:?}");
        let entries = vec![bitstring("revocation", "r"); MAX_ENTRIES + 2];
        let (entries, unknown) = read(&json!({ "credentialStatus": entries }), true).expect("entries");
        assert_eq!((entries.len(), unknown.len()), (MAX_ENTRIES, 1), "{unknown:?}");
    }

    #[test]
    fn status_in_vc_counts_in_every_format() {
        let token = json!({ "status_list": { "uri": "u", "idx": 7 } });
        let malformed = json!({ "type": "BitstringStatusListEntry", "statusPurpose": "revocation" });
        for is_w3c in [true, false] {
            let in_sd_jwt = (!is_w3c).then_some("credentialStatus in an SD-JWT VC");
            for (vc, entries, unknown) in [
                (json!("x"), vec![], vec![]),
                (json!({ "status": null, "credentialStatus": null }), vec![], vec![]),
                (json!({ "status": token }), vec!["token u 7"], vec![]),
                (json!({ "status": { "status_list": {} } }), vec![], vec!["a malformed status in vc"]),
                (
                    json!({ "credentialStatus": [malformed, bitstring("revocation", "r")] }),
                    vec!["revocation r 7"],
                    Vec::from_iter(in_sd_jwt.into_iter().chain(["a malformed status in vc"])),
                ),
            ] {
                let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
                let found = read(&json!({ "vc": vc }), is_w3c);
                assert_eq!(found, Ok((owned(entries), owned(unknown))), "{vc} {is_w3c}");
            }
        }
    }
}
