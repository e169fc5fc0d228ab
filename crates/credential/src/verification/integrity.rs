//! Digests of fetched documents, in the format of Subresource Integrity (SRI, section 3.5).

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Returns whether a document has one of the digests in `integrity`, which are separated by spaces.
/// Those of the strongest known algorithm count. Returns `None` if there is no digest of a known
/// algorithm.
pub(super) fn has_digest(integrity: &str, document: &[u8]) -> Option<bool> {
    let listed: Vec<(&str, &str)> = integrity.split_ascii_whitespace().filter_map(|one| one.split_once('-')).collect();
    let is_listed = |name: &str| listed.iter().any(|(listed, _)| *listed == name);
    // The strongest first.
    let algorithms = [("sha512", &SHA512), ("sha384", &SHA384), ("sha256", &SHA256)];
    let (name, algorithm) = algorithms.into_iter().find(|(name, _)| is_listed(name))?;
    let found = STANDARD.encode(digest(algorithm, document));
    let found = found.trim_end_matches('=');
    let mut strongest = listed.iter().filter(|(listed, _)| *listed == name);
    Some(strongest.any(|(_, listed)| without_options(listed) == found))
}

/// Returns a digest in the standard alphabet, without padding and options. Some issuers write it in
/// base64url.
fn without_options(digest: &str) -> String {
    let digest = digest.split('?').next().unwrap_or_default().trim_end_matches('=');
    digest.replace('-', "+").replace('_', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of `{}`, made with another implementation.
    const SHA256_OF_IT: &str = "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
    const SHA384_OF_IT: &str = "sha384-0qI7x4Pjqjj0AeE8dIhQUTfElUp/2IMx8Vl8X/cREdyAfHNwpbKCxtpUHFbt5p8w";
    const SHA512_OF_IT: &str =
        concat!("sha512-J8dGcK23UHX60FjVzq97IMTneGyDuuijL2Jvl4KvNMmj", "PCBG72D9Knh403jin+yFGAa72aZ4ePOp8c2kgwdj/Q==",);

    // Conforms: SD-JWT VC 6
    #[test]
    fn digests_of_the_strongest_known_algorithm_count() {
        for integrity in [SHA256_OF_IT, SHA384_OF_IT, SHA512_OF_IT] {
            assert_eq!(has_digest(integrity, b"{}"), Some(true), "{integrity}");
            assert_eq!(has_digest(integrity, b"{ }"), Some(false), "{integrity}");
            for same in [
                integrity.trim_end_matches('=').to_owned(),
                format!(" {integrity}\t"),
                format!("{integrity}?ct=application/json"),
                integrity.replace('/', "_"),
                format!("md5-AAAA {integrity}"),
            ] {
                assert_eq!(has_digest(&same, b"{}"), Some(true), "{same}");
            }
        }
        for (integrity, expected) in [
            (format!("sha256-AAAA {SHA512_OF_IT}"), Some(true)),
            (format!("{SHA256_OF_IT} sha512-AAAA"), Some(false)),
            (format!("sha512-AAAA {SHA512_OF_IT}"), Some(true)),
            ("sha256-".to_owned(), Some(false)),
            ("sha3-256-AAAA".to_owned(), None),
            ("sha256".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(has_digest(&integrity, b"{}"), expected, "{integrity}");
        }
    }
}
