//! Career histories without faults: one person's jobs, as one partner knows them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::year_month::YearMonth;

/// A career history without faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareerHistory {
    /// The person's name, as the partner knows it.
    pub full_name: String,
    /// The jobs, in the partner's order.
    pub employment: Vec<Employment>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employment {
    /// The employer.
    pub organisation: String,
    /// Category of the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_classification: Option<String>,
    /// Official title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_title: Option<String>,
    /// First month.
    pub start_date: YearMonth,
    /// Last month; `None`: still employed as of `last_processed_month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<YearMonth>,
    /// The most recent month for which the partner has data.
    pub last_processed_month: YearMonth,
}

impl CareerHistory {
    /// Reads the fields of a submission.
    ///
    /// # Errors
    /// They are not those of a career history; those that [`crate::Submission::parse_v2`] gave are.
    pub fn from_fields(fields: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(fields)
    }
}

impl Employment {
    /// The title, or the category where there is no title.
    pub fn role(&self) -> &str {
        self.role_title.as_deref().or(self.role_classification.as_deref()).unwrap_or_default()
    }

    /// The last month that is known: its end, or as far as the partner's data goes. It lies before the start while no month
    /// of the job is confirmed.
    pub fn known_until(&self) -> YearMonth {
        self.end_date.map_or(self.last_processed_month, |end| end.min(self.last_processed_month))
    }

    /// Whether the partner's data covers a month of it.
    pub fn has_begun(&self) -> bool {
        self.start_date <= self.last_processed_month
    }

    /// The end, where it lies after the partner's data: nobody knows yet that it comes to that.
    pub fn planned_end(&self) -> Option<YearMonth> {
        self.end_date.filter(|end| *end > self.last_processed_month)
    }
}
