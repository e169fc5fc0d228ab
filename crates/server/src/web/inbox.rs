//! `/dev/inbox`: the mails of a demonstration. This route exists under `tenure demo` alone.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::Visitor;
use crate::error::Error;

/// How many mails are shown, newest first.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    layout: Layout,
    mails: Vec<Mail>,
}

struct Mail {
    to: String,
    subject: String,
    body: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/dev/inbox", get(inbox))
}

async fn inbox(State(app): State<App>, Visitor(visitor): Visitor) -> Result<Response, Error> {
    let folder = app.config.storage.data.join("mail");
    let mut paths: Vec<_> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    // Names are ids that sort by time.
    paths.sort_unstable_by(|left, right| right.cmp(left));
    let mails = paths
        .iter()
        .take(SHOWN)
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|source| parse(&source))
        .collect();
    let layout = Layout::new(&app, visitor.is_some());
    Ok(page(&app, &Inbox { layout: layout.clone(), mails }, &layout))
}

/// Our own plain mails: headers, an empty line, the text.
fn parse(source: &str) -> Mail {
    let (head, body) = source.split_once("\r\n\r\n").unwrap_or((source, ""));
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    Mail { to: header("To:"), subject: header("Subject:"), body: body.replace("=\r\n", "").replace("\r\n", "\n") }
}
