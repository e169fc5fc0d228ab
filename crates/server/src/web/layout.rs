//! The layout that all pages share, and rendering of templates to responses.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};

use super::assets;
use crate::app::App;
use crate::error::Error;
use crate::http::cookies::NOTICE;
use crate::i18n::Text;

/// Data of the layout.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The texts.
    pub text: Text,
    /// Whether this is a demonstration. Every page then has a note about that.
    pub demo: bool,
    /// Whether someone is signed in.
    pub signed_in: bool,
    /// The key of a notice to show once.
    pub notice: Option<&'static str>,
}

/// The notices that may be shown once, after an action.
const NOTICES: &[&str] = &[
    "notice-accepted",
    "notice-deleted",
    "notice-updates-allowed",
    "notice-updates-stopped",
    "notice-update-undone",
    "notice-update-later-first",
    "notice-update-already-undone",
    "notice-update-too-late",
    "notice-update-kept",
    "notice-account-deleted",
    "notice-signed-out",
    "notice-session-ended",
    "notice-form-unsaved",
    "notice-signed-out-everywhere",
    "notice-passkey-added",
    "notice-passkey-removed",
    "notice-share-revoked",
    "notice-offer-replaced",
    "notice-offer-gone",
    "notice-console-ended",
    "notice-console-signed-out",
    "notice-console-others-ended",
    "notice-console-old-secret-revoked",
    "notice-console-passkey-added",
    "notice-console-passkey-removed",
    "notice-console-webhook-changed",
    "notice-console-webhook-deleted",
    "notice-console-test-sent",
    "notice-console-replayed",
    "notice-console-replayed-none",
];

impl Layout {
    /// Creates the layout for a visitor.
    pub fn new(app: &App, signed_in: bool) -> Self {
        Self { text: Text::default(), demo: app.is_demo(), signed_in, notice: None }
    }

    /// Returns the URL of a stylesheet, script or image, which changes with its content.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Adds the notice left by the previous request, if there is one.
    #[must_use]
    pub fn with_notice(mut self, app: &App, headers: &HeaderMap) -> Self {
        let left = NOTICE.read(app, headers);
        self.notice = left.and_then(|left| NOTICES.iter().copied().find(|known| *known == left));
        self
    }
}

/// Renders a page. A notice that it shows is removed from its cookie.
pub fn page(app: &App, template: &impl Template, layout: &Layout) -> Response {
    match template.render() {
        Ok(html) if layout.notice.is_some() => (NOTICE.remove(app), Html(html)).into_response(),
        Ok(html) => Html(html).into_response(),
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Returns the position of `value` on a scale, counted from 1; 0 if it is not on it.
pub fn scale_step(steps: &[&str], value: &str) -> usize {
    steps.iter().position(|step| *step == value).map_or(0, |at| at + 1)
}
