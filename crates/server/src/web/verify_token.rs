//! `/verify`: verifies a pasted token in the browser. The token is not sent to the server.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use credential::{FRESH_MONTHS, Member, Shape};

use super::shared_page::checks::{self, Word};
use super::{Layout, page};
use crate::app::App;
use crate::http::PAGE_POLICY;
use crate::http::session::Visitor;

#[derive(Template)]
#[template(path = "verify_token.html")]
struct VerifyTokenPage {
    layout: Layout,
}

impl VerifyTokenPage {
    /// Text keys that only this page uses.
    const OWN: [&'static str; 90] = [
        "step-signature",
        "step-issuer",
        "step-holder",
        "step-status",
        "step-dates",
        "step-schema",
        "step-names",
        "unchecked-names-none",
        "unchecked-names-one",
        "unchecked-names-several",
        "token-said",
        "token-checks",
        "token-checked",
        "token-checking",
        "token-yes",
        "token-no",
        "token-fact-kind",
        "token-fact-issuer",
        "token-fact-attester",
        "token-fact-attested",
        "token-fact-signed",
        "token-fact-until",
        "token-year",
        "token-fact-not-shown",
        "token-not-shown-at-most",
        "token-present",
        "token-label-jobs",
        "token-label-employer",
        "token-label-chain",
        "token-label-data-to",
        "token-label-role-type",
        "token-signer-own",
        "token-signer-other",
        "token-good",
        "token-good-plain",
        "token-good-no-status",
        "token-replaced",
        "token-awaiting-graduation",
        "token-old-data",
        "token-old-data-planned",
        "token-old-data-jobs",
        "verdict-old-job",
        "verdict-old-job-planned",
        "verdict-more-jobs",
        "token-status",
        "token-status-reason",
        "token-outside",
        "token-outside-status",
        "token-outside-status-reason",
        "token-holder",
        "token-ask",
        "token-ask-site",
        "token-algorithm",
        "token-older-type",
        "token-kind",
        "token-hash-algorithm",
        "token-data-model",
        "token-other-access-token",
        "token-other-key-proof",
        "token-other-key-binding",
        "token-other-attestation",
        "token-other-status-list",
        "token-other-presentation",
        "token-other-request",
        "token-other-metadata",
        "token-issuer-name",
        "token-no-issuer",
        "token-bare-key",
        "token-unreachable",
        "token-no-key",
        "token-no-key-status",
        "token-dates",
        "token-browser",
        "token-content-pdf",
        "token-content-image",
        "token-content-archive",
        "token-content-jwe",
        "token-content-json-ld",
        "token-content-json-jws",
        "token-content-wallet-link",
        "token-content-share-link",
        "token-content-keys",
        "token-content-cut-token",
        "token-content-base64",
        "token-not-signed",
        "token-missing-tilde",
        "token-broken",
        "token-bad",
        "token-bad-list",
        "token-bad-holder",
    ];

    /// Texts of shared pages that mention the link or this site, with the keys of their
    /// replacements on this page.
    const REPLACED: [(&'static str, &'static str); 10] = [
        ("passed-issuer", "token-passed-issuer"),
        ("passed-holder", "token-passed-holder"),
        ("passed-schema", "token-passed-schema"),
        ("unchecked-elsewhere", "token-unchecked-elsewhere"),
        ("unchecked-unanswered", "token-unchecked-unanswered"),
        ("unchecked-not-shown", "token-unchecked-not-shown"),
        ("refused-malformed", "token-refused-malformed"),
        ("refused-signature-missing", "token-refused-signature-missing"),
        ("refused-type", "token-refused-type"),
        ("refused-unknown-issuer", "token-refused-unknown-issuer"),
    ];

    /// Returns the texts for the page's script.
    fn words() -> impl Iterator<Item = Word> {
        let shared = checks::words().map(|word| {
            let other = Self::REPLACED.iter().find(|(key, _)| *key == word.key);
            Word { text: other.map_or(word.text, |(_, text)| text), ..word }
        });
        shared.chain(Self::OWN.into_iter().map(|key| Word { key, text: key, cause: None }))
    }

    /// Returns the names of all fields in the order in which their types declare them, because the
    /// fields of a token are unordered.
    fn field_order(&self) -> String {
        let mut names = Vec::new();
        credential::ALL.iter().for_each(|known| add_names(known.fields, &mut names));
        names.join(" ")
    }
}

fn add_names(members: &[Member], names: &mut Vec<&'static str>) {
    for member in members {
        if !names.contains(&member.name) {
            names.push(member.name);
        }
        match member.shape {
            Shape::Object(inner) => add_names(inner, names),
            Shape::List { of: Shape::Object(inner), .. } => add_names(inner, names),
            _ => {}
        }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/verify", get(show))
}

/// Renders the page. It is the only one whose script may connect to other issuers, to fetch their
/// keys.
async fn show(State(app): State<App>, Visitor(visitor): Visitor) -> Response {
    let layout = Layout::new(&app, visitor.is_some());
    let mut response = page(&app, &VerifyTokenPage { layout: layout.clone() }, &layout);
    let policy = PAGE_POLICY.replace("connect-src 'self'", "connect-src 'self' https:");
    let policy = HeaderValue::try_from(format!("{policy}; form-action 'self'"));
    response.headers_mut().extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quoted names in the scripts that are element ids or classes, not text keys.
    const NOT_TEXTS: [&str; 2] = ["token-another", "token-items"];

    #[test]
    fn every_text_of_the_script_is_on_the_page() {
        let scripts = [
            include_str!("../../static/verify-token.js"),
            include_str!("../../static/token-fields.js"),
            include_str!("../../static/doubts.js"),
        ]
        .concat();
        let asked = scripts.split('"').filter(|text| text.starts_with("token-") && !NOT_TEXTS.contains(text));
        let names = ["step-names", "unchecked-names-none", "unchecked-names-one", "unchecked-names-several"];
        let others = ["step-signature", "step-schema", "outcome-doubtful", "hire-asked"];
        for key in asked.chain(names).chain(others) {
            assert!(VerifyTokenPage::words().any(|word| word.key == key), "{key}");
        }
    }

    #[test]
    fn every_recognised_content_has_a_text() {
        for content in credential::OtherContent::ALL {
            let key = format!("token-content-{}", content.name());
            assert!(VerifyTokenPage::words().any(|word| word.key == key), "{key}");
        }
    }
}
