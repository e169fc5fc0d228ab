//! The store: one SQL text on SQLite and PostgreSQL.
//!
//! Owns connections, transactions and the classification of database errors. Each aggregate's SQL is in its own file
//! as methods of [`Tx`]; every one of them is called by the contract suite on both databases. Nothing here decides
//! what is allowed: callers pass the owner, and the SQL holds it.

mod allowance;
mod announcement;
mod asset;
mod batch;
mod blank;
mod ceremony;
mod changes;
mod commit;
mod console;
mod database;
mod delivery;
pub mod domain;
mod embedded;
mod error;
mod event;
mod examine;
mod expiry;
mod folder;
mod group;
mod holder;
mod idempotency;
mod insertion;
mod issuance;
mod issuing;
mod keyring;
mod listing;
#[cfg(test)]
mod migrations;
mod new_submission;
mod notice;
mod outbox;
mod part;
mod partner;
mod passkey;
mod payload;
mod pools;
mod postgres_url;
mod presentation;
mod restored;
mod row;
mod session;
mod share;
mod sign_in;
mod status;
mod status_list;
mod submission;
mod submission_end;
mod tally;
mod tx;
mod undelivered;
mod verification;
mod webhook;

pub use allowance::Charge;
pub use announcement::{Announcement, AnnouncementKind, TRIED_FOR};
pub use blank::scratch;
pub use ceremony::Ceremony;
pub use changes::Changes;
pub use commit::{Committer, NewRequest, Pushed};
pub use console::{ConsolePasskey, ConsoleSession};
pub use database::Store;
pub use delivery::{Attempt, Settled};
pub use error::StoreError;
pub use event::{Event, EventKind, Subject};
pub use examine::Migrations;
pub use expiry::LONGEST_RING_PERIOD;
pub use folder::{FolderLock, FolderLockError, database_files};
pub use holder::Holder;
pub use idempotency::StoredAnswer;
pub use issuance::{Deferred, GrantIssued, Redemption};
pub use issuing::{IssueRequest, Issued, Issuing, STATUS_LIST_CAPACITY};
pub use keyring::WrappedSigningKey;
pub use listing::{Found, ListedState, ListedSubmission, Listing};
pub use new_submission::{NewBatch, NewSubmission, OTHER_CHAINS, joined_chain};
pub use notice::{Notice, Notices};
pub use outbox::OutboxItem;
pub use part::Part;
pub use partner::Partner;
pub use passkey::StoredPasskey;
pub use pools::Pools;
pub use postgres_url::connect_options;
pub use session::Session;
pub use share::ShareEntry;
pub use sign_in::SignIn;
pub use status::{CredentialStatus, Statuses};
pub use status_list::{StatusEntry, StatusList, StatusPlace, WantedEntry};
pub use tally::{Tally, day};
pub use tx::{Handle, Tx};
pub use undelivered::Undelivered;
pub use verification::{EndedVerification, NewVerification, VerificationEnd};

pub(crate) use row::from_row;
pub(crate) use tx::{on, push_list, rows_at_once};
