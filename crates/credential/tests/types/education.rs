//! Education, microcredentials and English tests.

use credential::Type;
use serde_json::{Value, json};

use crate::samples::{Put, Take, changed, check, parse};

#[test]
fn education_samples_are_accepted_or_rejected() {
    let subject = "/fields/transcript/subjects/0";
    let asset = |kind: &str, data: Value| json!([{ "asset_id": "1", "asset_type": kind, "asset_data": data }]);
    let assets = |count: usize| {
        Value::from((0..count).map(|at| json!({ "asset_id": at.to_string(), "asset_type": "pdf" })).collect::<Vec<_>>())
    };
    let awaiting = || vec![Put("/fields/awaiting_graduation", json!(true)), Put("/fields/conferral_year", Value::Null)];
    check(
        "education",
        &[
            (
                "awaiting graduation, no year",
                vec![Put("/fields/awaiting_graduation", json!(true)), Take("/fields/conferral_year")],
            ),
            ("awaiting graduation, the year null", awaiting()),
            ("conferred this year", vec![Put("/fields/conferral_year", json!("2026"))]),
            ("no transcript", vec![Take("/fields/transcript")]),
            ("no majors and nothing said of them", vec![Take("/fields/has_majors"), Take("/fields/majors")]),
            ("has no majors", vec![Put("/fields/has_majors", json!(false)), Put("/fields/majors", json!([]))]),
            (
                "a subject completed on a leap day",
                vec![Put("/fields/transcript/subjects/0/completion_date", json!("2020-02-29"))],
            ),
            ("a score as a number", vec![Put("/fields/transcript/overall/score", json!(6.25))]),
            ("an OpenCerts upload", vec![Put("/assets", asset("open_cert", Value::Null))]),
            ("ten assets", vec![Put("/assets", assets(10))]),
            ("a document by address", vec![Put("/assets", asset("pdf", json!("https://example.edu/t.pdf")))]),
            (
                "a document in a data URL",
                vec![Put("/assets", asset("pdf", json!("data:application/pdf;base64,JVBERi0=")))],
            ),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take("/fields/education_provider")], "/fields", "field.missing"),
            (vec![Put("/fields/course_name", json!(7))], "/fields/course_name", "type.mismatch"),
            (vec![Put("/fields/course_name", json!("x".repeat(501)))], "/fields/course_name", "text.too_long"),
            (vec![Take("/fields/conferral_year")], "/fields", "field.missing"),
            (vec![Put("/fields/conferral_year", Value::Null)], "/fields", "field.missing"),
            (vec![Put("/fields/conferral_year", json!(2022))], "/fields/conferral_year", "type.mismatch"),
            (vec![Put("/fields/conferral_year", json!("22"))], "/fields/conferral_year", "date.format"),
            (vec![Put("/fields/conferral_year", json!("1899"))], "/fields/conferral_year", "date.range"),
            (vec![Put("/fields/conferral_year", json!("2027"))], "/fields/conferral_year", "date.future"),
            (vec![Put("/fields/awaiting_graduation", json!(true))], "/fields/conferral_year", "field.forbidden"),
            (vec![Put("/fields/awaiting_graduation", json!("false"))], "/fields/awaiting_graduation", "type.mismatch"),
            (vec![Put("/fields/with_honours", Value::Null)], "/fields/with_honours", "field.null"),
            (vec![Put("/fields/has_majors", json!(false))], "/fields/majors", "field.forbidden"),
            (vec![Put("/fields/majors", json!("Finance"))], "/fields/majors", "type.mismatch"),
            (vec![Put("/fields/majors/0", json!(""))], "/fields/majors/0", "text.empty"),
            (vec![Put("/fields/course", json!("x"))], "/fields/course", "field.unknown"),
            (vec![Take("/fields/transcript/overall")], "/fields/transcript", "field.missing"),
            (vec![Take("/fields/transcript/overall/issuance_date")], "/fields/transcript/overall", "field.missing"),
            (
                vec![Put("/fields/transcript/overall/issuance_date", json!("2022-02-29"))],
                "/fields/transcript/overall/issuance_date",
                "date.range",
            ),
            (
                vec![Put("/fields/transcript/overall/issuance_date", json!("2026-11-25"))],
                "/fields/transcript/overall/issuance_date",
                "date.future",
            ),
            (
                vec![Put("/fields/transcript/overall/score", json!(true))],
                "/fields/transcript/overall/score",
                "type.mismatch",
            ),
            (
                vec![Put("/fields/transcript/subjects/0/completion_date", json!("2027"))],
                "/fields/transcript/subjects/0/completion_date",
                "date.future",
            ),
            (
                vec![Put("/fields/transcript/subjects/0/completion_date", json!("11/2021"))],
                "/fields/transcript/subjects/0/completion_date",
                "date.format",
            ),
            (vec![Take("/fields/transcript/subjects/0/code")], subject, "field.missing"),
            (vec![Put("/assets", asset("png", Value::Null))], "/assets/0/asset_type", "choice.unknown"),
            (vec![Put("/assets", assets(11))], "/assets", "list.too_long"),
            (vec![Put("/assets", asset("pdf", json!(7)))], "/assets/0/asset_data", "type.mismatch"),
            (
                vec![Put("/assets", asset("pdf", json!("http://example.edu/t.pdf")))],
                "/assets/0/asset_data",
                "asset_data.format",
            ),
            (
                vec![Put("/assets", asset("pdf", json!("https://10.0.0.1/t.pdf")))],
                "/assets/0/asset_data",
                "asset_data.address",
            ),
            (
                vec![Put("/assets", asset("pdf", json!("data:image/png;base64,JVBERi0=")))],
                "/assets/0/asset_data",
                "asset_data.format",
            ),
            (
                vec![Put(
                    "/assets",
                    json!([{ "asset_id": "1", "asset_type": "pdf" }, { "asset_id": "1", "asset_type": "pdf" }]),
                )],
                "/assets/1/asset_id",
                "asset_id.duplicate",
            ),
            (
                vec![Put(
                    "/assets",
                    json!([{ "asset_id": "1", "asset_type": "pdf" }, { "asset_id": "1 ", "asset_type": "pdf" }]),
                )],
                "/assets/1/asset_id",
                "id.form",
            ),
            (
                vec![Put("/assets", json!([{ "asset_id": "Ame\u{301}lie", "asset_type": "pdf" }]))],
                "/assets/0/asset_id",
                "id.form",
            ),
            (vec![Put("/assets", json!([{ "asset_type": "pdf" }]))], "/assets/0", "field.missing"),
        ],
    );
}

#[test]
fn microcredential_samples_are_accepted_or_rejected() {
    let asset = |kind: &str| json!([{ "asset_id": "1", "asset_type": kind }]);
    check(
        "microcredential",
        &[
            ("no expiry", vec![Take("/fields/expiry_date")]),
            ("expiry null", vec![Put("/fields/expiry_date", Value::Null)]),
            ("no result", vec![Take("/fields/assessment_result")]),
            ("result null", vec![Put("/fields/assessment_result", Value::Null)]),
            ("issued on a leap day", vec![Put("/fields/issue_date", json!("2024-02-29"))]),
            ("issued today at UTC+14", vec![Put("/fields/issue_date", json!("2026-11-23"))]),
            ("expired on the day of issue", vec![Put("/fields/expiry_date", json!("2024-03-01"))]),
            ("a picture", vec![Put("/assets", asset("png"))]),
            ("a photograph", vec![Put("/assets", asset("jpg"))]),
            ("an OpenCerts document", vec![Put("/assets", asset("open_cert"))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take("/fields/issuer_name")], "/fields", "field.missing"),
            (vec![Take("/fields/microcredential_name")], "/fields", "field.missing"),
            (vec![Take("/fields/issue_date")], "/fields", "field.missing"),
            (vec![Put("/fields/issue_date", Value::Null)], "/fields/issue_date", "field.null"),
            (vec![Put("/fields/issue_date", json!(20240301))], "/fields/issue_date", "type.mismatch"),
            (vec![Put("/fields/issue_date", json!("2024-03"))], "/fields/issue_date", "date.format"),
            (vec![Put("/fields/issue_date", json!("01/03/2024"))], "/fields/issue_date", "date.format"),
            (vec![Put("/fields/issue_date", json!("2023-02-29"))], "/fields/issue_date", "date.range"),
            (vec![Put("/fields/issue_date", json!("1899-12-31"))], "/fields/issue_date", "date.range"),
            (
                vec![Put("/fields/issue_date", json!("2026-11-24")), Take("/fields/expiry_date")],
                "/fields/issue_date",
                "date.future",
            ),
            (vec![Put("/fields/expiry_date", json!("2024-02-29"))], "/fields/expiry_date", "date.order"),
            (vec![Put("/fields/expiry_date", json!("never"))], "/fields/expiry_date", "date.format"),
            (vec![Put("/fields/assessment_result", json!([]))], "/fields/assessment_result", "type.mismatch"),
            (vec![Put("/fields/microcredential_name", json!("\u{7}"))], "/fields/microcredential_name", "text.control"),
            (vec![Put("/fields/issuer", json!("x"))], "/fields/issuer", "field.unknown"),
            (vec![Put("/assets", asset("gif"))], "/assets/0/asset_type", "choice.unknown"),
            (vec![Put("/assets", asset("PDF"))], "/assets/0/asset_type", "choice.unknown"),
        ],
    );
    let known: Type = "microcredential".parse().expect("a type");
    let vague = changed(known, &[Put("/fields/microcredential_name", json!("Certificate of completion"))]);
    let advice = parse(known, &vague).expect("taken all the same").advice();
    assert_eq!(advice[0].code, "name.says_nothing");
}

#[test]
fn english_proficiency_samples_are_accepted_or_rejected() {
    let cefr = |level: &str| vec![Put("/fields/test_scores/cefr_scores/speaking", json!(level))];
    let at = "/fields/test_scores/cefr_scores/speaking";
    check(
        "english_proficiency",
        &[
            ("no expiry", vec![Take("/fields/expiry_date")]),
            ("no subskills", vec![Take("/fields/test_scores/subskills")]),
            ("no CEFR levels", vec![Put("/fields/test_scores/cefr_scores", json!({}))]),
            ("a level null", vec![Put("/fields/test_scores/cefr_scores/speaking", Value::Null)]),
            ("the lowest level", cefr("pre-A1")),
            ("a plus level", cefr("A2+")),
            ("the highest level", cefr("C2")),
            ("a score as a number", vec![Put("/fields/test_scores/overall/score", json!(75))]),
            ("a document", vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "pdf" }]))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take("/fields/test_provider")], "/fields", "field.missing"),
            (vec![Take("/fields/test_name")], "/fields", "field.missing"),
            (vec![Take("/fields/completion_date")], "/fields", "field.missing"),
            (vec![Take("/fields/test_scores")], "/fields", "field.missing"),
            (vec![Put("/fields/test_scores", json!([]))], "/fields/test_scores", "type.mismatch"),
            (vec![Take("/fields/test_scores/overall")], "/fields/test_scores", "field.missing"),
            (vec![Take("/fields/test_scores/overall/scale")], "/fields/test_scores/overall", "field.missing"),
            (vec![Take("/fields/test_scores/cefr_scores")], "/fields/test_scores", "field.missing"),
            (cefr("D1"), at, "choice.unknown"),
            (cefr("b2"), at, "choice.unknown"),
            (cefr("C1+"), at, "choice.unknown"),
            (cefr(""), at, "choice.unknown"),
            (vec![Put("/fields/test_scores/cefr_scores/speaking", json!(2))], at, "type.mismatch"),
            (
                vec![Put("/fields/test_scores/cefr_scores/grammar", json!("B2"))],
                "/fields/test_scores/cefr_scores/grammar",
                "field.unknown",
            ),
            (vec![Put("/fields/completion_date", json!("2025-06-31"))], "/fields/completion_date", "date.range"),
            (vec![Put("/fields/expiry_date", json!("2025-06-13"))], "/fields/expiry_date", "date.order"),
            (vec![Put("/fields/completion_date", json!("2027-01-01"))], "/fields/completion_date", "date.future"),
            (vec![Take("/fields/test_scores/subskills/0/score")], "/fields/test_scores/subskills/0", "field.missing"),
            (
                vec![Put("/fields/test_scores/subskills/0/skill", json!(1))],
                "/fields/test_scores/subskills/0/skill",
                "type.mismatch",
            ),
            (
                vec![Put("/fields/test_scores/partner_chain", json!([]))],
                "/fields/test_scores/partner_chain",
                "field.unknown",
            ),
            (
                vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "jpg" }]))],
                "/assets/0/asset_type",
                "choice.unknown",
            ),
        ],
    );
}
