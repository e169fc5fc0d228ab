//! Updated careers, and their holder.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp};
use crate::support::browser::Browser;
use crate::support::response::content;

pub const DAY: Duration = Duration::from_secs(86_400);

/// The person's name in every career.
pub const NAME: &str = "Ada Example";

/// A job: employer, title, first month, last month (empty for a current job), last processed month.
pub type Job = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Returns the body of a career push.
pub fn career_of(credential_id: &str, jobs: &[Job]) -> Value {
    let job = |(organisation, title, start, end, last): &Job| {
        let end = if end.is_empty() { Value::Null } else { json!(end) };
        json!({
            "organisation": organisation, "role_title": title, "start_date": start, "end_date": end, "last_processed_month": last,
        })
    };
    let employment: Vec<Value> = jobs.iter().map(job).collect();
    json!({ "credential_id": credential_id, "fields": { "full_name": NAME, "employment": employment } })
}

/// Returns a push that updates an earlier one.
pub fn replacing(mut body: Value, replaces: &str) -> Value {
    body["replaces"] = json!(replaces);
    body
}

/// Advances the clock by a second and pushes; returns the response.
pub async fn push(test: &TestApp, token: &str, body: &Value) -> Value {
    test.advance(Duration::from_secs(1));
    test.post(PUSH, token, body).await.assert_status(201).json()
}

/// Pushes and accepts with the defaults of the consent page.
pub async fn push_and_accept(test: &TestApp, token: &str, person: &mut Browser<'_>, body: &Value) -> Uuid {
    let id = content(&push(test, token, body).await);
    person.accept(id).await;
    id
}

/// Pushes and accepts a career with consent for later updates.
pub async fn push_and_allow(test: &TestApp, token: &str, person: &mut Browser<'_>, body: &Value) -> Uuid {
    let id = content(&push(test, token, body).await);
    person.accept_with(id, &[(&format!("current-{id}"), "on")]).await;
    id
}

/// Returns the ids of the current credentials in the wallet of `person`, in order of acceptance.
pub async fn current(person: &mut Browser<'_>) -> Vec<String> {
    let export = person.get("/wallet/export").await.assert_status(200).json();
    let held = export["credentials"].as_array().expect("a list").iter();
    let current = held.filter(|held| held["status"] == "verified" && held["superseded_at"].is_null());
    current.map(|held| held["credential_id"].as_str().expect("an id").to_owned()).collect()
}

/// Shares the career `id`; returns the path of the hirer's page.
pub async fn share(person: &mut Browser<'_>, id: Uuid, more: &[(&str, &str)]) -> String {
    let part = format!("{id}/employment/0");
    let form = [&[("part", part.as_str()), ("days", "14")], more].concat();
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    link[link.find("/share/").expect("a path")..].to_owned()
}
