//! Checks document inspection: its process starts with its limits and reads a document.

use std::time::Instant;

use bytes::Bytes;
use credential::AssetKind;

use super::examination::{Examination, TIMEOUT, render};
use super::finding::Report;
use crate::documents::{self, Inspected, Inspector};

/// An image of one grey pixel.
const IMAGE: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82";

const FIX: &str = "The process is `tenure inspect-document`. It limits itself with setrlimit and seccomp: a container or a \
                   service manager must allow both, and the program must be executable by the server's user.";

pub(super) async fn check(report: &mut Report, it: &Examination) {
    let program = match documents::own_program() {
        Ok(program) => program,
        Err(error) => return report.fail("inspection", format!("this program was not found: {error}"), FIX),
    };
    let started = Instant::now();
    let inspector = Inspector::new(program);
    let image = futures::stream::iter([Ok(Bytes::from_static(IMAGE))]);
    let inspected = inspector.inspect(it.rng.id(it.now()), AssetKind::Png, image);
    match tokio::time::timeout(3 * TIMEOUT, inspected).await {
        Ok(Ok(Inspected::Unchanged)) => {
            report
                .ok("inspection", format!("inspected an image in a separate process in {}", render(started.elapsed())));
        }
        Ok(Ok(other)) => report.fail("inspection", format!("an image was classified wrongly: {other:?}"), FIX),
        Ok(Err(error)) => report.fail("inspection", format!("an image cannot be inspected: {error}"), FIX),
        Err(_) => report.fail("inspection", "the inspection of an image timed out", FIX),
    }
}
