//! Encryption at rest.
//!
//! Owns the primitives and the key types: AES-256-GCM (NIST SP 800-38D) under a data key that HKDF-SHA256 (RFC 5869)
//! derives for one record from a longer-lived key. Which key seals what, and when keys are destroyed, is the key
//! ring's affair ([`crate::keyring`]).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::chance::Chance;

/// A key of 256 bits that is wiped from memory when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The bytes cannot be opened: another key, another record, or not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed data cannot be opened with this key")]
pub struct CannotOpen;

impl Key {
    /// A fresh random key.
    pub fn random(chance: &Chance) -> Self {
        Self(chance.bytes())
    }

    /// A key of exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key's bytes, to be wrapped and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key for one record or one purpose: HKDF with `label` as the info.
    pub fn derive(&self, label: &[&[u8]]) -> Self {
        let mut derived = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"tenure")
            .extract(&self.0)
            .expand(label, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut derived))
            .expect("HKDF-SHA256 gives 32 bytes");
        Self(derived)
    }

    /// Seals `plain` for the record `label`: nonce, ciphertext, tag. The label is bound to it twice, by the derived
    /// key and as associated data, so that a sealed value moved to another row does not open there.
    pub fn seal(&self, label: &[&[u8]], plain: &[u8], chance: &Chance) -> Vec<u8> {
        let nonce = chance.bytes::<NONCE_LEN>();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .cipher(label)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(label.concat()),
                &mut sealed[NONCE_LEN..],
            )
            .expect("AES-256-GCM seals less than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`Key::seal`] sealed for the same record.
    ///
    /// # Errors
    /// [`CannotOpen`], whatever the reason.
    pub fn open(&self, label: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut buffer = ciphertext.to_vec();
        let length = self
            .cipher(label)
            .open_in_place(nonce, Aad::from(label.concat()), &mut buffer)
            .map_err(|_| CannotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    fn cipher(&self, label: &[&[u8]]) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.derive(label).0).expect("the key has 256 bits");
        LessSafeKey::new(key)
    }

    /// A keyed hash (HMAC-SHA256) of `value` for the purpose `label`: equal values are found by it, and nobody
    /// without the key can try guesses.
    pub fn fingerprint(&self, label: &str, value: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(&[b"fingerprint:", label.as_bytes()]).0);
        let tag = hmac::sign(&key, value);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }
}

/// SHA-256 of a secret of 256 random bits, to store instead of it: such a secret needs no slow hash, since nobody
/// can try enough of them.
pub fn sha256(secret: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, secret).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_the_same_record_alone() {
        let chance = Chance::seeded(1);
        let key = Key::random(&chance);
        let sealed = key.seal(&[b"submission", b"1"], b"a working life", &chance);
        assert_eq!(key.open(&[b"submission", b"1"], &sealed).as_deref(), Ok(b"a working life".as_slice()));
        assert_eq!(key.open(&[b"submission", b"2"], &sealed), Err(CannotOpen));
        assert_eq!(Key::random(&chance).open(&[b"submission", b"1"], &sealed), Err(CannotOpen));
        assert!(!sealed.windows(7).any(|window| window == b"working"));
    }

    #[test]
    fn any_changed_byte_and_any_cut_is_noticed() {
        let chance = Chance::seeded(2);
        let key = Key::random(&chance);
        let sealed = key.seal(&[b"x"], b"0123456789", &chance);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&[b"x"], &changed), Err(CannotOpen), "byte {position}");
            assert_eq!(key.open(&[b"x"], &sealed[..position]), Err(CannotOpen), "cut at {position}");
        }
    }

    #[test]
    fn two_seals_of_one_text_differ_and_fingerprints_do_not() {
        let chance = Chance::seeded(3);
        let key = Key::random(&chance);
        assert_ne!(key.seal(&[b"x"], b"text", &chance), key.seal(&[b"x"], b"text", &chance));
        assert_eq!(key.fingerprint("email", b"a@b.c"), key.fingerprint("email", b"a@b.c"));
        assert_ne!(key.fingerprint("email", b"a@b.c"), key.fingerprint("code", b"a@b.c"));
    }
}
