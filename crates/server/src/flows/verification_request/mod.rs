//! Verification requests, from the holder's side: a partner requests that a holder present
//! something.
//!
//! Both ways to respond, our own page and an outside wallet, end in [`finish`], which drops every
//! claim that was not requested.

mod answer;
mod current;
mod records;
mod request_details;
mod sealed;

pub use answer::{
    HolderRequest, HolderResponse, Unanswerable, announce, answerable_by, bind, cancel, cancel_outside, expired_error,
    find_for_holder, finish, needs_outside_wallet, present, share,
};
pub use current::objection;
pub use records::{AtConsent, Check, Checked, DisclosureRecord, NotShown, Presented, TrustedBy, VerificationResult};
pub use request_details::RequestDetails;
pub use sealed::{callback, details, disclosure_record, disclosures, result, seal_details};
