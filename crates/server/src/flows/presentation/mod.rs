//! Presentations from outside wallets (OpenID4VP 1.0), as responses to verification requests.
//!
//! A wallet's response does not take effect when it arrives. It takes effect when the browser that began the presentation
//! brings what the wallet's device was given for the response. So nobody can finish what somebody else began, or trick
//! somebody else into finishing it.

mod check;
mod client_id;
mod finish;
mod request;
mod response;

pub use finish::{Finish, Returned, callback, find_begun, finish_by_code, reject_response, return_from_wallet};
pub use request::{RequestObject, begin, link, request_object};
pub use response::{Received, WalletResponse, receive};
