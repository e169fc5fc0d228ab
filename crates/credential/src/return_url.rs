//! The member `return_url`: the URL that a person continues to after deciding about a push
//! (docs/partner-api.md section 4).

use url::Url;

use crate::context::Context;
use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape};

/// Maximum number of characters in a URL.
pub(crate) const ADDRESS: usize = 2000;

pub(crate) const RETURN_URL: Member = Member {
    name: "return_url",
    shape: Shape::Identifier { most: ADDRESS },
    presence: Presence::Nullable,
    label: "",
    meaning: "The URL that the person continues to after deciding, with credential_id and status added. It must be on your list of registered URLs. If you leave it out, the person stays on our page.",
    example: r#""https://hr.example/added""#,
};

/// Returns whether `address` equals one of the URLs in `list`, which are separated by spaces.
/// Compares URLs as browsers parse them.
pub fn is_listed(list: &str, address: &Url) -> bool {
    list.split_whitespace().any(|known| Url::parse(known).is_ok_and(|known| known == *address))
}

/// Returns the error message for a URL that is not in `list`.
pub fn not_listed(list: &str) -> String {
    let known: Vec<&str> = list.split_whitespace().collect();
    let listed =
        if known.is_empty() { "The list is empty".to_owned() } else { format!("The list has: {}", known.join(", ")) };
    format!("This URL is not on your list of registered URLs, which the operator maintains. {listed}.")
}

/// Checks that the URL in a body is in the partner's list, if the list is known.
pub(crate) fn check(object: &Members<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    let (Some(list), Some(Node::Text(address))) = (context.return_urls, object.get(RETURN_URL.name)) else { return };
    // Empty or too long URLs were reported before.
    let is_good = (1..=ADDRESS).contains(&address.chars().count());
    if is_good && !Url::parse(address).is_ok_and(|address| is_listed(list, &address)) {
        let path = Path::Member(&Path::Root, RETURN_URL.name);
        field_errors.add(&path, Code::ReturnUrlUnknown, || not_listed(list)).received(&Node::from(&**address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_browsers_read_them() {
        let list = "https://hr.example/back https://hr.example/other?x=1";
        let is_listed = |address: &str| is_listed(list, &address.parse().expect("an address"));
        assert!(is_listed("https://hr.example/back") && is_listed("https://HR.example:443/other?x=1"));
        for other in
            ["https://hr.example/", "https://hr.example/back/", "https://hr.example/back?y=1", "http://hr.example/back"]
        {
            assert!(!is_listed(other), "{other}");
        }
        assert!(not_listed("").contains("The list is empty") && not_listed(list).contains("https://hr.example/back, "));
    }
}
