//! Authenticated encryption of streams.

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};

use super::seal::{DecryptError, Key};

/// Plaintext bytes per piece.
pub const PIECE: usize = 64 * 1024;
/// Encrypted bytes per piece.
pub const SEALED_PIECE: usize = PIECE + 16;

/// A stream that is encrypted piece by piece with its own key: AES-256-GCM (the STREAM construction
/// of Hoang, Reyhanitabar, Rogaway and Vizar). The nonce is a counter of 11 bytes, and a byte that
/// is 1 for the last piece. Changed, moved, missing and truncated pieces cannot be decrypted.
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
    /// Starts encrypting or decrypting a stream with `key`, which must encrypt nothing else.
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

    /// Encrypts the next piece in place. Every piece but the last has [`PIECE`] bytes.
    pub fn seal(&mut self, piece: &mut Vec<u8>, last: bool) {
        let nonce = self.nonce(last);
        let sealed = self.cipher.seal_in_place_append_tag(nonce, Aad::empty(), piece);
        sealed.expect("AES-256-GCM seals less than 64 GiB");
    }

    /// Decrypts the next piece in place.
    ///
    /// # Errors
    /// [`DecryptError`], which does not say why.
    pub fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), DecryptError> {
        let nonce = self.nonce(last);
        let length = self.cipher.open_in_place(nonce, Aad::empty(), piece).map_err(|_| DecryptError)?.len();
        piece.truncate(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ambient::Rng;

    use super::*;

    #[test]
    fn incomplete_or_reordered_streams_do_not_open() {
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
        let open = |pieces: &[Vec<u8>]| -> Result<Vec<u8>, DecryptError> {
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
        assert_eq!(open(&pieces[..2]), Err(DecryptError), "cut off");
        assert_eq!(open(&pieces[1..]), Err(DecryptError), "left out");
        assert_eq!(open(&[pieces[1].clone(), pieces[0].clone(), pieces[2].clone()]), Err(DecryptError), "moved");
        assert_eq!(open(&sealed(&[b""])).as_deref(), Ok(b"".as_slice()));
    }
}
