//! Presentations from outside wallets (OpenID4VP 1.0), as responses to verification requests.
//!
//! A wallet's response takes effect only when the browser that began the presentation presents the
//! secret or code that the wallet's device received for the response. This prevents an attacker
//! from finishing another person's presentation, and from tricking another person into finishing
//! theirs.

mod check;
mod client_id;
mod finish;
mod request;
mod response;

pub use finish::{
    BegunPresentation, Finish, Returned, WalletReturn, callback, find_begun, finish_by_code, reject_response,
    return_from_wallet,
};
pub use request::{RequestObject, begin, link, request_object};
pub use response::{Received, WalletResponse, receive};
