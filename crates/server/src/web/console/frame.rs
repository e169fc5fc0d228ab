//! The frame of the console's pages, with its navigation.

use axum::http::HeaderMap;

use crate::app::App;
use crate::http::session::SignedInPartner;
use crate::web::Layout;

/// A section in the navigation of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Submissions,
    Verifications,
    Requests,
    Webhooks,
    Credentials,
    Explorer,
}

impl Section {
    pub(super) const ALL: [Self; 7] = [
        Self::Overview,
        Self::Submissions,
        Self::Verifications,
        Self::Requests,
        Self::Webhooks,
        Self::Credentials,
        Self::Explorer,
    ];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Submissions => "/console/submissions",
            Self::Verifications => "/console/verifications",
            Self::Requests => "/console/requests",
            Self::Webhooks => "/console/webhooks",
            Self::Credentials => "/console/credentials",
            Self::Explorer => "/console/explorer",
        }
    }

    /// Returns the page of the documentation about it.
    fn docs(self) -> &'static str {
        match self {
            Self::Overview => "/docs",
            Self::Submissions => "/docs/guides/push",
            Self::Verifications => "/docs/guides/verify",
            Self::Requests => "/docs/errors",
            Self::Webhooks => "/docs/guides/webhooks",
            Self::Credentials => "/docs/guides/basics",
            Self::Explorer => "/docs/guides/sandbox",
        }
    }

    /// Returns the text key of its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Overview => "console-overview",
            Self::Submissions => "console-submissions",
            Self::Verifications => "console-verifications",
            Self::Requests => "console-requests",
            Self::Webhooks => "console-webhooks",
            Self::Credentials => "console-credentials",
            Self::Explorer => "console-explorer",
        }
    }
}

/// The partner whose console it is, and the section of the page. Both are missing before sign-in,
/// and the section on error pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub(super) partner: Option<String>,
    pub(super) section: Option<Section>,
}

impl Frame {
    pub(super) fn new(user: &SignedInPartner, section: Section) -> Self {
        Self { partner: Some(user.partner.name.clone()), section: Some(section) }
    }

    pub(super) fn sections(&self) -> [Section; Section::ALL.len()] {
        Section::ALL
    }

    /// Returns the page of the documentation about the section of this page.
    pub(super) fn docs(&self) -> &'static str {
        self.section.map_or("/docs", Section::docs)
    }

    /// Whether the page is in the section `other`.
    pub(super) fn is_in(&self, other: &Section) -> bool {
        self.section == Some(*other)
    }
}

pub(super) fn layout(app: &App, headers: &HeaderMap) -> Layout {
    Layout::new(app, true).with_notice(app, headers)
}

/// Logs an action in a console with its partner. Never contains personal data.
pub(super) fn audit(user: &SignedInPartner, done: &'static str) {
    tracing::info!(partner = %user.partner.id, done, "done in the console");
}
