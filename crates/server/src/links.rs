//! Every public URL that Tenure hands out.
//!
//! The router's paths must match; the HTTP tests follow each of these links.

use std::sync::Arc;

use credential::Type;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use store::domain::verification::Verification;
use uuid::Uuid;

/// Path of the page where a holder signs in.
pub const SIGN_IN: &str = "/sign-in";

/// Returns the path of the page where a partner signs in to its console. It then leads to `page`.
pub fn console_sign_in(page: Option<&str>) -> String {
    let query = page.map(|page| format!("?to={page}")).unwrap_or_default();
    format!("/console/sign-in{query}")
}

/// Returns `path` if a redirect after sign-in may lead to it: only pages of the console qualify.
pub fn console_page(path: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/';
    let rest = path.strip_prefix("/console")?;
    let is_page = rest.is_empty() || (rest.starts_with('/') && rest != "/sign-in" && rest != "/sign-out");
    (is_page && rest.bytes().all(is_plain) && !rest.contains("//")).then_some(path)
}

/// Returns `path` if sign-in may lead back to it: only pages of holders qualify.
pub fn holder_page(path: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/';
    let mut parts = path.strip_prefix('/')?.split('/');
    let is_page = match (parts.next(), parts.next()) {
        // A download, which leaves the visitor on the page for signing in.
        (Some("wallet"), Some("export")) => false,
        (Some("wallet" | "account"), _) | (Some("requests" | "verifications" | "documents"), Some(_)) => true,
        _ => false,
    };
    (is_page && path.bytes().all(is_plain) && !path.contains("//")).then_some(path)
}

/// Returns the address that identifies and documents a kind of error (RFC 9457, section 3.1.1).
/// `base` is the server's base URL.
pub fn error_type(base: &str, name: &str) -> String {
    format!("{base}/docs#error-{name}")
}

/// Builds URLs under the server's base URL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links(Arc<str>);

impl Links {
    /// Creates URLs under `base`, which does not end in a slash.
    pub fn new(base: &str) -> Self {
        Self(base.into())
    }

    /// Returns the base URL, which is also the issuer's identifier.
    pub fn base(&self) -> &str {
        &self.0
    }

    /// Returns the identifier of the Partner API: of its authorization server, and as the audience
    /// of access tokens.
    pub fn partner_api(&self) -> String {
        format!("{}/api/partner", self.0)
    }

    /// Returns the address where partners get access tokens.
    pub fn partner_token(&self) -> String {
        format!("{}/api/partner/v1/oauth/token", self.0)
    }

    /// Returns the address of the metadata of the Partner API (RFC 9728, section 3.1).
    pub fn partner_api_metadata(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource/api/partner", self.0)
    }

    /// Returns the address of the public keys (RFC 7517, section 5).
    pub fn jwks(&self) -> String {
        format!("{}/.well-known/jwks.json", self.0)
    }

    /// Returns the address of the API reference.
    pub fn docs(&self) -> String {
        format!("{}/docs", self.0)
    }

    /// Returns the link of one push: form-encoded parameters in the fragment, in the documented
    /// order (docs/partner-api.md section 8). `content` is the server's id, so that knowing the
    /// partner's id does not open the link.
    pub fn push(&self, credential_type: Type, partner: Uuid, request: Uuid, document_type: Option<&str>) -> String {
        format!(
            "{}/partner/add/{}#clientId={partner}&documentType={}&content={request}",
            self.0,
            credential_type.redirect_name,
            document_type.unwrap_or("none")
        )
    }

    /// Returns the link of a batch, which has no `documentType`.
    pub fn batch(&self, partner: Uuid, request: Uuid) -> String {
        format!("{}/partner/add/batch#clientId={partner}&content={request}", self.0)
    }

    /// Returns the link of a verification request, in the same form as a push's
    /// (docs/partner-api.md section 8).
    pub fn verification_request(&self, request: &Verification) -> String {
        let Verification { credential_type, partner_id, id, .. } = request;
        format!("{}/partner/verify/{}#clientId={partner_id}&content={id}", self.0, credential_type.redirect_name)
    }

    /// Returns the audience of the holder's signature for a verification request that is completed
    /// on our own page.
    pub fn verification_audience(&self, request: Uuid) -> String {
        format!("{}/verifications/{request}", self.0)
    }

    /// Returns the link of a share. It contains the share's secret.
    pub fn share(&self, secret: &str) -> String {
        format!("{}/share/{secret}", self.0)
    }

    /// Returns the audience of the holder's signature in a share: its public id, since a
    /// presentation must not contain the link's secret.
    pub fn share_audience(&self, share: Uuid) -> String {
        format!("{}/share/{share}", self.0)
    }

    /// Returns the link that finishes the sign-up for a sandbox partner.
    pub fn sandbox_sign_up(&self, token: &str) -> String {
        format!("{}/sandbox/create/{token}", self.0)
    }

    /// Returns the address of a document in the holder's wallet.
    pub fn document(&self, document: Uuid) -> String {
        format!("{}/documents/{document}", self.0)
    }

    /// Returns the address to upload a document to with `token`.
    pub fn upload(&self, token: &str) -> String {
        format!("{}/api/partner/v2/uploads/{token}", self.0)
    }

    /// Returns the address of a status list.
    pub fn status_list(&self, list: Uuid) -> String {
        format!("{}/status/{list}", self.0)
    }

    /// Returns the address where all status lists are listed.
    pub fn status_lists(&self) -> String {
        format!("{}/status", self.0)
    }

    /// Returns the address of the metadata of a type (SD-JWT VC, section 5.3.1), which is the `vct`
    /// of its credentials. `path` is the type's name, followed by the number of a later version.
    pub fn type_metadata(&self, path: &str) -> String {
        format!("{}/credentials/{path}", self.0)
    }

    /// Returns the address of an endpoint for wallets, such as `token` or `credential`.
    pub fn oid4vci(&self, endpoint: &str) -> String {
        format!("{}/oid4vci/{endpoint}", self.0)
    }

    /// Returns the link that opens a holder's credential offer in a wallet app (OpenID4VCI 1.0,
    /// section 4.1.3).
    pub fn offer(&self, offer: Uuid) -> String {
        let address = format!("{}/oid4vci/offers/{offer}", self.0);
        format!("openid-credential-offer://?credential_offer_uri={}", utf8_percent_encode(&address, NON_ALPHANUMERIC))
    }

    /// Returns the address of a push's credential offer, which the partner passes on.
    pub fn push_offer(&self, request: Uuid) -> String {
        format!("{}/oid4vci/requests/{request}/offer", self.0)
    }

    /// Returns the address from which a wallet fetches a presentation request (OpenID4VP 1.0,
    /// section 5.10).
    pub fn presentation_request(&self, presentation: Uuid) -> String {
        format!("{}/openid4vp/requests/{presentation}", self.0)
    }

    /// Returns the address to which a wallet sends its response (OpenID4VP 1.0, section 8.2).
    pub fn presentation_response(&self, presentation: Uuid) -> String {
        format!("{}/openid4vp/responses/{presentation}", self.0)
    }

    /// Returns the page that shows the state of a presentation.
    pub fn presentation(&self, presentation: Uuid) -> String {
        format!("{}/presentations/{presentation}", self.0)
    }

    /// Returns the page to which a wallet sends the person after its response.
    pub fn presentation_return(&self, presentation: Uuid, response_code: &str) -> String {
        format!("{}/presentations/{presentation}/return?response_code={response_code}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_returns_only_to_pages_of_the_console() {
        for good in ["/console", "/console/submissions", "/console/submissions/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"] {
            assert_eq!(console_page(good), Some(good));
        }
        for bad in [
            "",
            "/",
            "/wallet",
            "/consolee",
            "/console//evil.example",
            "/console/sign-in",
            "https://evil.example",
            "/console/x?y",
            "/console/\\evil",
        ] {
            assert_eq!(console_page(bad), None, "{bad}");
        }
    }

    #[test]
    fn sign_in_returns_only_to_pages_of_holders() {
        let id = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70";
        let pages = [format!("/requests/{id}"), format!("/wallet/credentials/{id}/share"), format!("/documents/{id}")];
        for good in pages.iter().map(String::as_str).chain(["/wallet", "/wallet/shares", "/account/delete"]) {
            assert_eq!(holder_page(good), Some(good));
        }
        for bad in [
            "",
            "/",
            "/wallets",
            "/wallet/export",
            "/requests",
            "/sign-in",
            "//wallet",
            "/wallet//evil.example",
            "https://evil.example/wallet",
            "/wallet?x",
            "/wallet/\\evil",
        ] {
            assert_eq!(holder_page(bad), None, "{bad}");
        }
    }
}
