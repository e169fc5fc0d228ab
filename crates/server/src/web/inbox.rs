//! `/dev/inbox`: the mails of a demonstration. This route only exists in `tenure demo`.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::http::session::Visitor;

/// Maximum number of mails shown, newest first.
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
    let folder = app.config().storage.data_dir.join("mail");
    let mut paths: Vec<_> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    // File names are ids, which sort by time.
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

/// Parses one of our own plain-text mails: headers, an empty line, the text.
fn parse(source: &str) -> Mail {
    let (head, body) = source.split_once("\r\n\r\n").unwrap_or((source, ""));
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let is_quoted = header("Content-Transfer-Encoding:") == "quoted-printable";
    let body = if is_quoted { unquoted(body) } else { body.to_owned() };
    Mail { to: header("To:"), subject: header("Subject:"), body: body.replace("\r\n", "\n") }
}

/// Decodes quoted-printable (RFC 2045, section 6.7), which our mails use for long lines and for
/// equals signs in links.
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        bytes.extend_from_slice(if byte.is_some() { &piece.as_bytes()[2..] } else { piece.as_bytes() });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quoted_printable_bodies_are_decoded() {
        let head = "To: ada@example.org\r\nSubject: Hello\r\nContent-Transfer-Encoding: ";
        let mail =
            parse(&format!("{head}quoted-printable\r\n\r\n/add#clientId=3D1&c=\r\nontent=3D2\r\nAm=C3=A9lie\r\n"));
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.org", "Hello"));
        assert_eq!(mail.body, "/add#clientId=1&content=2\nAm\u{e9}lie\n");
        assert_eq!(parse(&format!("{head}7bit\r\n\r\na=3Db\r\n")).body, "a=3Db\n");
    }
}
