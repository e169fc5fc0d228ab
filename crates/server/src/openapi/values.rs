//! Values of fields in responses and requests, as named enumerations of the OpenAPI document.
//!
//! The responses contain the names of domain types, which know nothing of OpenAPI.

use utoipa::ToSchema;

/// Declares an enumeration for the document; its variants are never constructed.
macro_rules! values {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $value:tt),+ $(,)? }) => {
        #[derive(Debug, serde::Serialize, ToSchema)]
        $(#[$meta])*
        pub enum $name {
            $(#[serde(rename = $value)] $variant,)+
        }
    };
}

values! {
    /// A credential type. More types may be added.
    #[schema(example = "career_history")]
    CredentialType {
        CareerHistory = "career_history",
        Education = "education",
        Microcredential = "microcredential",
        EnglishProficiency = "english_proficiency",
        DigitalIdentity = "digital_identity",
        RightToWork = "right_to_work",
        UniversalCredential = "universal_credential",
    }
}

values! {
    /// The status of a request.
    #[schema(example = "verified")]
    Status { Incomplete = "incomplete", Verified = "verified", Canceled = "canceled" }
}

values! {
    /// Why a request was canceled.
    CancelReason { Declined = "declined", Expired = "expired", Withdrawn = "withdrawn" }
}

values! {
    /// Why a verification request was canceled.
    VerificationCancelReason { Declined = "declined", Expired = "expired" }
}

values! {
    /// The state of a document.
    AssetState {
        Awaited = "awaited",
        Fetching = "fetching",
        Stored = "stored",
        Failed = "failed",
        Deleted = "deleted",
    }
}

values! {
    /// Why a document is not available.
    AssetFailure {
        AddressRefused = "address_refused",
        Unreachable = "unreachable",
        TooLarge = "too_large",
        ContentRefused = "content_refused",
        Late = "late",
    }
}

values! {
    /// The state of a mail with a link.
    NotifyState { Failed = "failed" }
}

values! {
    /// Why a link could not be mailed.
    NotifyFailure { RecipientRejected = "recipient_rejected", Expired = "expired" }
}

values! {
    /// The state of a webhook.
    WebhookState { Active = "active", Paused = "paused", Disabled = "disabled" }
}

values! {
    /// Whether a webhook is enabled.
    WebhookStatus { Enabled = "enabled", Disabled = "disabled" }
}

values! {
    /// The type of a delivered event, test events included. More types may be added.
    #[schema(example = "vwsp_request.verified")]
    DeliveredEventType {
        RequestVerified = "vwsp_request.verified",
        RequestCanceled = "vwsp_request.canceled",
        AddCreated = "atsp_request.created",
        AddOpened = "atsp_request.opened",
        AddSignedIn = "atsp_request.signed_in",
        AddVerified = "atsp_request.verified",
        AddCanceled = "atsp_request.canceled",
        AddNotifyFailed = "atsp_request.notify_failed",
        Test = "tenure.test",
    }
}

values! {
    /// The state of a delivery.
    DeliveryState { Waiting = "waiting", Delivered = "delivered", Failed = "failed" }
}

values! {
    /// The states of deliveries that can be replayed.
    ReplayableState { Delivered = "delivered", Failed = "failed" }
}

values! {
    /// Why a receiver did not respond.
    AttemptError { TimedOut = "timed_out", Unreachable = "unreachable", AddressRefused = "address_refused" }
}

values! {
    /// The overall result of the checks.
    Verdict {
        Valid = "valid",
        Invalid = "invalid",
        Replaced = "replaced",
        Expired = "expired",
        NotCheckable = "not_checkable",
        IssuerUnknown = "issuer_unknown",
    }
}

values! {
    /// The name of a check. More checks may be added.
    CheckName {
        Signature = "signature",
        Issuer = "issuer",
        Holder = "holder",
        Status = "status",
        Dates = "dates",
        Schema = "schema",
    }
}

values! {
    /// The result of one check.
    CheckOutcome { Passed = "passed", Failed = "failed", NotChecked = "not_checked" }
}

values! {
    /// How an issuer is trusted.
    IssuerTrust { Own = "own", Listed = "listed", Unknown = "unknown" }
}

values! {
    /// Why an issuer is trusted.
    TrustKind { Own = "own", ListedKey = "listed_key", CertificateChain = "certificate_chain" }
}

values! {
    /// The result of comparing names with each other.
    NameConsistency {
        Same = "same",
        Similar = "similar",
        Different = "different",
        NotComparable = "not_comparable",
    }
}

values! {
    /// The format of a signed credential. More formats may be added.
    SignedFormat { SdJwtVc = "dc+sd-jwt", VcJwt = "vc+jwt", JwtVcJson = "jwt_vc_json" }
}

values! {
    /// The grant of a token request.
    GrantType { ClientCredentials = "client_credentials" }
}

values! {
    /// The type of an access token.
    TokenType { Bearer = "Bearer" }
}

values! {
    /// An error code of the token endpoint.
    TokenError {
        InvalidRequest = "invalid_request",
        InvalidClient = "invalid_client",
        UnsupportedGrantType = "unsupported_grant_type",
        InvalidScope = "invalid_scope",
        TemporarilyUnavailable = "temporarily_unavailable",
        ServerError = "server_error",
    }
}
