//! Checks that the mail server would accept a message, without sending one.

use super::examination::Examination;
use super::finding::Report;
use crate::mail::{Mailer, Probe};

pub(super) async fn check(report: &mut Report, it: &Examination) {
    let settings = &it.config.mail;
    if let Some(folder) = settings.transport.strip_prefix("dir:")
        && !std::path::Path::new(folder).is_dir()
    {
        return report.fail(
            "transport",
            format!("the folder {folder} does not exist"),
            "Check mail.transport. A server creates the folder.",
        );
    }
    let mailer = match Mailer::new(&settings.transport, &settings.from, &it.config.outbound, !it.config.is_https()) {
        Ok(mailer) => mailer,
        Err(error) => return report.fail("transport", error, "Correct mail.transport or mail.from."),
    };
    match mailer.probe().await {
        Ok(Probe::Console) => report.warn(
            "transport",
            "mails are printed on the terminal and not sent to anyone",
            "Set mail.transport to smtp://user:password@host:587?tls=required, with the values of your mail server.",
        ),
        Ok(Probe::Folder) => {
            report.ok("transport", "the folder is writable; the program that reads it has to send the mails");
        }
        Ok(Probe::Smtp) => {
            report.ok(
                "transport",
                format!("the mail server greeted us, {}, and would accept mail", protection(&settings.transport)),
            );
            if protection(&settings.transport) == PLAIN && !is_here(&settings.transport) {
                report.warn(
                    "encryption",
                    "codes and passwords cross the network unencrypted",
                    "Use smtps:// or ?tls=required.",
                );
            }
        }
        Err(error) => report.fail("transport", error, "Check the host, port, user and password in mail.transport."),
    }
}

const PLAIN: &str = "without TLS";

fn protection(transport: &str) -> &'static str {
    if transport.starts_with("smtps:") {
        "with TLS from the start"
    } else if transport.contains("tls=required") {
        "with STARTTLS"
    } else if transport.contains("tls=opportunistic") {
        "with STARTTLS if the server offers it"
    } else {
        PLAIN
    }
}

fn is_here(transport: &str) -> bool {
    let url = transport.parse::<url::Url>().ok();
    url.as_ref().and_then(url::Url::host_str).is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}
