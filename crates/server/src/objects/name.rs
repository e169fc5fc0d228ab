//! Names of objects: UUIDv7s, which say when they were made.

use uuid::Uuid;

use ambient::Timestamp;

/// Returns the path of an object of an instance, by path segment.
pub fn place(instance: &str, name: Uuid) -> [String; 3] {
    let name = name.simple().to_string();
    [instance.to_owned(), name[..6].to_owned(), name]
}

/// Returns when an object with this name was made.
pub(super) fn made_at(name: Uuid) -> Timestamp {
    let millis = i64::try_from(name.as_u128() >> 80).unwrap_or_default();
    Timestamp::from_micros(millis * 1000)
}
