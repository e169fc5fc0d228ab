//! Encryption at rest.
//!
//! Owns the primitives and the key types: AES-256-GCM (NIST SP 800-38D) under a data key that HKDF-SHA256 (RFC 5869)
//! derives for one record from a longer-lived key. Which key seals what, and when keys are destroyed, is the key
//! ring's affair ([`crate::keyring`]).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop};

use ambient::Rng;

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
    pub fn random(rng: &Rng) -> Self {
        Self(rng.bytes())
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
    pub fn seal(&self, label: &[&[u8]], plain: &[u8], rng: &Rng) -> Vec<u8> {
        let nonce = rng.bytes::<NONCE_LEN>();
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

/// Plain bytes in one piece of a sealed stream.
pub const PIECE: usize = 64 * 1024;
/// Sealed bytes in one piece of a sealed stream.
pub const SEALED_PIECE: usize = PIECE + 16;

/// A stream sealed piece by piece under a key of its own: AES-256-GCM, the nonce a counter of 11 bytes and a byte that
/// is 1 for the last piece (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar). Pieces that are
/// changed, moved, left out or cut off do not open.
pub struct SealedStream {
    cipher: LessSafeKey,
    counter: u64,
}

impl std::fmt::Debug for SealedStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedStream").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl SealedStream {
    /// Under `key`, which seals this stream and nothing else.
    pub fn new(key: &Key) -> Self {
        Self { cipher: key.cipher(&[b"stream"]), counter: 0 }
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.counter.to_be_bytes());
        nonce[11] = u8::from(last);
        self.counter += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seals the next piece in place. Every piece but the last has [`PIECE`] bytes.
    pub fn seal(&mut self, piece: &mut Vec<u8>, last: bool) {
        let nonce = self.nonce(last);
        let sealed = self.cipher.seal_in_place_append_tag(nonce, Aad::empty(), piece);
        sealed.expect("AES-256-GCM seals less than 64 GiB");
    }

    /// Opens the next piece in place.
    ///
    /// # Errors
    /// [`CannotOpen`], whatever the reason.
    pub fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), CannotOpen> {
        let nonce = self.nonce(last);
        let length = self.cipher.open_in_place(nonce, Aad::empty(), piece).map_err(|_| CannotOpen)?.len();
        piece.truncate(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_the_same_record_alone() {
        let rng = Rng::seeded(1);
        let key = Key::random(&rng);
        let sealed = key.seal(&[b"submission", b"1"], b"a working life", &rng);
        assert_eq!(key.open(&[b"submission", b"1"], &sealed).as_deref(), Ok(b"a working life".as_slice()));
        assert_eq!(key.open(&[b"submission", b"2"], &sealed), Err(CannotOpen));
        assert_eq!(Key::random(&rng).open(&[b"submission", b"1"], &sealed), Err(CannotOpen));
        assert!(!sealed.windows(7).any(|window| window == b"working"));
    }

    #[test]
    fn any_changed_byte_and_any_cut_is_noticed() {
        let rng = Rng::seeded(2);
        let key = Key::random(&rng);
        let sealed = key.seal(&[b"x"], b"0123456789", &rng);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&[b"x"], &changed), Err(CannotOpen), "byte {position}");
            assert_eq!(key.open(&[b"x"], &sealed[..position]), Err(CannotOpen), "cut at {position}");
        }
    }

    #[test]
    fn a_stream_opens_whole_and_in_order_alone() {
        let key = Key::random(&Rng::seeded(4));
        let sealed = |pieces: &[&[u8]]| -> Vec<Vec<u8>> {
            let mut stream = SealedStream::new(&key);
            let last = pieces.len() - 1;
            let seal = |(at, piece): (usize, &&[u8])| {
                let mut piece = piece.to_vec();
                stream.seal(&mut piece, at == last);
                piece
            };
            pieces.iter().enumerate().map(seal).collect()
        };
        let open = |pieces: &[Vec<u8>]| -> Result<Vec<u8>, CannotOpen> {
            let mut stream = SealedStream::new(&key);
            let mut whole = Vec::new();
            for (at, piece) in pieces.iter().enumerate() {
                let mut piece = piece.clone();
                stream.open(&mut piece, at == pieces.len() - 1)?;
                whole.extend(piece);
            }
            Ok(whole)
        };
        let pieces = sealed(&[b"one", b"two", b"three"]);
        assert_eq!(open(&pieces).as_deref(), Ok(b"onetwothree".as_slice()));
        assert_eq!(open(&pieces[..2]), Err(CannotOpen), "cut off");
        assert_eq!(open(&pieces[1..]), Err(CannotOpen), "left out");
        assert_eq!(open(&[pieces[1].clone(), pieces[0].clone(), pieces[2].clone()]), Err(CannotOpen), "moved");
        assert_eq!(open(&sealed(&[b""])).as_deref(), Ok(b"".as_slice()));
    }

    #[test]
    fn two_seals_of_one_text_differ_and_fingerprints_do_not() {
        let rng = Rng::seeded(3);
        let key = Key::random(&rng);
        assert_ne!(key.seal(&[b"x"], b"text", &rng), key.seal(&[b"x"], b"text", &rng));
        assert_eq!(key.fingerprint("email", b"a@b.c"), key.fingerprint("email", b"a@b.c"));
        assert_ne!(key.fingerprint("email", b"a@b.c"), key.fingerprint("code", b"a@b.c"));
    }
}
