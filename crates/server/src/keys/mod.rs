//! Encryption at rest: the key ring, and the primitives that encrypt data with its keys.

mod deleted_accounts;
mod epoch_keys;
mod holder_keys;
pub mod identity;
mod purpose;
mod ring;
mod root;
mod seal;
mod signing_keys;
mod stream;

pub use deleted_accounts::deleted_accounts;
pub use identity::Belonging;
pub use purpose::Purpose;
pub use ring::Keyring;
pub use root::{RootKeyError, root_key};
pub use seal::{DecryptError, Key};
pub use signing_keys::SigningKey;
pub use stream::{PIECE, SEALED_PIECE, SealedStream};
