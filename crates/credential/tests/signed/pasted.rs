//! Finding the token in pasted text: the cases of `pasted.json`, which the page's script is tested
//! with too.

use credential::format::sd_jwt;
use credential::verification::{MAX_PASTED, find_token};
use credential::{OtherContent, VerifyError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, bound, crafted, forged};

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let (encoding, has_mark) = encoding.strip_suffix("-bom").map_or((encoding, false), |encoding| (encoding, true));
    let text = if has_mark { format!("\u{feff}{text}") } else { text.to_owned() };
    match encoding {
        "utf-8" => text.into_bytes(),
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "latin-1" => text.chars().map(|character| u8::try_from(character).expect("Latin-1")).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn tokens_are_found_in_what_people_paste() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("pasted.json")).expect("the cases");
    assert!(cases.len() > 30);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let found = find_token(&encoded(text("text"), text("encoding")));
        let content = match &found {
            Err(VerifyError::OtherContent(content)) => Some(content.name()),
            _ => None,
        };
        assert_eq!(content, case["content"].as_str(), "{}", text("name"));
        let found = found.map_err(|refusal| refusal.code());
        let expected = case["token"].as_str().map(ToOwned::to_owned).ok_or(text("refusal"));
        assert_eq!(found, expected, "{}", text("name"));
    }
}

#[test]
fn every_recognised_content_has_a_case_and_a_sentence() {
    let cases = include_str!("pasted.json");
    for content in OtherContent::ALL {
        assert!(cases.contains(&format!("\"content\": \"{}\"", content.name())), "{content:?}");
        let message = VerifyError::OtherContent(content).to_string();
        assert!(message.starts_with("No token was found. This is ") && message.ends_with('.'), "{message}");
    }
}

#[test]
fn credentials_of_two_formats_are_several_tokens() {
    let sd_jwt = crafted(&json!({ "iss": ADDRESS, "vct": "urn:example:career" }), &[]);
    let header = json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "k1" });
    let w3c = forged(&header, &json!({ "issuer": ADDRESS, "type": ["VerifiableCredential"] }));
    for pasted in [format!("{sd_jwt}\n{w3c}"), format!("{w3c}\n{sd_jwt}"), format!("{sd_jwt}\r\n\r\n{w3c}\r\n")] {
        assert_eq!(find_token(pasted.as_bytes()), Err(VerifyError::SeveralTokens), "{pasted}");
    }
    let (presented, holder) = bound();
    let presented = sd_jwt::bind(&presented, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
    let (start, binding) = presented.rsplit_once('~').expect("a tilde");
    let found = find_token(format!("{start}~\n{binding}").as_bytes());
    assert_eq!(found.as_deref(), Ok(&*presented), "wrapped at the tilde");
}

#[test]
fn unreadable_or_long_input_holds_no_token() {
    assert_eq!(find_token(&[0xc3, 0x28]), Err(VerifyError::NotAToken));
    assert_eq!(find_token(&[0xff, 0xfe, 0x00, 0xdc]), Err(VerifyError::NotAToken), "half a surrogate pair");
    let most = [" ".repeat(MAX_PASTED - 10), "eyJ9.e30.A".to_owned()].concat();
    assert_eq!(find_token(most.as_bytes()).as_deref(), Ok("eyJ9.e30.A"));
    let longer = format!("{most} ");
    assert_eq!(find_token(longer.as_bytes()), Err(VerifyError::Limit("it is longer than 4 MiB")));
}

proptest! {
    #[test]
    fn any_bytes_give_a_token_without_spaces_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(token) = find_token(&bytes) {
            prop_assert!(token.starts_with('e') && token.is_ascii() && !token.contains(char::is_whitespace));
        }
    }

    #[test]
    fn breaking_a_token_into_lines_changes_nothing(breaks in proptest::collection::vec(0..60_usize, 0..10)) {
        let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9.eyJ2Y3QiOiJ4In0.AA~";
        let mut broken = token.to_owned();
        for at in breaks {
            broken.insert_str(at, "\r\n");
        }
        let found = find_token(broken.as_bytes());
        prop_assert_eq!(found.as_deref(), Ok(token));
    }
}
