//! Checks the claims of a credential against the claim metadata of its type: `mandatory` and `sd`
//! (SD-JWT VC, section 5.6).
//!
//! The page for tokens has the same rules in `crates/server/static/claim-rules.js`. Both are tested
//! with the cases in `tests/signed/verified.json`.

use serde_json::Value;

use crate::format::sd_jwt::{Content, Issued};
use crate::jws::shown;
use crate::verify_error::VerifyError;

/// Maximum number of values that the paths of a type's metadata may visit together. Bounds the work
/// for many paths into a large token.
const MAX_VISITS: usize = 1_000_000;

/// Whether the issuer must make a claim selectively disclosable (section 5.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disclosability {
    Always,
    Allowed,
    Never,
}

/// What the metadata demands of the claims at a path.
#[derive(Debug)]
struct Rule<'m> {
    path: &'m [Value],
    is_mandatory: bool,
    sd: Disclosability,
}

/// The claims that a path selects.
#[derive(Debug)]
struct Selection<'i> {
    found: Vec<&'i Issued>,
    /// Whether the claim may be a withheld member of an object that is shown.
    may_be_withheld: bool,
    /// Whether a withheld claim may contain it.
    may_be_in_withheld: bool,
}

/// Checks the claims as they were issued against the `claims` of the metadata. Returns whether all
/// of them were compared, which is limited.
///
/// A mandatory claim is missing only if it cannot be a withheld one: its absence from a
/// presentation shows nothing if it is, or is in, a claim that the holder may withhold. One that
/// must never be selectively disclosable cannot be withheld by itself.
///
/// # Errors
/// [`VerifyError::ClaimMetadata`].
pub(super) fn compare(issued: &Issued, claims: &Value) -> Result<bool, VerifyError> {
    let malformed = || VerifyError::ClaimMetadata("its list of claims is malformed".to_owned());
    let claims = match claims {
        Value::Null => return Ok(true),
        Value::Array(claims) => claims,
        _ => return Err(malformed()),
    };
    let rules = claims.iter().map(Rule::read).collect::<Option<Vec<Rule<'_>>>>().ok_or_else(malformed)?;
    let mut left = MAX_VISITS;
    for rule in rules {
        let Some(selection) = rule.select(issued, &mut left)? else { return Ok(false) };
        rule.require(&selection)?;
    }
    Ok(true)
}

impl<'m> Rule<'m> {
    /// Parses the metadata of a claim. Returns `None` if it is malformed. `null` counts as absent.
    fn read(claim: &'m Value) -> Option<Self> {
        let is_step = |step: &Value| step.is_string() || step.is_null() || step.is_u64();
        let path = claim["path"].as_array().filter(|path| !path.is_empty() && path.iter().all(is_step))?;
        let is_mandatory = match &claim["mandatory"] {
            Value::Null => false,
            other => other.as_bool()?,
        };
        let sd = match &claim["sd"] {
            Value::Null => Disclosability::Allowed,
            other => match other.as_str()? {
                "always" => Disclosability::Always,
                "allowed" => Disclosability::Allowed,
                "never" => Disclosability::Never,
                _ => return None,
            },
        };
        Some(Self { path, is_mandatory, sd })
    }

    /// Selects the claims (section 5.6.1), in the lists as they were issued. Returns `None` once
    /// `left` values were visited.
    fn select<'i>(&self, root: &'i Issued, left: &mut usize) -> Result<Option<Selection<'i>>, VerifyError> {
        let mut selection = Selection { found: vec![root], may_be_withheld: false, may_be_in_withheld: false };
        for (at, step) in self.path.iter().enumerate() {
            let is_last = at + 1 == self.path.len();
            let mut next: Vec<&Issued> = Vec::new();
            for issued in &selection.found {
                match (step, &issued.content) {
                    // Its content is unknown.
                    (_, Content::Withheld) => selection.may_be_in_withheld = true,
                    (Value::String(name), Content::Object { members, has_withheld }) => match members.get(name) {
                        Some(member) => next.push(member),
                        None if is_last => selection.may_be_withheld |= has_withheld,
                        None => selection.may_be_in_withheld |= has_withheld,
                    },
                    (Value::Null, Content::List(items)) => next.extend(items),
                    (Value::Number(index), Content::List(items)) => {
                        let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                        next.extend(index.and_then(|index| items.get(index)));
                    }
                    _ => return Err(self.broken("does not have the form of its path")),
                }
            }
            let visited = selection.found.len() + next.len();
            let Some(rest) = left.checked_sub(visited) else { return Ok(None) };
            (*left, selection.found) = (rest, next);
        }
        Ok(Some(selection))
    }

    /// Checks the selected claims.
    fn require(&self, selection: &Selection<'_>) -> Result<(), VerifyError> {
        let may_be_withheld = selection.may_be_withheld && self.sd != Disclosability::Never;
        let is_unknown = selection.may_be_in_withheld || may_be_withheld;
        if self.is_mandatory && selection.found.is_empty() && !is_unknown {
            return Err(self.broken("is mandatory and missing"));
        }
        let any = |is_disclosure: bool| selection.found.iter().any(|issued| issued.is_disclosure == is_disclosure);
        match self.sd {
            Disclosability::Always if any(false) => {
                Err(self.broken("must be selectively disclosable (sd: always), but is in the clear"))
            }
            Disclosability::Never if any(true) => {
                Err(self.broken("must not be selectively disclosable (sd: never), but is"))
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, how: &str) -> VerifyError {
        let path = Value::from(self.path).to_string();
        VerifyError::ClaimMetadata(format!("the claim at {} {how}", shown(&path)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn paths_into_a_large_token_are_limited() {
        let item = || Issued { is_disclosure: false, content: Content::Scalar };
        let list = Issued { is_disclosure: false, content: Content::List((0..50_000).map(|_| item()).collect()) };
        let members = HashMap::from([("a".to_owned(), list)]);
        let root = Issued { is_disclosure: false, content: Content::Object { members, has_withheld: false } };
        let rules = |count: usize| Value::from(vec![json!({ "path": ["a", null], "sd": "never" }); count]);
        assert_eq!(compare(&root, &rules(10)), Ok(true));
        assert_eq!(compare(&root, &rules(1000)), Ok(false));
    }
}
