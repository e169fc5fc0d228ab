//! Verification requests, from the holder's side: a partner requests that a holder present
//! something.
//!
//! Both ways to respond, our own page and an outside wallet, end in [`finish`], which drops every
//! claim that was not requested.

mod answer;
mod current;
mod records;
mod sealed;

pub use answer::{
    HolderRequest, HolderResponse, Unanswerable, announce, answerable_by, bind, cancel, expired_error, find_for_holder,
    finish, present, share,
};
pub use records::{
    AtConsent, Check, Checked, DisclosureRecord, NotShown, Presented, RequestDetails, VerificationResult,
};
pub use sealed::{callback, details, disclosure_record, result, seal_details};
