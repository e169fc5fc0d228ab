//! Checking something signed, step by step, with a verdict for each step.
//!
//! Owns what is asked and what follows from the answers. Asking is for the caller: [`Token::questions`] says what to fetch,
//! [`Token::judge`] weighs what came. So the same steps run offline, online, and in tests.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::format::sd_jwt::Challenge;
use crate::format::sd_jwt_vc::{self, SdJwtVc, require_time};
use crate::jws::{CLOCK_SKEW, Jws};
use crate::key::PublicKey;
use crate::refusal::Refusal;
use crate::status::{self, StatusList, StatusReference};

/// Something signed, read and not yet believed.
#[derive(Clone, Debug)]
pub enum Token<'a> {
    /// An SD-JWT VC, with or without a key binding.
    SdJwtVc(Box<SdJwtVc<'a>>),
    /// A W3C credential as a JWT.
    VcJwt(Jws<'a>),
}

/// What must be known from elsewhere to check a token; each is an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Whose keys.
    pub issuer: Option<String>,
    /// Which status list.
    pub status: Option<String>,
    /// Which type's metadata.
    pub metadata: Option<String>,
}

/// What became of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer<T> {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// It was asked, in vain; why.
    None(String),
    /// The answer.
    Some(T),
}

/// What was found out.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The issuer's keys with their names, from a source that is trusted to say whose they are.
    pub issuer_keys: Answer<Vec<(String, PublicKey)>>,
    /// The status list: a Status List Token, or a Bitstring Status List credential.
    pub status: Answer<String>,
    /// The type's metadata, byte for byte.
    pub metadata: Answer<Vec<u8>>,
}

/// The keys of a JWK Set that can check signatures, with their names.
pub fn keys_of(jwks: &Value) -> Vec<(String, PublicKey)> {
    let keys = jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named =
        |jwk: &Value| Some((jwk["kid"].as_str().unwrap_or_default().to_owned(), PublicKey::from_jwk(jwk).ok()?));
    keys.iter().filter_map(named).collect()
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Nobody looked, or could.
    NotChecked,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// That the key signed it.
    Signature,
    /// That the key is the issuer's.
    Issuer,
    /// That the holder showed it, for this purpose.
    Holder,
    /// That it was not revoked.
    Status,
    /// That it is in its time.
    Dates,
    /// That it says what its type says.
    Schema,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Signature, Self::Issuer, Self::Holder, Self::Status, Self::Dates, Self::Schema];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Holder => "holder",
            Self::Status => "status",
            Self::Dates => "dates",
            Self::Schema => "schema",
        }
    }
}

/// What one step found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which step.
    #[serde(rename = "name")]
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// The stable code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The address that was asked, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

/// All verdicts, and what the token says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// One for each step.
    pub verdicts: Vec<Verdict>,
    /// The claims; not to be believed unless the signature and the issuer passed.
    pub claims: Map<String, Value>,
}

impl Report {
    /// Whether no step failed, and the signature was checked and is good.
    pub fn is_valid(&self) -> bool {
        let signed = |verdict: &Verdict| verdict.step == Step::Signature && verdict.outcome == Outcome::Passed;
        self.verdicts.iter().any(signed) && self.verdicts.iter().all(|verdict| verdict.outcome != Outcome::Failed)
    }

    /// Of something whose form is wrong: its signature cannot be looked at, and neither can the rest.
    pub fn unreadable(refusal: &Refusal) -> Self {
        let finding = |step: Step| match step {
            Step::Signature => Finding::Failed(refusal.clone()),
            _ => Finding::NotChecked("It cannot be read.".to_owned()),
        };
        let verdicts = Step::ALL.map(|step| finding(step).verdict(step, None)).to_vec();
        Self { verdicts, claims: Map::new() }
    }

    /// What a step found.
    pub fn verdict(&self, step: Step) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.step == step)
    }
}

/// What came of a step, before it is a verdict.
enum Finding {
    Passed(String),
    Failed(Refusal),
    NotChecked(String),
}

impl Finding {
    fn verdict(self, step: Step, asked: Option<&String>) -> Verdict {
        let (outcome, reason, code) = match self {
            Self::Passed(reason) => (Outcome::Passed, reason, None),
            Self::Failed(refusal) => (Outcome::Failed, refusal.to_string(), Some(refusal.code())),
            Self::NotChecked(reason) => (Outcome::NotChecked, reason, None),
        };
        Verdict { step, outcome, reason, code, asked: asked.cloned() }
    }
}

impl<'a> Token<'a> {
    /// Reads a token: with a tilde an SD-JWT VC, without one a W3C credential.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.contains('~') {
            return Ok(Self::SdJwtVc(Box::new(SdJwtVc::read(text)?)));
        }
        let jws = Jws::read(text)?;
        jws.require_type("vc+jwt")?;
        let is_credential = jws.payload.get("type").and_then(Value::as_array);
        let is_credential = is_credential.is_some_and(|types| types.iter().any(|name| name == "VerifiableCredential"));
        if is_credential { Ok(Self::VcJwt(jws)) } else { Err(Refusal::Claim("type, with VerifiableCredential in it")) }
    }

    fn jws(&self) -> &Jws<'a> {
        match self {
            Self::SdJwtVc(credential) => &credential.sd_jwt.jws,
            Self::VcJwt(jws) => jws,
        }
    }

    fn claims(&self) -> &Map<String, Value> {
        match self {
            Self::SdJwtVc(credential) => &credential.disclosed.claims,
            Self::VcJwt(jws) => &jws.payload,
        }
    }

    /// The issuer's name for itself.
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Self::SdJwtVc(credential) => credential.text("iss"),
            Self::VcJwt(jws) => {
                let issuer = jws.payload.get("issuer")?;
                issuer.as_str().or_else(|| issuer["id"].as_str())
            }
        }
    }

    /// What to ask, and whom.
    pub fn questions(&self) -> Questions {
        let status = self.status().ok().flatten();
        let metadata = match self {
            Self::SdJwtVc(credential) => {
                credential.text("vct").filter(|vct| vct.contains("://")).map(ToOwned::to_owned)
            }
            Self::VcJwt(_) => None,
        };
        let issuer = self.issuer().filter(|issuer| !issuer.starts_with("did:jwk:")).map(ToOwned::to_owned);
        Questions { issuer, status: status.map(|status| status.uri), metadata }
    }

    fn status(&self) -> Result<Option<StatusReference>, Refusal> {
        let jws = match self {
            Self::SdJwtVc(credential) => return credential.status(),
            Self::VcJwt(jws) => jws,
        };
        let Some(entry) = jws.payload.get("credentialStatus") else { return Ok(None) };
        if entry["statusPurpose"] != "revocation" {
            return Err(Refusal::Claim("credentialStatus for revocation"));
        }
        let index = entry["statusListIndex"].as_str().and_then(|index| index.parse().ok());
        match (entry["type"].as_str(), index, entry["statusListCredential"].as_str()) {
            (Some("BitstringStatusListEntry"), Some(index), Some(uri)) => {
                Ok(Some(StatusReference { uri: uri.to_owned(), index }))
            }
            _ => Err(Refusal::Claim("credentialStatus, a BitstringStatusListEntry")),
        }
    }

    /// The issuer's key that the header names.
    fn key(&self, evidence: &Evidence) -> Result<Option<PublicKey>, Refusal> {
        if let Some(issuer) = self.issuer().filter(|issuer| issuer.starts_with("did:jwk:")) {
            return PublicKey::from_did_jwk(issuer).map(Some).map_err(|_| Refusal::UnknownKey);
        }
        let Answer::Some(keys) = &evidence.issuer_keys else { return Ok(None) };
        named_key(keys, self.jws()).map(Some).ok_or(Refusal::UnknownKey)
    }

    /// Weighs the evidence.
    pub fn judge(&self, evidence: &Evidence, challenge: &Challenge<'_>) -> Report {
        let questions = self.questions();
        let key = self.key(evidence);
        let signature = match &key {
            Err(refusal) => Finding::Failed(refusal.clone()),
            Ok(None) => Finding::NotChecked("There is no key to check it with.".to_owned()),
            Ok(Some(key)) => match self.jws().verify(key) {
                Ok(()) => Finding::Passed(format!("The {} signature is good.", key.algorithm().name())),
                Err(refusal) => Finding::Failed(refusal),
            },
        };
        let verdicts = vec![
            signature.verdict(Step::Signature, None),
            self.issuer_finding(evidence, &key).verdict(Step::Issuer, questions.issuer.as_ref()),
            self.holder_finding(challenge).verdict(Step::Holder, None),
            self.status_finding(evidence, challenge.now).verdict(Step::Status, questions.status.as_ref()),
            self.dates_finding(challenge.now).verdict(Step::Dates, None),
            self.schema_finding(evidence).verdict(Step::Schema, questions.metadata.as_ref()),
        ];
        Report { verdicts, claims: self.claims().clone() }
    }

    fn issuer_finding(&self, evidence: &Evidence, key: &Result<Option<PublicKey>, Refusal>) -> Finding {
        let issuer = self.issuer().unwrap_or_default();
        if issuer.starts_with("did:jwk:") {
            return Finding::NotChecked("The issuer is a bare key: nothing says whose.".to_owned());
        }
        match (&evidence.issuer_keys, key) {
            (Answer::NotAsked, _) => Finding::NotChecked("The issuer's keys were not asked for.".to_owned()),
            (Answer::None(why), _) => Finding::NotChecked(format!("The issuer's keys could not be had: {why}.")),
            (Answer::Some(_), Err(refusal)) => Finding::Failed(refusal.clone()),
            (Answer::Some(_), Ok(_)) => Finding::Passed(format!("The key is one of those of {issuer}.")),
        }
    }

    fn holder_finding(&self, challenge: &Challenge<'_>) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return if challenge.audience.is_some() || challenge.nonce.is_some() {
                Finding::Failed(Refusal::NotBound)
            } else {
                Finding::NotChecked("This form carries no signature of the holder.".to_owned())
            };
        };
        let expected = challenge.audience.is_some() || challenge.nonce.is_some();
        // The key is looked at where something was signed by it: that is an elliptic curve's arithmetic.
        let key = match (&credential.sd_jwt.key_binding, expected) {
            (None, true) => return Finding::Failed(Refusal::NotBound),
            (None, false) => {
                return Finding::NotChecked(
                    "The holder has not signed this: it is a credential, not a showing of one.".to_owned(),
                );
            }
            (Some(_), _) => match credential.holder() {
                Ok(Some(key)) => key,
                Ok(None) => return Finding::Failed(Refusal::NotBound),
                Err(refusal) => return Finding::Failed(refusal),
            },
        };
        match credential.sd_jwt.verify_key_binding(&key, challenge) {
            Ok(()) => {
                let audience =
                    credential.sd_jwt.key_binding.as_ref().and_then(|binding| binding.payload["aud"].as_str());
                Finding::Passed(format!("The holder's key signed this for {}.", audience.unwrap_or_default()))
            }
            Err(refusal) => Finding::Failed(refusal),
        }
    }

    fn status_finding(&self, evidence: &Evidence, now: i64) -> Finding {
        let reference = match self.status() {
            Err(refusal) => return Finding::Failed(refusal),
            Ok(None) => return Finding::NotChecked("It has no status: it cannot be revoked.".to_owned()),
            Ok(Some(reference)) => reference,
        };
        let list = match &evidence.status {
            Answer::NotAsked => return Finding::NotChecked("The status list was not asked for.".to_owned()),
            Answer::None(why) => return Finding::NotChecked(format!("The status list could not be had: {why}.")),
            Answer::Some(list) => list,
        };
        let keys = match &evidence.issuer_keys {
            Answer::Some(keys) => keys.as_slice(),
            _ => &[],
        };
        let list = match self {
            Self::SdJwtVc(_) => status::read_token(list, &reference.uri, |jws| named_key(keys, jws), now),
            Self::VcJwt(_) => read_bitstring(list, &reference.uri, keys, now),
        };
        let status =
            list.and_then(|list| list.get(reference.index).ok_or(Refusal::Claim("the status list has no such place")));
        match status.and_then(status::Status::require_valid) {
            Ok(()) => Finding::Passed("Its place in the status list says that it is valid.".to_owned()),
            Err(refusal) => Finding::Failed(refusal),
        }
    }

    fn dates_finding(&self, now: i64) -> Finding {
        if let Err(refusal) = require_time(self.claims(), now) {
            return Finding::Failed(refusal);
        }
        if let Self::VcJwt(_) = self
            && let Err(refusal) = require_validity(self.claims(), now)
        {
            return Finding::Failed(refusal);
        }
        match self.claims().get("exp").and_then(Value::as_i64) {
            Some(end) => Finding::Passed(format!("It is good until {}.", crate::format::moment(end))),
            None => Finding::Passed("It has begun and does not end.".to_owned()),
        }
    }

    fn schema_finding(&self, evidence: &Evidence) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return Finding::NotChecked("Schemas of W3C credentials are not looked at here.".to_owned());
        };
        let document = match &evidence.metadata {
            Answer::NotAsked => return Finding::NotChecked("The type's metadata was not asked for.".to_owned()),
            Answer::None(why) => return Finding::NotChecked(format!("The type's metadata could not be had: {why}.")),
            Answer::Some(document) => document,
        };
        match check_metadata(credential, document) {
            Ok(name) => {
                Finding::Passed(format!("It is of the type {name}, and holds nothing that the type does not know."))
            }
            Err(refusal) => Finding::Failed(refusal),
        }
    }
}

/// The key that a header names; a set of one unnamed key needs no name.
fn named_key(keys: &[(String, PublicKey)], jws: &Jws<'_>) -> Option<PublicKey> {
    let kid = jws.header_text("kid").unwrap_or_default();
    let kid = kid.rsplit_once('#').map_or(kid, |(_, fragment)| fragment);
    let named = keys.iter().find(|(name, _)| name == kid && !name.is_empty());
    let found = named.or(match keys {
        [only] if only.0.is_empty() || kid.is_empty() => Some(only),
        _ => None,
    });
    found.map(|(_, key)| key.clone())
}

/// That a W3C credential is in its time at `now` (VCDM 2.0, section 4.9).
fn require_validity(claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(Some).ok_or(()),
    };
    let (Ok(from), Ok(until)) = (time("validFrom"), time("validUntil")) else {
        return Err(Refusal::Claim("validFrom and validUntil are RFC 3339"));
    };
    if until.is_some_and(|until| until.as_second().saturating_add(CLOCK_SKEW) <= now) {
        return Err(Refusal::Expired);
    }
    if from.is_some_and(|from| from.as_second() > now.saturating_add(CLOCK_SKEW)) {
        return Err(Refusal::NotYetValid);
    }
    Ok(())
}

fn read_bitstring(text: &str, uri: &str, keys: &[(String, PublicKey)], now: i64) -> Result<StatusList, Refusal> {
    let jws = Jws::read(text)?;
    jws.require_type("vc+jwt")?;
    jws.verify(&named_key(keys, &jws).ok_or(Refusal::UnknownKey)?)?;
    if jws.payload.get("id").and_then(Value::as_str) != Some(uri) {
        return Err(Refusal::Claim("id of the status list is not its address"));
    }
    require_time(&jws.payload, now)?;
    require_validity(&jws.payload, now)?;
    let subject = jws.payload.get("credentialSubject").unwrap_or(&Value::Null);
    if subject["type"] != "BitstringStatusList" || subject["statusPurpose"] != "revocation" {
        return Err(Refusal::Claim("a BitstringStatusList for revocation"));
    }
    StatusList::from_bitstring(subject["encodedList"].as_str().ok_or(Refusal::Claim("encodedList"))?)
}

/// Claims that stand beside a type's own.
const COMMON: [&str; 11] =
    ["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "sub", "jti"];

/// Whether a claim says something of the credential rather than of its holder: what every SD-JWT VC may have, and who attests
/// it since when.
pub fn is_of_credential(name: &str) -> bool {
    COMMON.contains(&name) || matches!(name, "attested_by" | "attested_at")
}

/// That the metadata is the right document and knows every claim; returns the type's name (SD-JWT VC, sections 5 and 6).
fn check_metadata(credential: &SdJwtVc<'_>, document: &[u8]) -> Result<String, Refusal> {
    if credential
        .text("vct#integrity")
        .is_some_and(|hash| hash.trim_end_matches('=') != sd_jwt_vc::integrity(document).trim_end_matches('='))
    {
        return Err(Refusal::Claim("vct#integrity does not fit the type's metadata"));
    }
    let metadata: Value =
        serde_json::from_slice(document).map_err(|_| Refusal::Malformed("the type's metadata is not JSON"))?;
    if metadata["vct"].as_str() != credential.text("vct") {
        return Err(Refusal::Claim("the type's metadata is of another vct"));
    }
    let claims = metadata["claims"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = |claim: &Value| claim["path"][0].as_str().map(ToOwned::to_owned);
    let known: Vec<String> = claims.iter().filter_map(first).collect();
    let stranger = |name: &&String| !known.contains(name) && !COMMON.contains(&name.as_str());
    if !known.is_empty() && credential.disclosed.claims.keys().any(|name| stranger(&name)) {
        return Err(Refusal::Claim("one that the type does not know"));
    }
    Ok(metadata["name"].as_str().or(credential.text("vct")).unwrap_or_default().to_owned())
}
