//! The shared page and the wallet's print view: the conclusion, differing names, and outdated
//! links.

mod ended_identity;
mod some_jobs;

use std::time::Duration;

use crate::support::app::{PUSH, TestApp};
use crate::support::browser::Browser;
use crate::support::moments::{outside_times, without_times};
use serde_json::{Value, json};
use uuid::Uuid;

fn career(name: &str, organisation: &str, role: &str, start: &str) -> Value {
    json!({
        "credential_id": format!("{organisation} {start}"),
        "fields": {
            "full_name": name,
            "employment": [{ "organisation": organisation, "role_title": role, "start_date": start, "last_processed_month": "2026-10" }],
        },
    })
}

/// Pushes `body` as `partner` and accepts it as `person`; returns the credential's id.
async fn add(test: &TestApp, person: &mut Browser<'_>, partner: &str, path: &str, body: &Value) -> Uuid {
    let scopes = crate::support::app::all_scopes();
    let token = test.token(&test.partner_named(partner, &scopes).await).await;
    let answer = test.post(path, &token, body).await.assert_status(201).json();
    let id = answer["request_id"].as_str().expect("an id").parse().expect("a UUID");
    // Credentials are sorted by the time of acceptance.
    test.advance(Duration::from_secs(1));
    person.accept(id).await;
    id
}

/// Shares everything that the form offers; returns the hirer's path.
async fn share_everything(person: &mut Browser<'_>) -> String {
    let form = person.text("/wallet/share").await;
    let values = |name: &str| {
        let inputs = form.split("<input").skip(1).filter(move |input| input.contains(&format!("name=\"{name}\"")));
        let value = |input: &str| Some(input.split("value=\"").nth(1)?.split('"').next()?.to_owned());
        inputs.filter_map(value).collect::<Vec<_>>()
    };
    let (credentials, parts) = (values("credential"), values("part"));
    let mut sent: Vec<(&str, &str)> = credentials.iter().map(|id| ("credential", id.as_str())).collect();
    sent.extend(parts.iter().map(|part| ("part", part.as_str())));
    sent.push(("days", "14"));
    let own = person.post("/wallet/share", &sent).await.redirect().to_owned();
    link_of(person, &own).await
}

/// Returns the hirer's path of a new share.
async fn link_of(person: &mut Browser<'_>, own: &str) -> String {
    let page = person.text(own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    link[link.find("/share/").expect("a path")..].to_owned()
}

/// Returns the HTML of the conclusion with its reasons.
fn verdict(page: &str) -> &str {
    let (_, rest) = page.split_once("<div class=\"verdict\"").expect("a verdict");
    rest.split_once("</ul>").map_or(rest, |(verdict, _)| verdict)
}

/// Signs in a person with the careers of John Doe and Jane Roe in one account.
async fn two_names<'a>(test: &'a TestApp) -> Browser<'a> {
    let mut person = test.signed_in("john@example.org").await;
    add(test, &mut person, "Northwind Payroll", PUSH, &career("John Doe", "Company A", "Engineer", "2020-01")).await;
    add(test, &mut person, "Harbour Hospital", PUSH, &career("Jane Roe", "Hospital", "Chief Surgeon", "2018-01")).await;
    person
}

#[tokio::test]
async fn different_names_have_separate_headings_timelines_and_totals() {
    let test = TestApp::new().await;
    let mut person = two_names(&test).await;
    let link = share_everything(&mut person).await;
    let page = test.text(&link).await;
    let verdict = verdict(&page);
    assert!(verdict.starts_with(" data-level=\"doubtful\""), "{verdict}");
    assert!(verdict.contains("<h1>Records in 2 names</h1>"), "{verdict}");
    assert!(
        verdict.contains("These records are in different names: <bdi>John Doe</bdi> and <bdi>Jane Roe</bdi>."),
        "{verdict}"
    );
    assert!(
        verdict.contains("The holder says that all the names are theirs."),
        "it was confirmed with the second one: {verdict}"
    );
    {
        let (before, jane) = page.split_once(">Career of <bdi>Jane Roe</bdi></h2>").expect("a career of Jane Roe");
        let (_, john) = before.split_once(">Career of <bdi>John Doe</bdi></h2>").expect("a career of John Doe");
        assert!(john.contains("6 years 10 months of experience") && !john.contains("Chief Surgeon"), "{john}");
        let (jane, _) = jane.split_once("</section>").expect("its end");
        assert!(jane.contains("8 years 10 months of experience") && !jane.contains("Engineer"), "{jane}");
        assert_eq!(page.matches("id=\"timeline-wide-1-title\"").count(), 1);
        assert_eq!(page.matches("id=\"timeline-wide-2-title\"").count(), 1);
        assert_eq!(page.matches("<h2 class=\"name\"").count(), 2);
        assert!(
            page.contains("<p class=\"doubt paper-repeat\">These records are in several names."),
            "on each printed page"
        );
    }
    let own = person.text("/wallet/print").await;
    assert!(own.contains("These records are in several names."), "{own}");
    let jane = person.text("/wallet/print?name=2").await;
    for (page, name, total, role, other) in [
        (&own, "John Doe", "6 years 10 months of experience", "Engineer", "Chief Surgeon"),
        (&jane, "Jane Roe", "8 years 10 months of experience", "Chief Surgeon", "Engineer"),
    ] {
        assert!(page.contains(&format!("<h1><bdi>{name}</bdi></h1>")), "{page}");
        assert!(page.contains(total) && page.contains(role) && !page.contains(other), "{page}");
    }
    for number in ["0", "3"] {
        person.get(&format!("/wallet/print?name={number}")).await.assert_status(404);
    }
}

#[tokio::test]
async fn name_that_only_the_holder_confirms_is_doubtful() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    let john =
        add(&test, &mut person, "Northwind Payroll", PUSH, &career("John Doe", "Company A", "Engineer", "2020-01"))
            .await;
    let jane =
        add(&test, &mut person, "Harbour Hospital", PUSH, &career("Jane Roe", "Hospital", "Surgeon", "2018-01")).await;
    for (id, level) in [(john, "confirmed"), (jane, "doubtful")] {
        let part = format!("{id}/employment/0");
        let form = [("part", part.as_str()), ("days", "14")];
        let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
        let link = link_of(&mut person, &own).await;
        let page = test.text(&link).await;
        let verdict = verdict(&page);
        assert!(verdict.starts_with(&format!(" data-level=\"{level}\"")), "{verdict}");
        let said = verdict.contains("Only the person who shared this says that the name <bdi>Jane Roe</bdi> is theirs");
        assert_eq!(said, id == jane, "{verdict}");
        assert!(!page.contains("John Doe") || id == john, "the other name is not told: {page}");
    }
}

#[tokio::test]
async fn identity_confirms_its_name_whichever_comes_first() {
    const IDENTITY: &str = "/api/partner/v2/add/requests/digital_identity";
    let known: credential::Type = "digital_identity".parse().expect("a type");
    let identity = (known.sample)();
    let surgeon = career("Jane Roe", "Hospital", "Chief Surgeon", "2018-01");
    for is_identity_first in [false, true] {
        let test = TestApp::new().await;
        let mut person = test.signed_in("john@example.org").await;
        if is_identity_first {
            add(&test, &mut person, "Identity Bureau", IDENTITY, &identity).await;
        }
        let jane = add(&test, &mut person, "Harbour Hospital", PUSH, &surgeon).await;
        if !is_identity_first {
            add(&test, &mut person, "Identity Bureau", IDENTITY, &identity).await;
        }
        let part = format!("{jane}/employment/0");
        let form = [("part", part.as_str()), ("days", "14")];
        let own = person.post(&format!("/wallet/credentials/{jane}/share"), &form).await.redirect().to_owned();
        let page = test.text(&link_of(&mut person, &own).await).await;
        let verdict = verdict(&page);
        assert!(verdict.starts_with(" data-level=\"doubtful\""), "{is_identity_first}: {verdict}");
        assert!(verdict.contains("Only the person who shared this says that the name <bdi>Jane Roe</bdi> is theirs"));
        assert!(!page.contains("John Doe"), "the identity is not shared: {page}");
    }
}

#[tokio::test]
async fn one_name_has_one_heading_and_the_sum_of_its_careers() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    add(&test, &mut person, "Northwind Payroll", PUSH, &career("John Doe", "Company A", "Engineer", "2020-01")).await;
    add(&test, &mut person, "HR Cloud", PUSH, &career("JOHN DOE", "Company B", "Lead", "2018-01")).await;
    let link = share_everything(&mut person).await;
    let page = test.text(&link).await;
    let verdict = verdict(&page);
    assert!(verdict.starts_with(" data-level=\"confirmed\""), "{verdict}");
    let partners = "<bdi>Northwind Payroll</bdi> (data to October 2026) and <bdi>HR Cloud</bdi> (data to October 2026)";
    assert!(verdict.contains(&format!("Confirmed by {partners}. Not revoked.")), "{verdict}");
    assert!(verdict.contains("<h1><bdi>John Doe</bdi></h1>"), "{verdict}");
    for page in [page.as_str(), &person.text("/wallet/print").await] {
        assert!(page.contains("8 years 10 months of experience") && !page.contains("class=\"name\""), "{page}");
    }
}

#[tokio::test]
async fn old_data_of_a_current_job_is_confirmed_first() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    let mut body = career("John Doe", "Company A", "Engineer", "2020-01");
    body["fields"]["employment"][0]["last_processed_month"] = json!("2024-05");
    add(&test, &mut person, "Sandbox Payroll", PUSH, &body).await;
    let link = share_everything(&mut person).await;
    let page = test.text(&link).await;
    let verdict = verdict(&page);
    let said = "<strong data-sentence>Confirmed by <bdi>Sandbox Payroll</bdi>, with data to May 2024. The current job may \
                have ended since.</strong>";
    assert!(verdict.starts_with(" data-level=\"doubtful\"") && verdict.contains(said), "{verdict}");
    assert!(verdict.contains("has no data on <bdi>Company A</bdi> after May 2024"), "{verdict}");
    assert!(!verdict.contains("Not everything here is confirmed."), "{verdict}");
    assert!(page.contains("All records here are in this name, confirmed by one organisation."), "{page}");
    let (checks, tools) = page.split_once("<summary>For your own tools</summary>").expect("the tools");
    assert!(!checks.contains("of the status list") && tools.contains("of the status list"), "{page}");
}

#[tokio::test]
async fn expired_licence_fails_the_verdict_and_is_marked_on_paper() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let known: credential::Type = "universal_credential".parse().expect("a type");
    let mut licence = (known.sample)();
    licence["assets"] = json!([]);
    licence["fields"]["expiry_date"] = json!("2026-11-30");
    add(&test, &mut person, "Licensing Board", "/api/partner/v2/add/requests/universal_credential", &licence).await;
    let link = share_everything(&mut person).await;
    assert!(verdict(&test.text(&link).await).starts_with(" data-level=\"confirmed\""));
    test.advance(Duration::from_secs(9 * 86_400));
    let page = test.text(&link).await;
    let verdict = verdict(&page);
    assert!(
        verdict.starts_with(" data-level=\"failed\"") && verdict.contains("expired on 30 November 2026"),
        "{verdict}"
    );
    for page in [page, test.signed_in("ada@example.org").await.text("/wallet/print").await] {
        assert!(page.contains("<p class=\"problem\">Expired on 30 November 2026</p>"), "{page}");
    }
}

#[tokio::test]
async fn page_isolates_names_that_are_written_from_right_to_left() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("mona@example.org").await;
    add(&test, &mut person, "شركة الرواتب", PUSH, &career("منى سامي", "مستشفى الميناء", "مهندسة", "2020-01")).await;
    let link = share_everything(&mut person).await;
    let page = test.text(&link).await;
    for said in [
        "<h1><bdi>منى سامي</bdi></h1>",
        "Confirmed by <bdi>شركة الرواتب</bdi>, data to October 2026. Not revoked.",
        "<bdi>مستشفى الميناء</bdi>",
        "<bdi>مهندسة</bdi>",
        "<bdi>Career history</bdi> from <bdi>شركة الرواتب</bdi>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn records_of_one_partner_have_headings_that_differ() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    for organisation in ["Company A", "Company B"] {
        let body = career("John Doe", organisation, "Engineer", "2020-01");
        add(&test, &mut person, "Acme Payroll", PUSH, &body).await;
    }
    let page = test.text(&share_everything(&mut person).await).await;
    for organisation in ["Company A", "Company B"] {
        let heading = format!("<bdi>Career history (Engineer at {organisation})</bdi> from <bdi>Acme Payroll</bdi>");
        for said in [
            format!("<h3>{heading}</h3>"),
            format!("<h3>Token: {heading}</h3>"),
            format!("{heading} was revoked by the issuer or the holder."),
        ] {
            assert_eq!(page.matches(&said).count(), 1, "{said}: {page}");
        }
    }
}

#[tokio::test]
async fn requests_for_single_tokens_verify_nothing() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    for organisation in ["Company A", "Company B", "Company C"] {
        let payroll = format!("Payroll of {organisation}");
        add(&test, &mut person, &payroll, PUSH, &career("John Doe", organisation, "Engineer", "2020-01")).await;
    }
    let link = share_everything(&mut person).await;
    let verified = || {
        let metrics = test.app.metrics().encode();
        let count = metrics.lines().find_map(|line| line.strip_prefix("tenure_own_presentations_verified_total "));
        count.map(ToOwned::to_owned)
    };
    let page = test.text(&link).await;
    assert_eq!(verified().as_deref(), Some("3"), "the page verifies each token");
    for number in 1..=3 {
        let token = test.text(&format!("{link}/token/{number}")).await;
        assert!(page.contains(&format!("<pre id=\"token-{number}\" class=\"token\" tabindex=\"0\">{token}</pre>")));
    }
    assert_eq!(verified().as_deref(), Some("3"), "the script's requests would verify each token three times more");
}

#[tokio::test]
async fn old_pdf_address_leads_to_the_page_while_its_link_is_open() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    add(&test, &mut person, "Northwind Payroll", PUSH, &career("John Doe", "Company A", "Engineer", "2020-01")).await;
    let link = share_everything(&mut person).await;
    let answer = test.get(&format!("{link}/pdf")).await.assert_status(308);
    assert_eq!((answer.header("location"), answer.header("x-robots-tag")), (link.as_str(), "noindex"));
    test.get("/share/unknown/pdf").await.assert_status(404);
    test.advance(Duration::from_secs(14 * 86_400));
    let over = test.get(&format!("{link}/pdf")).await.assert_status(410).text;
    assert!(over.contains("As checked by this site on 7 December 2026, 09:00 UTC."), "{over}");
}

#[tokio::test]
async fn wallet_print_shows_current_careers_to_its_owner_only() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("john@example.org").await;
    assert_eq!(person.get("/wallet/print").await.redirect(), "/wallet", "there is nothing to print");
    let body = career("John Doe", "Company A", "Engineer", "2020-01");
    let id = add(&test, &mut person, "Northwind Payroll", PUSH, &body).await;
    let page = person.text("/wallet/print").await;
    assert!(!outside_times(&page).contains("November 2026"), "{page}");
    let page = without_times(&page);
    for said in ["<h1><bdi>John Doe</bdi></h1>", "Company A", "It is not signed", "on 23 November 2026"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let mut other = test.signed_in("eve@example.org").await;
    assert_eq!(other.get("/wallet/print").await.redirect(), "/wallet");
    test.get("/wallet/print").await.assert_status(303);
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    assert_eq!(person.get("/wallet/print").await.redirect(), "/wallet");
}
