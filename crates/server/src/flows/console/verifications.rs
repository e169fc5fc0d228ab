//! Ids of a partner's verification requests in the addresses of its console.
//!
//! Addresses contain them encrypted: the row id of a request opens its page, and the partner's own
//! id may say something about a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::app::App;

fn label(partner: &Uuid) -> [&[u8]; 2] {
    [b"console-verification", partner.as_bytes()]
}

/// Encrypts the id of `partner`'s request for an address.
pub fn seal_id(app: &App, partner: Uuid, request_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(app.keyring().seal_permanent(&label(&partner), request_id.as_bytes()))
}

/// Decrypts the id in an address; `None` if it was not made for `partner`.
pub fn open_id(app: &App, partner: Uuid, sealed: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let id = app.keyring().open_permanent(&label(&partner), &sealed).ok()?;
    String::from_utf8(id.to_vec()).ok()
}
