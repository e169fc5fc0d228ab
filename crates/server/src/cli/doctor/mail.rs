//! How mail leaves: whether it would be taken, without sending any.

use super::examination::Examination;
use super::finding::Report;
use crate::mail::{Mailer, Probe};

pub(super) async fn examine(report: &mut Report, it: &Examination) {
    let settings = &it.config.mail;
    if let Some(folder) = settings.transport.strip_prefix("dir:")
        && !std::path::Path::new(folder).is_dir()
    {
        return report.fail(
            "transport",
            format!("there is no folder {folder}"),
            "Check mail.transport; a server makes the folder.",
        );
    }
    let mailer = match Mailer::new(&settings.transport, &settings.from, &it.config.outbound, !it.config.is_https()) {
        Ok(mailer) => mailer,
        Err(error) => return report.fail("transport", error, "Correct mail.transport or mail.from."),
    };
    match mailer.probe().await {
        Ok(Probe::Console) => report.warn(
            "transport",
            "mails are printed, and reach nobody",
            "Set mail.transport to smtp://user:password@host:587?tls=required, or whatever your mail server wants.",
        ),
        Ok(Probe::Folder) => report.ok("transport", "the folder can be written to; whoever reads it sends the mails"),
        Ok(Probe::Smtp) => {
            report.ok(
                "transport",
                format!("the server greeted us, {}, and would take mail", protection(&settings.transport)),
            );
            if protection(&settings.transport) == PLAIN && !is_here(&settings.transport) {
                report.warn(
                    "encryption",
                    "codes and passwords go over the network in clear text",
                    "Use smtps:// or ?tls=required.",
                );
            }
        }
        Err(error) => report.fail("transport", error, "Check host, port, user and password in mail.transport."),
    }
}

const PLAIN: &str = "without TLS";

fn protection(transport: &str) -> &'static str {
    if transport.starts_with("smtps:") {
        "by TLS from the start"
    } else if transport.contains("tls=required") {
        "by STARTTLS"
    } else if transport.contains("tls=opportunistic") {
        "by STARTTLS if it offers that"
    } else {
        PLAIN
    }
}

fn is_here(transport: &str) -> bool {
    let url = transport.parse::<url::Url>().ok();
    url.as_ref().and_then(url::Url::host_str).is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}
