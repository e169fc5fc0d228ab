//! Status lists: one or more bits per credential, in the two formats that verifiers support.
//!
//! Implements Token Status List (draft-ietf-oauth-status-list-21, section 4: least significant bit
//! first, zlib) and Bitstring Status List 1.0 (section 3.2: most significant bit first, gzip,
//! multibase). The server assigns the indices.
//!
//! Tenure's Token Status Lists have two bits per entry. The draft leaves the value 3 to the
//! application; here it means that a newer version has replaced the credential. The token declares
//! this in its claim `status_types`, and only then is 3 interpreted that way (D-120). The Bitstring
//! form has one bit, which is set for revoked and for replaced credentials (D-121).

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::read::ZlibDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::encoding::{decode, encode};
use crate::jws::{CLOCK_SKEW, Jws};
use crate::key::PublicKey;
use crate::numeric_date::JwtDates;
use crate::verify_error::VerifyError;
use crate::whole_number::whole_number;

/// Maximum size of a decompressed list, in bytes: 32 million entries of one bit.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Minimum number of entries in a Bitstring Status List (section 3.2). In a smaller list, a request
/// would reveal which credential is being checked.
pub const FEWEST_ENTRIES: u32 = 131_072;

/// A reference to an entry of a status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The URI of the list.
    pub uri: String,
    /// The status list index.
    pub index: u64,
}

impl StatusReference {
    /// Parses the claim `status` (section 6.1). Returns `None` if it has no `status_list`, or a
    /// `null`.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if `uri` or `idx` is missing or invalid.
    pub fn from_claim(status: &Value) -> Result<Option<Self>, VerifyError> {
        let Some(list) = status.get("status_list").filter(|list| !list.is_null()) else { return Ok(None) };
        match (list["uri"].as_str(), whole_number(&list["idx"])) {
            (Some(uri), Some(index)) => Ok(Some(Self { uri: uri.to_owned(), index })),
            _ => Err(VerifyError::Claim("status.status_list must have uri and idx")),
        }
    }

    pub fn claim(&self) -> Value {
        json!({ "status_list": { "idx": self.index, "uri": self.uri } })
    }
}

/// The value of an entry for a credential that a newer version has replaced.
const REPLACED: u8 = 3;
/// The claim of a Status List Token that declares its application-specific values.
const STATUS_TYPES: &str = "status_types";

/// The status in an entry (section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0.
    Valid,
    /// 1: permanently.
    Invalid,
    /// 2: temporarily.
    Suspended,
    /// 3, in a list that declares it: a newer version exists.
    Replaced,
    /// Any other value.
    Other(u8),
}

impl Status {
    /// Checks that the status is valid.
    ///
    /// # Errors
    /// [`VerifyError::Revoked`], [`VerifyError::Suspended`], [`VerifyError::Replaced`],
    /// [`VerifyError::UnknownStatus`].
    pub fn require_valid(self) -> Result<(), VerifyError> {
        match self {
            Self::Valid => Ok(()),
            Self::Invalid => Err(VerifyError::Revoked),
            Self::Suspended => Err(VerifyError::Suspended),
            Self::Replaced => Err(VerifyError::Replaced),
            Self::Other(value) => Err(VerifyError::UnknownStatus(value)),
        }
    }
}

/// A status list in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
    /// Whether its issuer declares that 3 means replaced.
    names_replaced: bool,
}

impl StatusList {
    fn new(bits: u8, bytes: Vec<u8>) -> Self {
        Self { bits, bytes, names_replaced: false }
    }

    /// Creates a list with one bit per entry. All are valid except those at `revoked`. Indices
    /// beyond the end are ignored.
    pub fn of_revoked(entries: u32, revoked: impl IntoIterator<Item = u32>) -> Self {
        Self::filled(1, entries, revoked.into_iter().map(|place| (place, 1)))
    }

    /// Creates a list with two bits per entry. All are valid except those in `ended`, which are
    /// replaced if the flag is set and revoked otherwise. Indices beyond the end are ignored.
    pub fn of_ended(entries: u32, ended: impl IntoIterator<Item = (u32, bool)>) -> Self {
        Self::filled(
            2,
            entries,
            ended.into_iter().map(|(place, replaced)| (place, if replaced { REPLACED } else { 1 })),
        )
    }

    fn filled(bits: u8, entries: u32, values: impl Iterator<Item = (u32, u8)>) -> Self {
        let a_byte = u32::from(8 / bits);
        let mut bytes = vec![0; entries.div_ceil(a_byte) as usize];
        for (place, value) in values {
            if let Some(byte) = bytes.get_mut((place / a_byte) as usize) {
                *byte |= value << ((place % a_byte) * u32::from(bits));
            }
        }
        Self::new(bits, bytes)
    }

    /// Returns the status at `index`; `None` beyond the end.
    pub fn get(&self, index: u64) -> Option<Status> {
        let bits = u64::from(self.bits);
        let first = index.checked_mul(bits)?;
        let byte = self.bytes.get(usize::try_from(first / 8).ok()?)?;
        let mask = u8::try_from((1_u16 << bits) - 1).ok()?;
        Some(match (byte >> (first % 8)) & mask {
            0 => Status::Valid,
            1 => Status::Invalid,
            2 => Status::Suspended,
            REPLACED if self.names_replaced => Status::Replaced,
            other => Status::Other(other),
        })
    }

    /// Returns the claim `status_list` of a Token Status List: `bits` and `lst`.
    pub fn token_claim(&self) -> Value {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let packed = packer.write_all(&self.bytes).and_then(|()| packer.finish()).unwrap_or_default();
        json!({ "bits": self.bits, "lst": encode(&packed) })
    }

    /// Parses the claim `status_list`.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if it is invalid; [`VerifyError::Malformed`], if it cannot be
    /// decompressed or is too large.
    pub fn from_token_claim(claim: &Value) -> Result<Self, VerifyError> {
        let bits = whole_number(&claim["bits"]).and_then(|bits| u8::try_from(bits).ok());
        let bits =
            bits.filter(|bits| [1, 2, 4, 8].contains(bits)).ok_or(VerifyError::Claim("bits must be 1, 2, 4 or 8"))?;
        let packed = claim["lst"].as_str().and_then(decode).ok_or(VerifyError::Claim("lst must be base64url"))?;
        let mut unpacked = ZlibDecoder::new(packed.as_slice());
        let bytes = unpack(&mut unpacked)?;
        // A browser refuses such a list, and the page must say the same.
        if unpacked.total_in() != packed.len() as u64 {
            return Err(VerifyError::Malformed("lst has bytes after the compressed list"));
        }
        Ok(Self::new(bits, bytes))
    }

    /// Returns the `encodedList` of a Bitstring Status List for a list with one bit per entry. The
    /// first entry is the most significant bit.
    pub fn bitstring(&self) -> String {
        let turned: Vec<u8> = self.bytes.iter().map(|byte| byte.reverse_bits()).collect();
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(&turned).and_then(|()| packer.finish()).unwrap_or_default();
        format!("u{}", encode(&packed))
    }

    /// Parses an `encodedList`.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`], if it is invalid, too short or too large.
    pub fn from_bitstring(text: &str) -> Result<Self, VerifyError> {
        let packed = text.strip_prefix('u').and_then(decode);
        let packed = packed.ok_or(VerifyError::Malformed("encodedList must be multibase base64url"))?;
        let mut unpacked = GzDecoder::new(packed.as_slice());
        let mut bytes = unpack(&mut unpacked)?;
        // Another member too, as in a browser.
        if !unpacked.get_ref().is_empty() {
            return Err(VerifyError::Malformed("encodedList has bytes after the compressed list"));
        }
        if bytes.len() * 8 < FEWEST_ENTRIES as usize {
            return Err(VerifyError::Malformed("a bitstring must have at least 131,072 entries"));
        }
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        Ok(Self::new(1, bytes))
    }
}

fn unpack(packed: impl std::io::Read) -> Result<Vec<u8>, VerifyError> {
    let mut bytes = Vec::new();
    let read = packed.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|_| VerifyError::Malformed("the status list cannot be decompressed"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(VerifyError::Malformed("the status list decompresses to more than 4 MiB, the maximum"));
    }
    Ok(bytes)
}

/// Returns the payload of a Status List Token (section 5.1) for `list` at `uri`. `ttl` is how long
/// it may be cached, in seconds.
pub fn token_payload(list: &StatusList, uri: &str, (now, expires): (i64, i64), ttl: u64) -> Value {
    let mut payload = json!({ "sub": uri, "iat": now, "exp": expires, "ttl": ttl, "status_list": list.token_claim() });
    if list.bits > 1 {
        payload[STATUS_TYPES] = json!({ "0x03": "replaced" });
    }
    payload
}

/// Parses a Status List Token for the list `uri`, and verifies it with one of the issuer's `keys`
/// at `now` (section 8.3).
///
/// # Errors
/// The first check that fails, as a [`VerifyError`].
pub fn read_token(text: &str, uri: &str, keys: &[(String, PublicKey)], now: i64) -> Result<StatusList, VerifyError> {
    let jws = Jws::read(text)?;
    jws.verify_with(keys)?;
    require_list(&jws, uri)?;
    read_list(&jws, now)
}

/// Checks that a JWS is a Status List Token for the list `uri`.
///
/// # Errors
/// [`VerifyError::Type`], [`VerifyError::Claim`].
pub(crate) fn require_list(jws: &Jws<'_>, uri: &str) -> Result<(), VerifyError> {
    jws.require_type("statuslist+jwt")?;
    let is_at = jws.payload.get("sub").and_then(Value::as_str) == Some(uri);
    if is_at { Ok(()) } else { Err(VerifyError::Claim("sub of the status list must be its URL")) }
}

/// Reads the list in a Status List Token.
///
/// # Errors
/// It is not valid at `now`, or cannot be read.
pub(crate) fn read_list(jws: &Jws<'_>, now: i64) -> Result<StatusList, VerifyError> {
    let dates = JwtDates::read(&jws.payload)?;
    dates.require_issued_at()?;
    dates.require_current(now)?;
    let list = StatusList::from_token_claim(jws.payload.get("status_list").unwrap_or(&Value::Null))?;
    let names_replaced = jws.payload.get(STATUS_TYPES).is_some_and(|types| types["0x03"] == "replaced");
    Ok(StatusList { names_replaced, ..list })
}

/// Returns when a Status List Token was made and for how many seconds it may be cached (section
/// 5.1), if that time has passed at `now` and the token does not say until when it is valid.
pub(crate) fn outdated(jws: &Jws<'_>, now: i64) -> Option<(i64, u64)> {
    let dates = JwtDates::read(&jws.payload).ok().filter(|dates| dates.expires_at.is_none())?;
    let (made, ttl) = (dates.issued_at?.seconds(), whole_number(jws.payload.get("ttl")?)?);
    let end = made.saturating_add_unsigned(ttl).saturating_add(CLOCK_SKEW);
    (end < now).then_some((made, ttl))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jws;
    use crate::key::{Algorithm, SoftwareKey};

    /// Section 4.1 has one bit per entry, section 4.2 has two.
    // Conforms: Token Status List 4; Token Status List 7
    #[test]
    fn examples_of_the_draft_are_decoded() {
        let one = StatusList::from_token_claim(&json!({ "bits": 1, "lst": "eNrbuRgAAhcBXQ" })).expect("a list");
        let set: Vec<u64> = (0..16).filter(|index| one.get(*index) == Some(Status::Invalid)).collect();
        assert_eq!(set, [0, 3, 4, 5, 7, 8, 9, 13, 15]);
        assert_eq!(one.get(16), None);
        let two = StatusList::from_token_claim(&json!({ "bits": 2, "lst": "eNo76fITAAPfAgc" })).expect("a list");
        let values: Vec<Status> = (0..4).filter_map(|index| two.get(index)).collect();
        assert_eq!(values, [Status::Invalid, Status::Suspended, Status::Valid, Status::Other(3)]);
    }

    #[test]
    fn two_bits_distinguish_replaced_from_revoked() {
        let list = StatusList::of_ended(8, [(0, false), (1, true), (6, true), (7, false), (8, true), (99, false)]);
        assert_eq!(list.bytes, [0b0000_1101, 0b0111_0000]);
        let unnamed: Vec<Status> = (0..2).filter_map(|index| list.get(index)).collect();
        assert_eq!(unnamed, [Status::Invalid, Status::Other(3)], "3 means something else in another issuer's list");
        assert!(unnamed.iter().all(|status| status.require_valid().is_err()), "not valid to whoever does not know it");
        let named = StatusList { names_replaced: true, ..list.clone() };
        assert_eq!((named.get(1), named.get(2), named.get(8)), (Some(Status::Replaced), Some(Status::Valid), None));
        assert_eq!(StatusList::from_token_claim(&list.token_claim()), Ok(list.clone()));
        let payload = token_payload(&list, "u", (0, 1), 1);
        assert_eq!(payload["status_types"], json!({ "0x03": "replaced" }));
        assert!(token_payload(&StatusList::of_revoked(8, []), "u", (0, 1), 1).get("status_types").is_none());
    }

    #[test]
    fn one_million_entries_compress_and_read_back() {
        let list = StatusList::of_revoked(1_048_576, (0..1_048_576).step_by(1000));
        let claim = list.token_claim();
        assert!(claim["lst"].as_str().is_some_and(|text| text.len() < 10_000));
        assert_eq!(StatusList::from_token_claim(&claim), Ok(list.clone()));
        assert_eq!(StatusList::from_bitstring(&list.bitstring()), Ok(list));
    }

    // Conforms: Bitstring Status List 2.2
    #[test]
    fn decompression_bombs_and_short_bitstrings_are_rejected() {
        let bomb = StatusList::new(1, vec![0; 5 * 1024 * 1024]);
        assert!(matches!(StatusList::from_token_claim(&bomb.token_claim()), Err(VerifyError::Malformed(_))));
        let short = StatusList::of_revoked(1024, []);
        assert!(matches!(StatusList::from_bitstring(&short.bitstring()), Err(VerifyError::Malformed(_))));
        for claim in [json!(null), json!({ "bits": 3, "lst": "" }), json!({ "bits": 1, "lst": "%" })] {
            assert!(matches!(StatusList::from_token_claim(&claim), Err(VerifyError::Claim(_))), "{claim}");
        }
    }

    #[test]
    fn lists_with_bytes_after_their_end_are_rejected() {
        let more = [decode("eNrbuRgAAhcBXQ").expect("base64url"), vec![0]].concat();
        let read = StatusList::from_token_claim(&json!({ "bits": 1, "lst": encode(&more) }));
        assert_eq!(read, Err(VerifyError::Malformed("lst has bytes after the compressed list")));
    }

    #[test]
    fn references_may_be_null_or_must_be_complete() {
        for absent in [json!(null), json!({}), json!({ "status_list": null })] {
            assert_eq!(StatusReference::from_claim(&absent), Ok(None), "{absent}");
        }
        for index in [json!(3), json!(3.0), json!(3e0)] {
            let found = StatusReference::from_claim(&json!({ "status_list": { "uri": "u", "idx": index } }));
            assert_eq!(found, Ok(Some(StatusReference { uri: "u".to_owned(), index: 3 })), "{index}");
        }
        for index in [json!(-1), json!(-1.0), json!(0.5), json!(1e300), json!("3"), json!(true)] {
            let found = StatusReference::from_claim(&json!({ "status_list": { "uri": "u", "idx": index } }));
            assert!(matches!(found, Err(VerifyError::Claim(_))), "{index}");
        }
        for wrong in [json!({ "status_list": {} }), json!({ "status_list": { "uri": "u", "idx": null } })] {
            assert!(matches!(StatusReference::from_claim(&wrong), Err(VerifyError::Claim(_))), "{wrong}");
        }
    }

    #[test]
    fn token_dates_are_read_as_numeric_dates() {
        let key = SoftwareKey::from_bytes(Algorithm::EdDsa, &[7; 32]).expect("a key");
        let keys = [("k1".to_owned(), key.public().clone())];
        let read = |change: &dyn Fn(&mut Value)| {
            let mut payload = token_payload(&StatusList::of_revoked(8, []), "u", (1000, 2000), 60);
            change(&mut payload);
            let header = jws::protected(&json!({ "alg": "Ed25519", "typ": "statuslist+jwt" }));
            let token = jws::sign(&header, payload.to_string().as_bytes(), &key).expect("signed");
            read_token(&token, "u", &keys, 1500).map(drop)
        };
        assert_eq!(read(&|_| {}), Ok(()));
        assert_eq!(read(&|payload| payload["iat"] = json!(1000.5)), Ok(()));
        assert_eq!(read(&|payload| payload["exp"] = Value::Null), Ok(()));
        assert_eq!(read(&|payload| payload["exp"] = json!(1000.5)), Err(VerifyError::Expired));
        assert_eq!(read(&|payload| payload["nbf"] = json!(2000)), Err(VerifyError::NotYetValid));
        assert!(matches!(read(&|payload| payload["exp"] = json!("2000")), Err(VerifyError::Date("exp", _))));
        assert!(matches!(read(&|payload| payload["iat"] = json!([1000])), Err(VerifyError::Date("iat", _))));
        assert_eq!(read(&|payload| payload["iat"] = json!(-1)), Ok(()), "before 1970");
        assert!(matches!(read(&|payload| payload["iat"] = Value::Null), Err(VerifyError::Claim(_))));
    }

    proptest! {
        #[test]
        fn both_encodings_preserve_the_revoked_entries(revoked in proptest::collection::btree_set(0..131_072_u32, 0..40)) {
            let list = StatusList::of_revoked(131_072, revoked.iter().copied());
            let token = StatusList::from_token_claim(&list.token_claim()).expect("a list");
            let bitstring = StatusList::from_bitstring(&list.bitstring()).expect("a list");
            prop_assert_eq!(&token, &list);
            prop_assert_eq!(&bitstring, &list);
            let set = list.bytes.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
            prop_assert_eq!(set, revoked.len());
            prop_assert!(revoked.iter().all(|place| list.get(u64::from(*place)) == Some(Status::Invalid)));
        }

        #[test]
        fn reading_any_text_never_panics(text in "[A-Za-z0-9_-]{0,64}", bits in 0..10_u8) {
            let _ = StatusList::from_token_claim(&json!({ "bits": bits, "lst": text }));
            let _ = StatusList::from_bitstring(&format!("u{text}"));
        }
    }
}
