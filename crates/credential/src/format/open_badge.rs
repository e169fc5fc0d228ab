//! Open Badges 3.0: an achievement in a Verifiable Credential (Open Badges 3.0, sections 5 and
//! B.1).

use serde_json::{Value, json};

use super::statement::{IssuerProfile, Statement};
use crate::credential_type::Achievement;

const CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
const SCHEMA: &str = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json";

/// Turns `credential` into an Open Badge. The subject's fields stay beside the achievement.
pub(super) fn add_achievement(
    credential: &mut Value,
    achievement: &Achievement,
    issuer: &IssuerProfile<'_>,
    statement: &Statement<'_>,
) {
    let said = |name: &str| statement.fields[name].as_str().unwrap_or_default();
    let (name, creator) = (said(achievement.name), said(achievement.creator));
    if let Some(contexts) = credential["@context"].as_array_mut() {
        contexts.insert(1, CONTEXT.into());
    }
    credential["name"] = name.into();
    credential["issuer"]["type"] = json!(["Profile"]);
    credential["issuer"]["url"] = issuer.address.into();
    let own = credential["credentialSchema"].take();
    credential["credentialSchema"] = json!([{ "id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019" }, own]);
    let subject = &mut credential["credentialSubject"];
    subject["type"] = json!(["AchievementSubject"]);
    subject["identifier"] = json!([{
        "type": "IdentityObject",
        "hashed": false,
        "identityHash": said("full_name"),
        "identityType": "name",
    }]);
    subject["achievement"] = json!({
        "id": format!("{}#achievement", statement.id),
        "type": ["Achievement"],
        "name": name,
        "description": (statement.credential_type.headline)(statement.fields),
        "criteria": { "narrative": format!("{} attests that {creator} has awarded this.", statement.attester) },
        "creator": { "id": format!("{}#creator", statement.id), "type": ["Profile"], "name": creator },
    });
    if let Some(kind) = achievement.achievement_type {
        subject["achievement"]["achievementType"] = kind.into();
    }
}
