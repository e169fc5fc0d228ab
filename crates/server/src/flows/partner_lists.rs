//! Lists of a partner's own submissions and verification requests, page by page.
//!
//! A cursor is encrypted for its list and partner: it contains the row id of a verification
//! request, which opens the request's page (D-217).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use store::{ListFilter, ListedSubmission, ListedVerification, Page};

/// A request for one page of a list.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The rows to list.
    pub filter: ListFilter,
    /// The cursor of the page; `None` for the first one.
    pub cursor: Option<String>,
    /// Maximum number of rows.
    pub limit: usize,
}

#[derive(Clone, Debug)]
pub struct ListPage<T> {
    /// Newest first.
    pub rows: Vec<T>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug)]
enum List {
    Submissions,
    VerificationRequests,
}

impl List {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Submissions => b"submissions",
            Self::VerificationRequests => b"verification-requests",
        }
    }

    fn label(self, partner: &Uuid) -> [&[u8]; 3] {
        [b"list-cursor", self.name(), partner.as_bytes()]
    }

    /// Decrypts a cursor of this list.
    fn open(self, app: &App, partner: Uuid, cursor: &str) -> Result<Uuid, Error> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok();
        let opened = sealed.and_then(|sealed| app.keyring().open_permanent(&self.label(&partner), &sealed).ok());
        opened.and_then(|id| Uuid::from_slice(&id).ok()).ok_or_else(|| {
            let detail = "Invalid query: cursor must be the next_cursor of an earlier response of this list to you.";
            Error::new(Kind::Malformed, detail)
        })
    }

    /// Encrypts the id that the next page begins below.
    fn seal(self, app: &App, partner: Uuid, id: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(app.keyring().seal_permanent(&self.label(&partner), id.as_bytes()))
    }

    fn page<T>(self, app: &App, partner: Uuid, page: Page<T>) -> ListPage<T> {
        ListPage { rows: page.rows, next: page.next.map(|next| self.seal(app, partner, next)) }
    }
}

/// Returns a page of `partner`'s submissions, newest first.
///
/// # Errors
/// 400 if the cursor is not one of this list and partner; the store cannot be used.
pub async fn submissions(app: &App, partner: Uuid, request: &PageRequest) -> Result<ListPage<ListedSubmission>, Error> {
    let list = List::Submissions;
    let before = request.cursor.as_deref().map(|cursor| list.open(app, partner, cursor)).transpose()?;
    let mut tx = app.store().read().await?;
    let found =
        tx.filtered_submissions(partner, &request.filter, before, app.trusted_time().now(), request.limit).await?;
    Ok(list.page(app, partner, found))
}

/// Returns a page of `partner`'s verification requests, newest first.
///
/// # Errors
/// As [`submissions`].
pub async fn verification_requests(
    app: &App,
    partner: Uuid,
    request: &PageRequest,
) -> Result<ListPage<ListedVerification>, Error> {
    let list = List::VerificationRequests;
    let before = request.cursor.as_deref().map(|cursor| list.open(app, partner, cursor)).transpose()?;
    let mut tx = app.store().read().await?;
    let found =
        tx.list_verifications(partner, &request.filter, before, app.trusted_time().now(), request.limit).await?;
    Ok(list.page(app, partner, found))
}
