//! Labels of claims and credentials of other issuers, for people who are asked to show them.

use crate::dcql::{ClaimsPath, Step};
use crate::types::Type;

/// Labels of claims by their path, without indices: the claims of an EUDI PID (ARF, annex 3.01) and
/// of OpenID Connect Core 1.0, section 5.1.
const LABELS: &[(&[&str], &str)] = &[
    (&["given_name"], "First names"),
    (&["family_name"], "Surname"),
    (&["birth_given_name"], "First names at birth"),
    (&["birth_family_name"], "Surname at birth"),
    (&["name"], "Full name"),
    (&["birthdate"], "Date of birth"),
    (&["birth_date"], "Date of birth"),
    (&["place_of_birth"], "Place of birth"),
    (&["place_of_birth", "locality"], "Town or city of birth"),
    (&["place_of_birth", "region"], "Region of birth"),
    (&["place_of_birth", "country"], "Country of birth"),
    (&["nationalities"], "Nationalities"),
    (&["address"], "Address"),
    (&["address", "formatted"], "Address"),
    (&["address", "street_address"], "Address: street"),
    (&["address", "house_number"], "Address: house number"),
    (&["address", "locality"], "Address: town or city"),
    (&["address", "region"], "Address: region"),
    (&["address", "postal_code"], "Address: postcode"),
    (&["address", "country"], "Address: country"),
    (&["sex"], "Sex"),
    (&["gender"], "Gender"),
    (&["picture"], "Photo"),
    (&["portrait"], "Photo"),
    (&["email"], "Email address"),
    (&["phone_number"], "Phone number"),
    (&["age_in_years"], "Age"),
    (&["age_birth_year"], "Year of birth"),
    (&["age_equal_or_over"], "Whether you have reached certain ages"),
    (&["personal_administrative_number"], "National identification number"),
    (&["document_number"], "Document number"),
    (&["date_of_issuance"], "Date of issue"),
    (&["date_of_expiry"], "Expiry date"),
    (&["issuing_authority"], "Issuing authority"),
    (&["issuing_country"], "Issuing country"),
    (&["issuing_jurisdiction"], "Issuing region"),
];

/// Names of credentials by the beginning of their `vct`.
const CREDENTIALS: [(&str, &str); 1] = [("urn:eudi:pid:", "Person identification data (PID)")];

/// Returns the labels of claims in a credential that stands for the type `known`, so that different
/// claims have different labels. A claim that is not known here has its issuer's name in quotation
/// marks, because partners choose these names and people read them as part of the page.
pub(crate) fn claim_labels<'a>(known: Type, paths: impl Iterator<Item = &'a ClaimsPath>) -> Vec<String> {
    let claims: Vec<(Option<String>, String)> = paths.map(|path| (known_label(known, path), name_of(path))).collect();
    let is_shared = |label: &String, name: &String| {
        claims.iter().any(|(other, others_name)| other.as_ref() == Some(label) && others_name != name)
    };
    let label = |(label, name): &(Option<String>, String)| match label {
        None => quoted(name),
        Some(label) if is_shared(label, name) => format!("{label} ({})", quoted(name)),
        Some(label) => label.clone(),
    };
    claims.iter().map(label).collect()
}

/// Returns the label of a claim that is known here.
fn known_label(known: Type, path: &ClaimsPath) -> Option<String> {
    let names = path.steps().iter().filter_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        Step::Index(_) | Step::All => None,
    });
    let names: Vec<&str> = names.collect();
    if let ["age_equal_or_over", age] = names.as_slice()
        && age.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(format!("Whether you are {age} or older"));
    }
    let listed = LABELS.iter().find(|(listed, _)| *listed == names.as_slice()).map(|(_, label)| *label);
    let label = listed.or_else(|| {
        let [name] = names.as_slice() else { return None };
        let member = known.fields.iter().find(|member| member.name == *name)?;
        Some(member.label).filter(|label| !label.is_empty())
    });
    label.map(ToOwned::to_owned)
}

/// Returns the name of a claim in its credential, with the names of its members and the numbers of
/// list entries, from 1.
fn name_of(path: &ClaimsPath) -> String {
    let mut text = String::new();
    for step in path.steps() {
        match step {
            Step::Name(name) => {
                let separator = if text.is_empty() { "" } else { ": " };
                text.push_str(separator);
                text.push_str(name);
            }
            Step::Index(at) => text.push_str(&format!(" (entry {})", at.saturating_add(1))),
            Step::All => {}
        }
    }
    text
}

/// Returns a name in quotation marks and with Unicode isolation (UAX 9, section 2.4), so that it
/// neither reads as text of the page nor changes the direction of the text around it.
fn quoted(name: &str) -> String {
    let name = name.replace(['“', '”'], "\"");
    format!("“\u{2068}{name}\u{2069}”")
}

/// Returns the name of a credential for people; its `vct` if it is not known.
pub(crate) fn credential_name(vct: &str) -> String {
    let known = CREDENTIALS.iter().find(|(start, _)| vct.starts_with(start));
    known.map_or(vct, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_have_labels_or_their_quoted_names() {
        let known: Type = "digital_identity".parse().expect("a type");
        let quoted = |name: &str| format!("“\u{2068}{name}\u{2069}”");
        for (path, label) in [
            (json!(["given_name"]), "First names".to_owned()),
            (json!(["nationalities", null]), "Nationalities".to_owned()),
            (json!(["address", "locality"]), "Address: town or city".to_owned()),
            (json!(["address.locality"]), quoted("address.locality")),
            (json!(["age_equal_or_over", "18"]), "Whether you are 18 or older".to_owned()),
            (json!(["age_equal_or_over", "x"]), quoted("age_equal_or_over: x")),
            (json!(["full_name"]), "Full name".to_owned()),
            (json!(["tax_number"]), quoted("tax_number")),
            (json!(["taxNumber", 0, "valid-until"]), quoted("taxNumber (entry 1): valid-until")),
            (json!(["_"]), quoted("_")),
            (json!(["Nothing” and “else"]), quoted("Nothing\" and \"else")),
        ] {
            let read = ClaimsPath::read(&path).expect("a path");
            assert_eq!(claim_labels(known, [&read].into_iter()), [label], "{path}");
        }
    }

    #[test]
    fn known_credentials_have_names() {
        assert_eq!(credential_name("urn:eudi:pid:1"), "Person identification data (PID)");
        assert_eq!(credential_name("urn:eudi:pid:de:1"), "Person identification data (PID)");
        assert_eq!(credential_name("urn:eudi:pids:1"), "urn:eudi:pids:1");
    }
}
