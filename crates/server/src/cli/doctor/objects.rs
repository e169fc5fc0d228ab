//! The object store: whether a document can be written, read back and deleted.

use std::time::Instant;

use uuid::Uuid;

use super::examination::{Examination, PATIENCE, told};
use super::finding::Report;
use crate::config::ObjectStoreKind;
use crate::keys::Key;
use crate::objects::Objects;
use store::StoreError;

const PROBE: &[u8] = b"written by tenure doctor, to be deleted at once";

pub(super) async fn examine(report: &mut Report, it: &Examination, instance: Option<Uuid>) {
    let Some(instance) = instance else {
        return report.skip("object store", "the database does not say under which name its documents are kept");
    };
    let (place, fix) = match it.config.objects.kind {
        ObjectStoreKind::Local => {
            ("the data folder", "Let the user that the server runs as write to the folder documents.")
        }
        ObjectStoreKind::S3 => (
            "the bucket",
            "Check objects.endpoint, bucket, region and keys, and that the key may put, get, list and delete objects.",
        ),
    };
    let started = Instant::now();
    let tried = match Objects::open(&it.config.objects, &it.config.outbound, it.data(), instance) {
        Ok(objects) => tokio::time::timeout(3 * PATIENCE, probe(it, &objects)).await,
        Err(error) => return report.fail("object store", error, fix),
    };
    match tried {
        Ok(Ok(())) => {
            let measured = format!("wrote, read and deleted an object in {place} in {}", told(started.elapsed()));
            report.ok("object store", measured);
        }
        Ok(Err(error)) => report.fail("object store", error.to_string(), fix),
        Err(_) => report.fail("object store", format!("{place} does not answer in time"), fix),
    }
}

/// An object of an id of its own; were it left behind, the server's sweep would take it as one that no row names.
async fn probe(it: &Examination, objects: &Objects) -> Result<(), StoreError> {
    let (name, key) = (it.rng.id(it.now()), Key::random(&it.rng));
    objects.put(name, &key, PROBE).await?;
    let read = objects.read_whole(name, &key, PROBE.len()).await;
    objects.delete(name).await?;
    if read? == PROBE { Ok(()) } else { Err(StoreError::Broken("what was read is not what was written".to_owned())) }
}
