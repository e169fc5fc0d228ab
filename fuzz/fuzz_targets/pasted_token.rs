//! Searches any bytes for a token; every error message is a sentence. A token that was found is
//! found again by itself, in quotes, wrapped over lines, in a header, in JSON, in a URL and in
//! UTF-16.
#![no_main]

use credential::verification::find_token;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let token = match find_token(bytes) {
        Ok(token) => token,
        Err(refusal) => {
            assert!(refusal.to_string().ends_with('.') && !refusal.code().is_empty());
            return;
        }
    };
    assert!(token.len() <= bytes.len() && token.is_ascii());
    assert_eq!(find_token(token.as_bytes()).as_deref(), Ok(&*token));
    let lines: Vec<&str> = token.as_bytes().chunks(7).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let percent: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for around in [
        format!("\u{feff}\u{201c}{token}\u{201d}"),
        lines.join("\r\n"),
        format!("Authorization: Bearer {token}"),
        json!({ "a": [token] }).to_string(),
        format!("https://a.example/?token={percent}"),
    ] {
        assert_eq!(find_token(around.as_bytes()).as_deref(), Ok(&*token));
        let units = around.encode_utf16();
        let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
        assert_eq!([find_token(&little).as_deref(), find_token(&big).as_deref()], [Ok(&*token); 2]);
    }
});
