//! Checks the databases of the data and the key ring (reachable, up to date, durable, fast, with
//! disk space left), and the backlog of the outbox.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ambient::LEAP;
use uuid::Uuid;

use super::examination::{Examination, render};
use super::finding::Report;
use super::outside::told_apart;
use crate::backup::refuse_unfinished;
use store::{Part, Store, StoreError};

/// Duration from which a durable write is reported as slow. Every single push waits for one.
const SLOW: Duration = Duration::from_millis(50);
/// Age from which a pending message is reported as stuck.
const STUCK: Duration = Duration::from_secs(900);
/// Free space below which a disk is reported as nearly full, in KiB.
const ROOM: u64 = 1024 * 1024;

/// Results that later checks use.
#[derive(Debug, Default)]
pub(super) struct Stores {
    pub(super) data: Option<Store>,
    pub(super) keyring: Option<Store>,
    /// The name of the database, which is the prefix of its documents.
    pub(super) instance: Option<Uuid>,
}

/// Checks the databases. Compares the clock with the database's unless it `was_compared` before.
pub(super) async fn check(report: &mut Report, it: &Examination, was_compared: bool) -> Stores {
    let url = &it.config.storage.database_url;
    let place = if url.is_empty() { "SQLite in the data folder".to_owned() } else { "PostgreSQL".to_owned() };
    let data = open(report, it, Part::Data, "data", &place).await;
    let keyring = if data.is_none() && !url.is_empty() {
        report.skip("key ring", "it is on the same server");
        None
    } else {
        open(report, it, Part::Keyring, "key ring", &place).await
    };
    let mut stores = Stores { keyring, ..Stores::default() };
    if let Some(store) = data {
        let looked = async {
            durability(report, it, &store).await?;
            if !was_compared {
                clock(report, it, &store).await?;
            }
            outbox(report, it, &store).await?;
            retention(report, it, &store).await?;
            stores.instance = write(report, &store).await?;
            Ok::<_, StoreError>(())
        };
        if let Err(error) = looked.await {
            report.fail("reading and writing", error.to_string(), "Resolve the database error.");
        }
        stores.data = Some(store);
    }
    room(report, it.data());
    stores
}

/// Opens a part, or returns `None` if it does not have the schema of this version.
async fn open(report: &mut Report, it: &Examination, part: Part, name: &str, place: &str) -> Option<Store> {
    let (data, url) = (it.data(), &it.config.storage.database_url);
    if let Err(unfinished) = refuse_unfinished(data, url) {
        report.fail(name, unfinished, "Run tenure restore again: no server starts before it has ended.");
        return None;
    }
    let looked = async {
        let store = Store::look(part, data, url).await?;
        let migrations = store.migrations(part).await?;
        Ok::<_, StoreError>((store, migrations))
    };
    let (store, found) = match looked.await {
        Ok(found) => found,
        Err(error) => {
            let error = error.to_string();
            let fix = if url.is_empty() { sqlite_advice(data, part, &error) } else { postgres_advice(&error) };
            report.fail(name, error, fix);
            return None;
        }
    };
    if !found.broken.is_empty() {
        let fix = "Restore the backup from before the upgrade, and start the server again.";
        report.fail(name, format!("{place}; the migrations {:?} were interrupted", found.broken), fix);
        return None;
    }
    if !found.unknown.is_empty() {
        let fix = "Use the newer version again, or restore the backup from before the upgrade.";
        report.fail(name, format!("{place}; a newer version has migrated it ({:?})", found.unknown), fix);
        return None;
    }
    if !found.missing.is_empty() {
        let fix = "Start the server of this version: it migrates the database.";
        report.warn(name, format!("{place}; {} migrations are missing", found.missing.len()), fix);
        return None;
    }
    match store.missing_tables(part).await {
        Err(error) => {
            report.fail(name, error.to_string(), "Resolve the database error.");
            None
        }
        Ok(missing) if missing.is_empty() => {
            report.ok(name, format!("{place}; all {} migrations are applied", found.applied));
            Some(store)
        }
        Ok(missing) => {
            let fix = "Put them back under these names, or restore a backup. Until then requests fail with 503.";
            report.fail(name, format!("{place}; tables are missing: {}", missing.join(", ")), fix);
            None
        }
    }
}

/// Returns what to do about a SQLite database that cannot be opened.
fn sqlite_advice(data: &Path, part: Part, error: &str) -> &'static str {
    let is_there = |part: Part| data.join(part.file()).try_exists();
    let other = if part == Part::Data { Part::Keyring } else { Part::Data };
    match (is_there(part), is_there(other)) {
        (Ok(false), Ok(false)) => "Check --data. Starting a server there creates the database.",
        (Ok(false), _) => "Put the file back, or restore a backup: a server does not start with half of its data.",
        (Err(_), _) => USER_ADVICE,
        (Ok(true), _) if ["ermission denied", "readonly", "unable to open"].iter().any(|why| error.contains(why)) => {
            USER_ADVICE
        }
        (Ok(true), _) => "Check the file and its disk, or restore a backup.",
    }
}

const USER_ADVICE: &str =
    "Run this as the user of the server, and let that user write to the data folder and to its files.";

/// Returns what to do about a PostgreSQL database that cannot be opened.
fn postgres_advice(error: &str) -> &'static str {
    if ["too many clients", "connection slots", "too many connections"].iter().any(|why| error.contains(why)) {
        "Close connections of other programs, lower storage.connections, or raise PostgreSQL's max_connections."
    } else if error.contains("refused") || error.contains("timed out") {
        "Check host and port of --database-url, and that PostgreSQL runs and listens there."
    } else {
        "Check --database-url, that the database exists, and that its server accepts this user and host."
    }
}

async fn durability(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    let settings = store.write().await?.durability().await?;
    let of = |name: &str| settings.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let told: Vec<String> = settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let told = told.join(", ");
    let losing: Vec<&str> = ["fsync", "full_page_writes", "synchronous_commit", "synchronous"]
        .into_iter()
        .filter(|name| of(name) == "off")
        .collect();
    if losing.is_empty() {
        report.ok("durability", told);
    } else {
        let fix = format!(
            "Turn {} on in PostgreSQL's settings: otherwise a power failure loses acknowledged data.",
            losing.join(" and ")
        );
        report.fail("durability", told, fix);
    }
    if let Ok(most) = of("max_connections").parse::<u32>() {
        // The key ring has a few connections of its own, and one listens for notifications.
        let wanted = it.config.storage.connections + 5;
        let measured = format!("this server uses up to {wanted}, PostgreSQL allows {most}");
        if wanted + 3 > most {
            let fix = "Lower storage.connections or raise PostgreSQL's max_connections. Count all servers.";
            report.warn("connections", measured, fix);
        } else {
            report.ok("connections", measured);
        }
    }
    Ok(())
}

async fn clock(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    let asked = it.now();
    if let Some(time) = store.read().await?.server_time().await? {
        told_apart(report, "the database server's clock", time, time, asked, it.now());
    }
    Ok(())
}

async fn outbox(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    let mut tx = store.read().await?;
    let (length, oldest) = (tx.outbox_length().await?, tx.oldest_in_outbox().await?);
    let waited = oldest.map(|oldest| it.now().since(oldest)).unwrap_or_default();
    let measured = format!("{length} pending messages");
    if waited > STUCK {
        let fix = "Start the server, or check its log for the reason why mails are not sent.";
        report.warn("outbox", format!("{measured}, the oldest for {}", render(waited)), fix);
    } else {
        report.ok("outbox", measured);
    }
    Ok(())
}

/// Compares this clock with the time up to which retention has run.
async fn retention(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    let Some(mark) = store.acquire().await?.clock_mark().await? else { return Ok(()) };
    let behind = it.now().since(mark);
    let measured = format!("retention has processed everything up to {mark}");
    if behind > LEAP {
        let fix = "Check the clock. If it is correct, start the server: retention catches up within an hour.";
        report.warn("retention", format!("{measured}, {} behind this clock", render(behind)), fix);
    } else {
        report.ok("retention", measured);
    }
    Ok(())
}

/// Measures the fastest of three durable writes, and returns the database's name.
async fn write(report: &mut Report, store: &Store) -> Result<Option<Uuid>, StoreError> {
    let mut best = Duration::MAX;
    if store.acquire().await?.keyring_of_data().await?.is_none() {
        report.skip("a durable write", "no server has been started on it");
        return Ok(None);
    }
    for _ in 0..3 {
        let mut tx = store.write().await?;
        tx.probe_write().await?;
        let started = Instant::now();
        tx.commit().await?;
        best = best.min(started.elapsed());
    }
    let measured = format!("committed in {}", render(best));
    if best > SLOW {
        report.warn("a durable write", measured, "Put the database on its own disk, or on a faster one.");
    } else {
        report.ok("a durable write", measured);
    }
    // The name exists, so the nil id is not stored.
    let mut tx = store.write().await?;
    Ok(Some(tx.instance(Uuid::nil()).await?))
}

/// Reports the disk space available to unprivileged users, from POSIX `df`.
fn room(report: &mut Report, data: &Path) {
    let output = Command::new("df").arg("-Pk").arg(data).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    let Some(free) = free else {
        return report.skip("free disk", format!("df reports nothing for {}", data.display()));
    };
    let measured = format!("{} MiB free under {}", free / 1024, data.display());
    if free < ROOM / 8 {
        report.fail("free disk", measured, "Free disk space: on a full disk every push is answered with 503.");
    } else if free < ROOM {
        report.warn(
            "free disk",
            measured,
            "Free disk space before the disk is full: then every push is answered with 503.",
        );
    } else {
        report.ok("free disk", measured);
    }
}
