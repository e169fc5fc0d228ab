//! The cookies that the server sets, with their attributes.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use cookie::SameSite;

use crate::app::App;
use crate::auth::{CEREMONY_LIFETIME, CONSOLE_SESSION_LIFETIME};
use ambient::HOUR;

/// A kind of cookie: its name, how long the browser keeps it, and its `SameSite` attribute.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    name: &'static str,
    lifetime: Duration,
    same_site: SameSite,
}

/// Secret of a holder's session.
pub const SESSION: Cookie = Cookie::lax("session", Duration::from_secs(400 * 86_400));
/// Secret of a browser that requested a sign-in code. The code is valid only in that browser.
pub const SIGN_IN: Cookie = Cookie::lax("sign-in", HOUR);
/// Tokens of the accounts that this browser was signed in to before. Rate limits of sign-in codes
/// use them to count these browsers separately from strangers.
pub const KNOWN_BROWSER: Cookie = Cookie::lax("known-browser", Duration::from_secs(400 * 86_400));
/// Id of the link that is being opened while its owner signs in.
pub const LINK: Cookie = Cookie::lax("link", HOUR);
/// Path of the holder's page that was asked for without a session. Sign-in leads back to it.
pub const RETURN: Cookie = Cookie::lax("return", HOUR);
/// A form that was sent without a session, encrypted, until its page is shown again.
pub const FORM: Cookie = Cookie::lax("form", HOUR);
/// Id of the wallet's authorization request that is pending while the holder signs in or consents.
pub const AUTHORIZE: Cookie = Cookie::lax("authorize", Duration::from_secs(900));
/// Secret of a WebAuthn ceremony.
pub const CEREMONY: Cookie = Cookie::lax("ceremony", CEREMONY_LIFETIME);
/// Proof that this browser has entered the passcode of a shared link.
pub const SHARE: Cookie = Cookie::lax("share", HOUR);
/// Secret of a browser that sent a request to an outside wallet. The response is valid only in that
/// browser.
pub const PRESENTATION: Cookie = Cookie::lax("presentation", HOUR);
/// Secret of a session in a partner's console. No other site links into the console, so it is
/// `Strict`.
pub const CONSOLE: Cookie = Cookie { same_site: SameSite::Strict, ..Cookie::lax("console", CONSOLE_SESSION_LIFETIME) };
/// Key of a notice that the next page shows once.
pub const NOTICE: Cookie = Cookie::lax("notice", Duration::from_secs(60));

impl Cookie {
    const fn lax(name: &'static str, lifetime: Duration) -> Self {
        Self { name, lifetime, same_site: SameSite::Lax }
    }

    /// Returns the name with its prefix. The `__Host-` prefix (RFC 6265bis, section 4.1.3.2)
    /// requires `Secure`, and so HTTPS.
    fn full_name(self, app: &App) -> String {
        if app.config().is_https() { format!("__Host-tenure-{}", self.name) } else { format!("tenure-{}", self.name) }
    }

    /// Reads the cookie's value from a request.
    pub fn read(self, app: &App, headers: &HeaderMap) -> Option<String> {
        let name = self.full_name(app);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = lines.flat_map(cookie::Cookie::split_parse).filter_map(Result::ok);
        cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    /// Returns the header that sets the cookie to `value`.
    pub fn set(self, app: &App, value: &str) -> SetCookie {
        self.header(app, value, self.lifetime)
    }

    /// Returns the header that removes the cookie.
    pub fn remove(self, app: &App) -> SetCookie {
        self.header(app, "", Duration::ZERO)
    }

    fn header(self, app: &App, value: &str, lifetime: Duration) -> SetCookie {
        let cookie = cookie::Cookie::build((self.full_name(app), value))
            .path("/")
            .http_only(true)
            .same_site(self.same_site)
            .secure(app.config().is_https())
            .max_age(lifetime.try_into().unwrap_or_default());
        SetCookie(cookie.to_string())
    }
}

/// A `Set-Cookie` header. It is added to those that a response has already.
#[derive(Clone, Debug)]
#[must_use]
pub struct SetCookie(String);

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::try_from(self.0) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        Ok(response)
    }
}
