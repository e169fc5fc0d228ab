//! The member `return_url`: where a person goes on after deciding about what was pushed (partner-api, section 4).

use serde_json::{Map, Value};
use url::Url;

use crate::context::Context;
use crate::fault::{Code, Faults};
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape};

/// Most characters of an address.
pub(crate) const ADDRESS: usize = 2000;

pub(crate) const RETURN_URL: Member = Member {
    name: "return_url",
    shape: Shape::Identifier { most: ADDRESS },
    presence: Presence::Nullable,
    meaning: "Where the person goes on after deciding, with credential_id and status added; one of the addresses that the operator has noted for you. Left out: they stay on our page.",
    example: r#""https://hr.example/added""#,
};

/// Whether `address` is on `list`, whose addresses are separated by spaces: the same address, as a browser reads it.
pub fn is_listed(list: &str, address: &Url) -> bool {
    list.split_whitespace().any(|known| Url::parse(known).is_ok_and(|known| known == *address))
}

/// What a partner is told of an address that is not on `list`.
pub fn not_listed(list: &str) -> String {
    let known: Vec<&str> = list.split_whitespace().collect();
    let listed = if known.is_empty() { "It is empty".to_owned() } else { format!("On it are: {}", known.join(", ")) };
    format!("This is not on the list of your callback addresses, which the operator keeps. {listed}.")
}

/// Checks that the address of a body is on the partner's list, if the list is known.
pub(crate) fn check(object: &Map<String, Value>, context: &Context<'_>, faults: &mut Faults) {
    let (Some(list), Some(Value::String(address))) = (context.return_urls, object.get(RETURN_URL.name)) else { return };
    // An empty or too long one is a fault already.
    let is_good = (1..=ADDRESS).contains(&address.chars().count());
    if is_good && !Url::parse(address).is_ok_and(|address| is_listed(list, &address)) {
        let path = Path::Member(&Path::Root, RETURN_URL.name);
        faults.add(&path, Code::ReturnUrlUnknown, || not_listed(list)).received(&Value::from(address.as_str()));
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
        assert!(not_listed("").contains("It is empty") && not_listed(list).contains("https://hr.example/back, "));
    }
}
