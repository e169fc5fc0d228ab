//! The floor: the fastest durable push that we know how to write, on rusqlite or tokio-postgres.
//!
//! A slow floor would flatter Tenure, so it has no pool, no message for each statement and, for
//! career histories, no generic JSON tree.

use axum::Router;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Serve, floor_postgres, floor_sqlite, push, serve};

/// The fields of a career history.
#[derive(Deserialize, Serialize)]
struct CareerHistory {
    full_name: String,
    employment: Vec<Job>,
}

#[derive(Deserialize, Serialize)]
struct Job {
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_classification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_title: Option<String>,
    start_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    last_processed_month: String,
}

/// Serves the floor: career histories at `/push`, other types at `/push/other`.
///
/// # Errors
/// The database cannot be opened, or the address is in use.
pub fn run(serve_at: &Serve) -> Result<(), String> {
    let (data, url) = (serve_at.data.clone(), serve_at.database_url.clone());
    serve(serve_at.listen, async move {
        let queue = match url {
            None => floor_sqlite::start(&data)?,
            Some(url) => floor_postgres::start(&url).await?,
        };
        let router = Router::new().route("/push", post(push::<CareerHistory>));
        Ok(router.route("/push/other", post(push::<Value>)).with_state(queue))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::Push;

    #[test]
    fn typed_fields_keep_the_whole_sample() {
        let known: credential::Type = "career_history".parse().expect("a type");
        let sample = (known.sample)();
        let push: Push<CareerHistory> = serde_json::from_value(sample.clone()).expect("a push");
        assert_eq!(serde_json::to_value(&push.fields).expect("JSON"), sample["fields"]);
    }
}
