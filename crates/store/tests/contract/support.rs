//! Rows that tests insert.

use std::time::Duration;

use ambient::Timestamp;
use credential::{AssetKind, Type};
use store::domain::asset::{Asset, AssetState, Object};
use store::domain::submission::Sealed;
use store::{Holder, NewSubmission, OutboxItem, Part, Partner, PreviousSecret, Store, StoreError};
use uuid::Uuid;

use crate::database::Databases;

pub const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// How long a used nonce is stored.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);

pub const LATER: Timestamp = Timestamp::from_micros(1_700_000_900_000_000);

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Opens the data the way another node does.
pub async fn open_again(databases: &Databases) -> Result<Store, StoreError> {
    Store::open(Part::Data, databases.folder.path(), &databases.url, 2).await
}

/// A message that is due at [`NOW`].
pub fn message(number: u128, partner: u128) -> OutboxItem {
    OutboxItem {
        id: id(number),
        lane: "mail".to_owned(),
        partner_id: id(partner),
        request_id: None,
        due_at: NOW,
        expires_at: None,
        attempts: 0,
        ring_period: NOW,
        sealed: vec![1],
    }
}

pub fn new_submission(number: u128, partner: Uuid, credential_id: &str) -> NewSubmission {
    NewSubmission {
        id: id(number),
        partner_id: partner,
        credential_id: credential_id.to_owned(),
        credential_type: Type::default(),
        document_type: None,
        batch_id: None,
        partner_chain: None,
        assets: Vec::new(),
        created_at: NOW,
        expires_at: LATER,
        sealed: Sealed { period: NOW, bytes: vec![1, 2, 3] },
    }
}

pub fn asset(number: u128, submission: Uuid, state: AssetState) -> Asset {
    Asset {
        id: id(number),
        submission_id: submission,
        position: 0,
        asset_id: format!("a{number}"),
        kind: AssetKind::Pdf,
        state,
    }
}

pub fn fetching(host: i64) -> AssetState {
    AssetState::Fetching { sealed: vec![1], host }
}

pub fn stored(object: u128) -> AssetState {
    AssetState::Stored(Object { name: id(object), size: 7, sealed_key: vec![7], is_signed: true })
}

pub async fn add_partner(store: &Store, number: u128) -> Uuid {
    let partner = Partner {
        id: id(number),
        name: format!("Partner {number}"),
        scopes: "write.career_history".to_owned(),
        secret_hash: vec![7; 32],
        created_at: NOW,
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox: false,
        callback_urls: String::new(),
        previous_secret: PreviousSecret::default(),
    };
    let mut tx = store.write().await.expect("a transaction");
    tx.add_partner(&partner).await.expect("added");
    tx.commit().await.expect("committed");
    partner.id
}

pub async fn add_holder(store: &Store, number: u128) -> Uuid {
    let holder = holder(number);
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.add_holder(&holder).await.expect("added"));
    tx.commit().await.expect("committed");
    holder.id
}

pub fn holder(number: u128) -> Holder {
    Holder {
        id: id(number),
        email_fingerprint: number.to_be_bytes().to_vec(),
        email_sealed: vec![9],
        created_at: NOW,
        sign_ins: 0,
        passkey_offer_declined_at: None,
        returned_at: None,
    }
}

pub async fn insert(store: &Store, new: &[&NewSubmission]) -> Vec<Uuid> {
    let mut tx = store.write().await.expect("a transaction");
    let mut inserted = tx.insert_submissions(new).await.expect("inserted");
    tx.commit().await.expect("committed");
    inserted.sort();
    inserted
}
