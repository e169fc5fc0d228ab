//! Requests to verify a token (a Tenure extension).

use crate::jws::MAX_BYTES;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object};
use crate::submission::{ParseError, object, text};

/// Maximum number of characters in an audience or a nonce.
const CHALLENGE: usize = 2000;

const MEMBERS: [Member; 3] = [
    Member {
        name: "token",
        shape: Shape::Verbatim { most: MAX_BYTES },
        presence: Presence::Required,
        label: "",
        meaning: "The token, exactly as you received it.",
        example: "",
    },
    Member {
        name: "audience",
        shape: Shape::Identifier { most: CHALLENGE },
        presence: Presence::Nullable,
        label: "",
        meaning: "The audience that the holder must have presented it to.",
        example: r#""https://hr.example""#,
    },
    Member {
        name: "nonce",
        shape: Shape::Identifier { most: CHALLENGE },
        presence: Presence::Nullable,
        label: "",
        meaning: "The nonce that the holder must have signed with it.",
        example: r#""n-0S6_WzA2Mj""#,
    },
];

/// A token to verify, and the challenge that its holder must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenToVerify {
    /// The text that contains the token.
    pub token: String,
    /// The verifier that the holder must have presented it to.
    pub audience: Option<String>,
    /// The nonce that the holder must have signed.
    pub nonce: Option<String>,
}

impl TokenToVerify {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// [`ParseError`], as for a submission.
    pub fn parse(source: &[u8]) -> Result<Self, ParseError> {
        let (mut object, mut field_errors) = object(source)?;
        check_object(&mut object, &MEMBERS, &Path::Root, &mut field_errors);
        field_errors.into_result(source).map_err(ParseError::Invalid)?;
        let mut optional = |name| object.remove(name).map(|value| text(Some(value)));
        let (audience, nonce) = (optional("audience"), optional("nonce"));
        Ok(Self { token: text(object.remove("token")), audience, nonce })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(body: &str) -> Vec<(String, &'static str)> {
        match TokenToVerify::parse(body.as_bytes()) {
            Err(ParseError::Invalid(field_errors)) => {
                field_errors.into_iter().map(|field_error| (field_error.pointer, field_error.code.as_str())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pasted_texts_are_kept_unchanged() {
        let read = TokenToVerify::parse(br#"{ "token": " \"eyJ.\r\ne30\" ", "nonce": "n", "audience": null }"#);
        let expected =
            TokenToVerify { token: " \"eyJ.\r\ne30\" ".to_owned(), audience: None, nonce: Some("n".to_owned()) };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn field_errors_of_the_body_are_listed() {
        assert_eq!(codes("{}"), [(String::new(), "field.missing")]);
        assert_eq!(codes(r#"{ "token": "" }"#), [("/token".to_owned(), "text.empty")]);
        assert_eq!(codes(r#"{ "token": ["eyJ"] }"#), [("/token".to_owned(), "type.mismatch")]);
        assert_eq!(codes(r#"{ "token": null }"#), [("/token".to_owned(), "field.null")]);
        assert_eq!(codes(r#"{ "token": "e", "nonse": "n" }"#), [("/nonse".to_owned(), "field.unknown")]);
        let long = format!(r#"{{ "token": "{}" }}"#, "e".repeat(MAX_BYTES + 1));
        assert_eq!(codes(&long), [("/token".to_owned(), "text.too_long")]);
    }
}
