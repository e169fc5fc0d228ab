//! Careers of which a page shows some jobs only, or whose jobs do not all go on.

use serde_json::{Value, json};

use super::{add, career, link_of, verdict};
use crate::support::app::{PUSH, TestApp};

/// Returns a job; `end` is empty for one without an end.
fn job(organisation: &str, start: &str, end: &str, data_to: &str) -> Value {
    let end = if end.is_empty() { Value::Null } else { json!(end) };
    json!({
        "organisation": organisation, "role_title": "Cook", "start_date": start, "end_date": end, "last_processed_month": data_to,
    })
}

/// Shares those of `jobs` that are in `shown`; returns the hirer's page.
async fn page(jobs: &[Value], shown: &[usize]) -> String {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut body = career("Ada Example", "Cafe", "Cook", "2020-01");
    body["fields"]["employment"] = json!(jobs);
    let id = add(&test, &mut person, "Northwind Payroll", PUSH, &body).await;
    let parts: Vec<String> = shown.iter().map(|at| format!("{id}/employment/{at}")).collect();
    let mut form: Vec<(&str, &str)> = parts.iter().map(|part| ("part", part.as_str())).collect();
    form.push(("days", "14"));
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    let link = link_of(&mut person, &own).await;
    test.text(&link).await
}

#[tokio::test]
async fn withheld_job_is_no_gap() {
    let jobs = [
        job("Cafe", "2020-01", "", "2026-10"),
        job("Bank", "2010-01", "2019-12", "2019-12"),
        job("Hotel", "2008-01", "2009-12", "2009-12"),
    ];
    let whole = page(&jobs, &[0, 1, 2]).await;
    assert!(whole.contains("18 years 10 months of experience.") && !whole.contains("job not shown"), "{whole}");
    let part = page(&jobs, &[0, 2]).await;
    assert!(part.contains("8 years 10 months of experience in the jobs shown."), "{part}");
    assert!(part.contains("1 job not shown.") && !part.contains("Bank"), "{part}");
    for claim in ["No record for", "Gap of", "gap 10 years"] {
        assert!(!part.contains(claim), "{claim}: {part}");
    }
    // A gap between jobs that are all shown is one.
    let gap = page(&[jobs[0].clone(), jobs[2].clone()], &[0, 1]).await;
    for claim in ["No record for 10 years, from January 2010.", "Gap of 10 years from January 2010.", "gap 10 years"] {
        assert!(gap.contains(claim), "{claim}: {gap}");
    }
}

#[tokio::test]
async fn verdict_has_the_month_of_the_jobs_that_go_on() {
    let open = job("Cafe", "2020-01", "", "2026-07");
    let planned = job("Company B", "2027-05", "", "2026-11");
    let ended = job("Hotel", "2010-01", "2012-03", "2026-11");
    for (other, shown) in [(&planned, "planned"), (&ended, "ended")] {
        let page = page(&[open.clone(), other.clone()], &[0, 1]).await;
        let said = "Confirmed by <bdi>Northwind Payroll</bdi>, data to July 2026. Not revoked.";
        assert!(verdict(&page).contains(said), "{shown}: {}", verdict(&page));
    }
    let page = page(&[planned], &[0]).await;
    let said = "Confirmed by <bdi>Northwind Payroll</bdi>. Not revoked.";
    assert!(verdict(&page).contains(said), "{}", verdict(&page));
    assert!(page.contains("No confirmed months of work yet.") && !page.contains("0 months of experience"), "{page}");
}

#[tokio::test]
async fn holders_links_say_which_jobs_they_show() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut body = career("Ada Example", "Cafe", "Cook", "2020-01");
    body["fields"]["employment"] =
        json!([job("Cafe", "2020-01", "", "2026-10"), job("Bank", "2010-01", "2019-12", "2019-12")]);
    let id = add(&test, &mut person, "Northwind Payroll", PUSH, &body).await;
    let part = format!("{id}/employment/1");
    let form = [("part", part.as_str()), ("days", "14")];
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    for path in [own.as_str(), "/wallet/shares"] {
        let page = person.text(path).await;
        assert!(page.contains("at Bank (Northwind Payroll). 1 job not shown."), "{page}");
        assert!(!page.contains("Cafe"), "{page}");
    }
}
