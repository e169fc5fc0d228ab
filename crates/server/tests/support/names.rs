//! A table that replaces DNS.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// The results of each name's next lookups, in order.
pub type Table = Arc<Mutex<HashMap<String, Vec<Vec<IpAddr>>>>>;

/// Builds a table.
pub fn table(names: &[(&str, Vec<Vec<IpAddr>>)]) -> Table {
    Arc::new(Mutex::new(names.iter().map(|(name, answers)| ((*name).to_owned(), answers.clone())).collect()))
}

/// Parses addresses; IPv6 addresses may be in brackets.
pub fn addresses(list: &[&str]) -> Vec<IpAddr> {
    list.iter().map(|address| address.trim_matches(['[', ']']).parse().expect("an address")).collect()
}
