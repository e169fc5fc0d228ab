//! Checks the object store: a document can be written, read back and deleted.

use std::time::Instant;

use uuid::Uuid;

use super::examination::{Examination, TIMEOUT, render};
use super::finding::Report;
use crate::config::ObjectStoreKind;
use crate::keys::Key;
use crate::objects::Objects;
use store::StoreError;

const PROBE: &[u8] = b"written by tenure doctor, to be deleted at once";

pub(super) async fn check(report: &mut Report, it: &Examination, instance: Option<Uuid>) {
    let Some(instance) = instance else {
        return report.skip("object store", "the database does not have the name under which its documents are stored");
    };
    let (place, fix) = match it.config.object_storage.kind {
        ObjectStoreKind::Local => {
            ("the data folder", "Give the user that runs the server write access to the folder documents.".to_owned())
        }
        ObjectStoreKind::S3 => (
            "the bucket",
            format!(
                "Check that the bucket \"{}\" (object_storage.bucket) exists at object_storage.endpoint, the region \
                 and the keys, and that the key may put, get, list and delete objects.",
                it.config.object_storage.bucket
            ),
        ),
    };
    let started = Instant::now();
    let tried = match Objects::open(&it.config.object_storage, &it.config.outbound, it.data(), instance) {
        Ok(objects) => tokio::time::timeout(3 * TIMEOUT, probe(it, &objects)).await,
        Err(error) => return report.fail("object store", error, fix),
    };
    match tried {
        Ok(Ok(lists_unfinished)) => {
            let measured = format!("wrote, read and deleted an object in {place} in {}", render(started.elapsed()));
            report.ok("object store", measured);
            if !lists_unfinished {
                report.warn(
                    "unfinished uploads",
                    "the bucket does not list them, so parts stay in it after a failure of the bucket or a kill",
                    "Let the key list multipart uploads (s3:ListBucketMultipartUploads), or give the bucket the \
                     lifecycle rule in docs/operate/configure.md.",
                );
            }
        }
        Ok(Err(error)) => report.fail("object store", error.to_string(), fix),
        Err(_) => report.fail("object store", format!("{place} timed out"), fix),
    }
}

/// Writes and reads a test object with a new id. If it is not deleted, the server's sweep treats it
/// as an orphan. Returns whether unfinished uploads are listed.
async fn probe(it: &Examination, objects: &Objects) -> Result<bool, StoreError> {
    let (name, key) = (it.rng.id(it.now()), Key::random(&it.rng));
    objects.put(name, &key, PROBE).await?;
    let read = objects.read_whole(name, &key, PROBE.len()).await;
    objects.delete(name).await?;
    if read? == PROBE {
        objects.lists_unfinished().await
    } else {
        Err(StoreError::Broken("the bytes read differ from the bytes written".to_owned()))
    }
}
