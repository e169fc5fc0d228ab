//! A token that a partner wants verified (ours).

use crate::jws::MOST_BYTES;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object};
use crate::submission::{Rejection, object, text};

/// Most characters of an audience or a nonce.
const CHALLENGE: usize = 2000;

const MEMBERS: [Member; 3] = [
    Member {
        name: "token",
        shape: Shape::Verbatim { most: MOST_BYTES },
        presence: Presence::Required,
        meaning: "The token as you were given it.",
        example: "",
    },
    Member {
        name: "audience",
        shape: Shape::Identifier { most: CHALLENGE },
        presence: Presence::Nullable,
        meaning: "Who the holder must have presented it to.",
        example: r#""https://hr.example""#,
    },
    Member {
        name: "nonce",
        shape: Shape::Identifier { most: CHALLENGE },
        presence: Presence::Nullable,
        meaning: "What the holder must have signed with it.",
        example: r#""n-0S6_WzA2Mj""#,
    },
];

/// A token that a partner wants verified, and what its holder must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenToVerify {
    /// The text that holds the token.
    pub token: String,
    /// Who the holder must have presented it to.
    pub audience: Option<String>,
    /// What the holder must have signed with it.
    pub nonce: Option<String>,
}

impl TokenToVerify {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// [`Rejection`], as for a submission.
    pub fn parse(source: &[u8]) -> Result<Self, Rejection> {
        let (mut object, mut faults) = object(source)?;
        check_object(&mut object, &MEMBERS, &Path::Root, &mut faults);
        faults.into_result(source).map_err(Rejection::Invalid)?;
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
            Err(Rejection::Invalid(faults)) => {
                faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pasted_texts_are_kept_to_the_letter() {
        let read = TokenToVerify::parse(br#"{ "token": " \"eyJ.\r\ne30\" ", "nonce": "n", "audience": null }"#);
        let expected =
            TokenToVerify { token: " \"eyJ.\r\ne30\" ".to_owned(), audience: None, nonce: Some("n".to_owned()) };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn faults_of_the_body_are_listed() {
        assert_eq!(codes("{}"), [(String::new(), "member.missing")]);
        assert_eq!(codes(r#"{ "token": "" }"#), [("/token".to_owned(), "text.empty")]);
        assert_eq!(codes(r#"{ "token": ["eyJ"] }"#), [("/token".to_owned(), "type.mismatch")]);
        assert_eq!(codes(r#"{ "token": null }"#), [("/token".to_owned(), "member.null")]);
        assert_eq!(codes(r#"{ "token": "e", "nonse": "n" }"#), [("/nonse".to_owned(), "member.unknown")]);
        let long = format!(r#"{{ "token": "{}" }}"#, "e".repeat(MOST_BYTES + 1));
        assert_eq!(codes(&long), [("/token".to_owned(), "text.too_long")]);
    }
}
