//! What every credential type takes and refuses, with the place and the code of each fault (partner-api, section 5).
//! `career_history` has a file of its own.

use credential::{Context, Rejection, Submission, Type};
use serde_json::{Value, json};

fn context() -> Context<'static> {
    Context::new("2026-11-23T09:00:00Z".parse().expect("a time"))
}

/// One change to a sample: a value to put at a pointer, or a member to take away.
enum Change {
    Put(&'static str, Value),
    Take(&'static str),
}
use Change::{Put, Take};

fn changed(known: Type, changes: &[Change]) -> Value {
    let mut body = (known.sample)();
    for change in changes {
        let (Put(pointer, _) | Take(pointer)) = change;
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} has no parent"));
        match (parent, change) {
            (Value::Array(items), Put(_, value)) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            (parent, Put(_, value)) => parent[name] = value.clone(),
            (parent, Take(_)) => {
                assert!(parent.as_object_mut().expect("an object").remove(name).is_some(), "{pointer}");
            }
        }
    }
    body
}

fn parse(known: Type, body: &Value) -> Result<Submission, Rejection> {
    Submission::parse_v2(known, body.to_string().as_bytes(), &context())
}

fn check(name: &str, taken: &[(&str, Vec<Change>)], refused: Vec<(Vec<Change>, &str, &str)>) {
    let known: Type = name.parse().expect("a known type");
    assert!(taken.len() >= 5 && refused.len() >= 15, "{name}: {} taken, {} refused", taken.len(), refused.len());
    for (what, changes) in taken {
        let body = changed(known, changes);
        let submission = parse(known, &body).unwrap_or_else(|refusal| panic!("{name}, {what}: {refusal:?}"));
        assert!(!known.headline(&submission.fields).is_empty() && !known.view(&submission.fields).is_empty());
    }
    for (changes, pointer, code) in refused {
        let body = changed(known, &changes);
        let Err(Rejection::Invalid(faults)) = parse(known, &body) else { panic!("{name}: taken: {body}") };
        let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
        assert_eq!(found, [(pointer, code)], "{name}: {body}");
        assert!(body.pointer(pointer).is_some(), "{pointer} must resolve in {body}");
        assert!(faults[0].message.ends_with(['.', '?']) && faults[0].message.len() > 20, "{}", faults[0].message);
    }
}

#[test]
fn education() {
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
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take("/fields/education_provider")], "/fields", "member.missing"),
            (vec![Put("/fields/course_name", json!(7))], "/fields/course_name", "type.mismatch"),
            (vec![Put("/fields/course_name", json!("x".repeat(501)))], "/fields/course_name", "text.too_long"),
            (vec![Take("/fields/conferral_year")], "/fields", "member.missing"),
            (vec![Put("/fields/conferral_year", Value::Null)], "/fields", "member.missing"),
            (vec![Put("/fields/conferral_year", json!(2022))], "/fields/conferral_year", "type.mismatch"),
            (vec![Put("/fields/conferral_year", json!("22"))], "/fields/conferral_year", "date.format"),
            (vec![Put("/fields/conferral_year", json!("1899"))], "/fields/conferral_year", "date.range"),
            (vec![Put("/fields/conferral_year", json!("2027"))], "/fields/conferral_year", "date.future"),
            (vec![Put("/fields/awaiting_graduation", json!(true))], "/fields/conferral_year", "member.forbidden"),
            (vec![Put("/fields/awaiting_graduation", json!("false"))], "/fields/awaiting_graduation", "type.mismatch"),
            (vec![Put("/fields/with_honours", Value::Null)], "/fields/with_honours", "member.null"),
            (vec![Put("/fields/has_majors", json!(false))], "/fields/majors", "member.forbidden"),
            (vec![Put("/fields/majors", json!("Finance"))], "/fields/majors", "type.mismatch"),
            (vec![Put("/fields/majors/0", json!(""))], "/fields/majors/0", "text.empty"),
            (vec![Put("/fields/course", json!("x"))], "/fields/course", "member.unknown"),
            (vec![Take("/fields/transcript/overall")], "/fields/transcript", "member.missing"),
            (vec![Take("/fields/transcript/overall/issuance_date")], "/fields/transcript/overall", "member.missing"),
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
            (vec![Take("/fields/transcript/subjects/0/code")], subject, "member.missing"),
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
            (vec![Put("/assets", json!([{ "asset_type": "pdf" }]))], "/assets/0", "member.missing"),
        ],
    );
}

#[test]
fn microcredential() {
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
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take("/fields/issuer_name")], "/fields", "member.missing"),
            (vec![Take("/fields/microcredential_name")], "/fields", "member.missing"),
            (vec![Take("/fields/issue_date")], "/fields", "member.missing"),
            (vec![Put("/fields/issue_date", Value::Null)], "/fields/issue_date", "member.null"),
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
            (vec![Put("/fields/issuer", json!("x"))], "/fields/issuer", "member.unknown"),
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
fn english_proficiency() {
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
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take("/fields/test_provider")], "/fields", "member.missing"),
            (vec![Take("/fields/test_name")], "/fields", "member.missing"),
            (vec![Take("/fields/completion_date")], "/fields", "member.missing"),
            (vec![Take("/fields/test_scores")], "/fields", "member.missing"),
            (vec![Put("/fields/test_scores", json!([]))], "/fields/test_scores", "type.mismatch"),
            (vec![Take("/fields/test_scores/overall")], "/fields/test_scores", "member.missing"),
            (vec![Take("/fields/test_scores/overall/scale")], "/fields/test_scores/overall", "member.missing"),
            (vec![Take("/fields/test_scores/cefr_scores")], "/fields/test_scores", "member.missing"),
            (cefr("D1"), at, "choice.unknown"),
            (cefr("b2"), at, "choice.unknown"),
            (cefr("C1+"), at, "choice.unknown"),
            (cefr(""), at, "choice.unknown"),
            (vec![Put("/fields/test_scores/cefr_scores/speaking", json!(2))], at, "type.mismatch"),
            (
                vec![Put("/fields/test_scores/cefr_scores/grammar", json!("B2"))],
                "/fields/test_scores/cefr_scores/grammar",
                "member.unknown",
            ),
            (vec![Put("/fields/completion_date", json!("2025-06-31"))], "/fields/completion_date", "date.range"),
            (vec![Put("/fields/expiry_date", json!("2025-06-13"))], "/fields/expiry_date", "date.order"),
            (vec![Put("/fields/completion_date", json!("2027-01-01"))], "/fields/completion_date", "date.future"),
            (vec![Take("/fields/test_scores/subskills/0/score")], "/fields/test_scores/subskills/0", "member.missing"),
            (
                vec![Put("/fields/test_scores/subskills/0/skill", json!(1))],
                "/fields/test_scores/subskills/0/skill",
                "type.mismatch",
            ),
            (
                vec![Put("/fields/test_scores/partner_chain", json!([]))],
                "/fields/test_scores/partner_chain",
                "member.unknown",
            ),
            (
                vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "jpg" }]))],
                "/assets/0/asset_type",
                "choice.unknown",
            ),
        ],
    );
}

#[test]
fn digital_identity() {
    let put = |name: &'static str, value: &str| vec![Put(name, json!(value))];
    let (validity, liveness, matched) = (
        "/fields/identity_document_validity",
        "/fields/identity_document_liveness",
        "/fields/identity_document_person_match",
    );
    check(
        "digital_identity",
        &[
            ("no date of birth", vec![Take("/fields/date_of_birth")]),
            ("date of birth null", vec![Put("/fields/date_of_birth", Value::Null)]),
            ("born on a leap day", put("/fields/date_of_birth", "2000-02-29")),
            ("a document checked by hand", put(validity, "manual")),
            ("a signed document", put(validity, "verifiable_credential")),
            ("seen by a machine", put(liveness, "automated")),
            ("matched with records", put(matched, "government_database")),
            ("assets null", vec![Put("/assets", Value::Null)]),
            ("a partner chain", vec![Put("/partner_chain", json!([{ "name": "Parent" }]))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take(validity)], "/fields", "member.missing"),
            (vec![Take(liveness)], "/fields", "member.missing"),
            (vec![Take(matched)], "/fields", "member.missing"),
            (put(validity, "automated"), validity, "choice.unknown"),
            (put(liveness, "manual"), liveness, "choice.unknown"),
            (put(liveness, "In_Person"), liveness, "choice.unknown"),
            (put(matched, "verifiable_credential"), matched, "choice.unknown"),
            (vec![Put(validity, Value::Null)], validity, "member.null"),
            (vec![Put(matched, json!(true))], matched, "type.mismatch"),
            (put("/fields/date_of_birth", "30/04/1990"), "/fields/date_of_birth", "date.format"),
            (put("/fields/date_of_birth", "1990-04-31"), "/fields/date_of_birth", "date.range"),
            (put("/fields/date_of_birth", "1900-02-29"), "/fields/date_of_birth", "date.range"),
            (put("/fields/date_of_birth", "2026-11-24"), "/fields/date_of_birth", "date.future"),
            (
                put("/fields/identity_verification_level", "basic"),
                "/fields/identity_verification_level",
                "member.unknown",
            ),
            (vec![Put("/fields/full_name", json!(""))], "/fields/full_name", "text.empty"),
            (vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "pdf" }]))], "/assets", "assets.not_allowed"),
            (
                vec![Put("/partner_chain", json!([{ "name": "Parent", "nam": "Parent" }]))],
                "/partner_chain/0/nam",
                "member.unknown",
            ),
        ],
    );
}

#[test]
fn right_to_work() {
    let country = |code: &str| vec![Put("/fields/country", json!(code)), Take("/fields/singapore_work_rights")];
    let rights = |right: &str| vec![Put("/fields/singapore_work_rights", json!(right))];
    let at = "/fields/singapore_work_rights";
    check(
        "right_to_work",
        &[
            ("Australia", country("AU")),
            ("another country with the member null", vec![Put("/fields/country", json!("NZ")), Put(at, Value::Null)]),
            ("a citizen of Singapore", rights("citizen")),
            ("a permanent resident", rights("permanent_resident")),
            ("a pass holder", rights("pass_holder")),
            ("the last code of the list", country("ZW")),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take("/fields/country"), Take(at)], "/fields", "member.missing"),
            (country("XX"), "/fields/country", "choice.unknown"),
            (country("UK"), "/fields/country", "choice.unknown"),
            (country("sg"), "/fields/country", "choice.unknown"),
            (country("SGP"), "/fields/country", "choice.unknown"),
            (country("Singapore"), "/fields/country", "choice.unknown"),
            (country(""), "/fields/country", "choice.unknown"),
            (vec![Put("/fields/country", json!(["SG"])), Take(at)], "/fields/country", "type.mismatch"),
            (vec![Put("/fields/country", Value::Null), Take(at)], "/fields/country", "member.null"),
            (vec![Take(at)], "/fields", "member.missing"),
            (vec![Put(at, Value::Null)], "/fields", "member.missing"),
            (rights("tourist"), at, "choice.unknown"),
            (rights("Resident"), at, "choice.unknown"),
            (vec![Put(at, json!(1))], at, "type.mismatch"),
            (vec![Put("/fields/country", json!("AU"))], at, "member.forbidden"),
            (vec![Put("/fields/visa", json!("x"))], "/fields/visa", "member.unknown"),
            (vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "pdf" }]))], "/assets", "assets.not_allowed"),
        ],
    );
}

#[test]
fn universal_credential() {
    let details = |name: &str, value: Value| vec![Put("/fields/credential_details", json!({ name: value }))];
    let asset = |kind: &str| json!({ "asset_id": kind, "asset_type": kind });
    check(
        "universal_credential",
        &[
            ("no details", vec![Take("/fields/credential_details")]),
            ("details null", vec![Put("/fields/credential_details", Value::Null)]),
            ("details empty", vec![Put("/fields/credential_details", json!({}))]),
            ("every detail null", details("speciality", Value::Null)),
            ("no expiry", vec![Take("/fields/expiry_date")]),
            ("completed in a year", details("date_completed", json!("2023"))),
            ("the last category", vec![Put("/fields/credential_category", json!("other"))]),
            ("one asset", vec![Put("/assets", json!([asset("png")]))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "member.missing"),
            (vec![Take("/fields/credential_name")], "/fields", "member.missing"),
            (vec![Take("/fields/credential_category")], "/fields", "member.missing"),
            (vec![Take("/fields/issuer_name")], "/fields", "member.missing"),
            (
                vec![Put("/fields/credential_category", json!("license"))],
                "/fields/credential_category",
                "choice.unknown",
            ),
            (
                vec![Put("/fields/credential_category", json!("Licence"))],
                "/fields/credential_category",
                "choice.unknown",
            ),
            (vec![Put("/fields/credential_category", json!(""))], "/fields/credential_category", "text.empty"),
            (vec![Put("/fields/expiry_date", json!("31.12.2028"))], "/fields/expiry_date", "date.format"),
            (vec![Put("/fields/expiry_date", json!("2027-02-29"))], "/fields/expiry_date", "date.range"),
            (vec![Put("/fields/credential_details", json!("x"))], "/fields/credential_details", "type.mismatch"),
            (details("speciality", json!("Solar")), "/fields/credential_details/speciality", "type.mismatch"),
            (details("speciality", json!([1])), "/fields/credential_details/speciality/0", "type.mismatch"),
            (
                details("date_completed", json!("2026-12-24")),
                "/fields/credential_details/date_completed",
                "date.future",
            ),
            (details("date_completed", json!("2027")), "/fields/credential_details/date_completed", "date.future"),
            (details("county", json!("x")), "/fields/credential_details/county", "member.unknown"),
            (details("city", json!("")), "/fields/credential_details/city", "text.empty"),
            (vec![Put("/assets", json!([asset("png"), asset("jpg")]))], "/assets", "list.too_long"),
            (vec![Put("/assets", json!([asset("open_cert")]))], "/assets/0/asset_type", "choice.unknown"),
        ],
    );
}

#[test]
fn an_operator_s_categories_take_the_place_of_ours() {
    let known: Type = "universal_credential".parse().expect("a type");
    let own = ["vessel_master".to_owned()];
    let context = Context { categories: Some(&own), ..context() };
    let with = |category: &str| changed(known, &[Put("/fields/credential_category", json!(category))]).to_string();
    assert!(Submission::parse_v2(known, with("vessel_master").as_bytes(), &context).is_ok());
    let Err(Rejection::Invalid(faults)) = Submission::parse_v2(known, with("licence").as_bytes(), &context) else {
        panic!("taken")
    };
    assert_eq!(faults[0].message, "This must be a category: vessel_master.");
}

#[test]
fn titles_are_as_a_hirer_reads_them() {
    let headline = |name: &str, changes: &[Change]| {
        let known: Type = name.parse().expect("a type");
        let submission = parse(known, &changed(known, changes)).expect("taken");
        known.headline(&submission.fields)
    };
    let majors = |list: Value| [Put("/fields/majors", list)];
    for (read, expected) in [
        (headline("education", &[]), "Bachelor of Commerce (Honours), Finance"),
        (
            headline("education", &majors(json!(["Finance", "Law", "Art"]))),
            "Bachelor of Commerce (Honours), Finance, Law and Art",
        ),
        (
            headline(
                "education",
                &[Put("/fields/course_name", json!("Bachelor of Arts with Honours")), Take("/fields/majors")],
            ),
            "Bachelor of Arts with Honours",
        ),
        (headline("microcredential", &[]), "Project Management Foundations, Example Institute"),
        (headline("english_proficiency", &[]), "Example English Test, Academic: 7.5 (CEFR C1)"),
        (
            headline("english_proficiency", &[Take("/fields/test_scores/cefr_scores/combined")]),
            "Example English Test, Academic: 7.5",
        ),
        (headline("digital_identity", &[]), "Identity verified in person"),
        (headline("right_to_work", &[]), "May work in Singapore"),
        (headline("universal_credential", &[]), "Electrical Work Licence, Example Licensing Board"),
    ] {
        assert_eq!(read, expected);
    }
}
