//! Authenticated encryption of one record: AES-256-GCM (NIST SP 800-38D), with a data key that
//! HKDF-SHA256 (RFC 5869) derives from a longer-lived key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop};

use ambient::Rng;

/// A 256-bit key that is wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The bytes cannot be decrypted: wrong key, wrong record, or corrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data cannot be decrypted with this key")]
pub struct DecryptError;

impl Key {
    /// Generates a random key.
    pub fn random(rng: &Rng) -> Self {
        Self(rng.bytes())
    }

    /// Creates a key from exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the key's bytes. Use them only to wrap the key.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives the key for one record or one purpose: HKDF with `label` as the info.
    pub fn derive(&self, label: &[&[u8]]) -> Self {
        let mut derived = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"tenure")
            .extract(&self.0)
            .expand(label, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut derived))
            .expect("HKDF-SHA256 gives 32 bytes");
        Self(derived)
    }

    /// Encrypts `plain` for the record `label`: nonce, ciphertext, tag. The label is bound twice,
    /// by the derived key and as associated data, so that a value cannot be decrypted in another
    /// row.
    pub fn seal(&self, label: &[&[u8]], plain: &[u8], rng: &Rng) -> Vec<u8> {
        let nonce = rng.public_bytes::<NONCE_LEN>();
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

    /// Decrypts the result of [`Key::seal`] for the same record.
    ///
    /// # Errors
    /// [`DecryptError`], which does not say why.
    pub fn open(&self, label: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, DecryptError> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(DecryptError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DecryptError)?;
        let mut buffer = ciphertext.to_vec();
        let length = self
            .cipher(label)
            .open_in_place(nonce, Aad::from(label.concat()), &mut buffer)
            .map_err(|_| DecryptError)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    pub(super) fn cipher(&self, label: &[&[u8]]) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.derive(label).0).expect("the key has 256 bits");
        LessSafeKey::new(key)
    }

    /// Returns a keyed hash (HMAC-SHA256) of `value` for the purpose `label`. Equal values have
    /// equal hashes, and the hash cannot be brute-forced without the key.
    pub fn fingerprint(&self, label: &str, value: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(&[b"fingerprint:", label.as_bytes()]).0);
        let tag = hmac::sign(&key, value);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_data_opens_only_for_its_record() {
        let rng = Rng::seeded(1);
        let key = Key::random(&rng);
        let sealed = key.seal(&[b"submission", b"1"], b"a working life", &rng);
        assert_eq!(key.open(&[b"submission", b"1"], &sealed).as_deref(), Ok(b"a working life".as_slice()));
        assert_eq!(key.open(&[b"submission", b"2"], &sealed), Err(DecryptError));
        assert_eq!(Key::random(&rng).open(&[b"submission", b"1"], &sealed), Err(DecryptError));
        assert!(!sealed.windows(7).any(|window| window == b"working"));
    }

    #[test]
    fn changed_or_truncated_bytes_do_not_open() {
        let rng = Rng::seeded(2);
        let key = Key::random(&rng);
        let sealed = key.seal(&[b"x"], b"0123456789", &rng);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&[b"x"], &changed), Err(DecryptError), "byte {position}");
            assert_eq!(key.open(&[b"x"], &sealed[..position]), Err(DecryptError), "cut at {position}");
        }
    }

    #[test]
    fn sealing_is_random_and_fingerprints_are_deterministic() {
        let rng = Rng::seeded(3);
        let key = Key::random(&rng);
        assert_ne!(key.seal(&[b"x"], b"text", &rng), key.seal(&[b"x"], b"text", &rng));
        assert_eq!(key.fingerprint("email", b"a@b.c"), key.fingerprint("email", b"a@b.c"));
        assert_ne!(key.fingerprint("email", b"a@b.c"), key.fingerprint("code", b"a@b.c"));
    }
}
