//! Words about employment, in names of columns and in cells.

use super::*;

#[test]
fn columns_about_employment_are_recognised() {
    for (name, kind) in [
        ("Current", Kind::Positive),
        ("Is active?", Kind::Positive),
        ("Enabled", Kind::Positive),
        ("Current job title", Kind::Other),
        ("HasLeft", Kind::Negative),
        ("Ex-employee", Kind::Negative),
        ("Termination reason", Kind::Negative),
        ("Employment status", Kind::Status),
        ("\u{5728}\u{8077}", Kind::Positive),
        ("Work state", Kind::Other),
        ("Marital status", Kind::Other),
        ("Annual leave", Kind::Other),
        ("Date of birth", Kind::Harmless),
        ("Start date", Kind::Harmless),
        ("FTE", Kind::Hours),
        ("LWD", Kind::Other),
        ("Probation end date", Kind::Harmless),
        ("Notice period end date", Kind::Other),
        ("Date resigned", Kind::Negative),
        ("P45 issued", Kind::Negative),
        ("Last day worked", Kind::Negative),
        ("HR Notes", Kind::Remark),
        ("1st Aid", Kind::Harmless),
        ("Salary effective date", Kind::Harmless),
        ("Disabled", Kind::Negative),
        ("Account disabled", Kind::Negative),
        ("Disability", Kind::Other),
        ("Disabled veteran", Kind::Other),
        ("Term reason", Kind::Negative),
        ("Reason code", Kind::Negative),
        ("Hire reason", Kind::Harmless),
        ("Weekly hours", Kind::Hours),
        ("Headcount", Kind::Hours),
        ("Overtime hours", Kind::Other),
        ("Tenure (months)", Kind::Service),
    ] {
        assert_eq!(Kind::of(name), kind, "{name}");
    }
}

#[test]
fn abbreviations_and_harmless_dates_are_recognised() {
    for (name, kind) in [
        ("Emp stat", Kind::Status),
        ("Empl Stat", Kind::Status),
        ("Sts", Kind::Status),
        ("A/I", Kind::Status),
        ("AI", Kind::Other),
        ("Act/Inact", Kind::Status),
        ("Actv", Kind::Positive),
        ("In service", Kind::Other),
        ("Probezeit bis", Kind::Harmless),
        ("Probezeitende", Kind::Harmless),
        ("Fin p\u{e9}riode d'essai", Kind::Harmless),
        ("Fin de prueba", Kind::Harmless),
        ("Contract signed", Kind::Harmless),
        ("Continuous service date", Kind::Harmless),
        ("Appointment date", Kind::Harmless),
        ("Appointment end date", Kind::Negative),
        ("Date of marriage", Kind::Harmless),
        ("Bonus paid", Kind::Harmless),
        ("Last holiday", Kind::Harmless),
        ("Paid to", Kind::Harmless),
    ] {
        assert_eq!(Kind::of(name), kind, "{name}");
    }
}

#[test]
fn only_known_values_mean_employed() {
    for (kind, value, agrees) in [
        (Kind::Status, "Full-Time Permanent", true),
        (Kind::Status, "1 - Active", true),
        (Kind::Status, "On leave", true),
        (Kind::Status, "", true),
        (Kind::Status, "3 - Terminated", false),
        (Kind::Status, "Inactive - Resigned", false),
        (Kind::Status, "Sorti", false),
        (Kind::Status, "0", false),
        (Kind::Positive, "Yes", true),
        (Kind::Positive, "No", false),
        (Kind::Positive, "", false),
        (Kind::Negative, "", true),
        (Kind::Negative, "No", true),
        (Kind::Negative, "Yes", false),
        (Kind::Negative, "Resigned", false),
        (Kind::Negative, "Paid", false),
        (Kind::Negative, "Active", false),
        (Kind::Status, "Paid", false),
        (Kind::Status, "Paid leave", true),
        (Kind::Status, "Leave of absence - unpaid", true),
        (Kind::Hours, "0:00", false),
        (Kind::Hours, "38", true),
        (Kind::Hours, "0.0", false),
        (Kind::Hours, "0.5", true),
        (Kind::Hours, "0%", false),
        (Kind::Status, "X", false),
        (Kind::Status, "Kontrak", true),
        (Kind::Status, "Active - Payroll Eligible", true),
        (Kind::Status, "INACTIVE_PROCESS", false),
        (Kind::Positive, "ja", true),
        (Kind::Remark, "Works from home", false),
        (Kind::Remark, "-", true),
    ] {
        assert_eq!(kind.agrees("status", value), agrees, "{kind:?} {value}");
    }
    assert!(Kind::Status.agrees("state", "NY") && !Kind::Status.agrees("state", "Left"));
    for (name, value, agrees) in [
        ("employment", "No", false),
        ("inservice", "N", false),
        ("employment", "Full time", true),
        ("employment", "", true),
        ("shuttle", "No", true),
    ] {
        assert_eq!(Kind::Other.agrees(name, value), agrees, "{name}: {value}");
    }
    assert!(Kind::Status.agrees("actinact", "Act") && !Kind::Status.agrees("actinact", "Inact"));
}

#[test]
fn remarks_say_that_somebody_left() {
    assert!(has_left("Resigned 31/03/2020") && has_left("LEFT") && !has_left("Left handed"));
    for text in [
        "Left the company",
        "laid off",
        "Employee absconded",
        "last day 31/03/2020",
        "Entlassen",
        "En retraite",
        "Mengundurkan diri",
        "TERM",
        "TERMED",
        "Term'd",
        "RESGN",
        "INACT",
        "Non-active",
        "Not working",
        "Redundancy",
        "Let go",
        "Retd",
        "2020\u{5e74}\u{9000}\u{8077}",
    ] {
        assert!(has_left(text), "{text}");
    }
    assert!(!has_left("Last day of the month") && !has_left("Payroll Clerk"));
    for text in ["Term 1 2020", "Fixed term", "Working", "Inaction", "Terms"] {
        assert!(!has_left(text), "{text}");
    }
    assert!(has_left_in("type", "Separated") && !has_left_in("maritalstatus", "Separated"));
    assert!(is_remark("Past Employee") && is_remark("On Leave") && !is_remark("Bob"));
}

#[test]
fn people_who_left_are_mentioned_in_any_column() {
    for text in ["999 LEFT", "Ex-staff", "left in March", "Z_Terminated", "Sales (former)", "ex employee"] {
        assert!(has_left_in("department", text), "{text}");
    }
    for text in ["Left handed", "Excel", "Sales", "100", "Left-hand side", "Performer"] {
        assert!(!has_left_in("department", text), "{text}");
    }
    assert!(!has_left_in("managername", "Cy Sample (left)") && !has_left_in("homeaddress", "4 Left Bank Road"));
}

#[test]
fn remarks_in_the_texts_of_a_job_are_found() {
    for text in ["Driver (left)", "Sample Co (former)", "TERMINATED - Driver", "Clerk [inactive]", "Left"] {
        assert!(has_left_remark(text), "{text}");
    }
    for text in ["Clerk (TERM)", "Clerk (ret.)", "Clerk until 2020", "Clerk bis 31.03.2020", "Ex-employees"] {
        assert!(has_left_remark(text), "{text}");
    }
    for text in ["Clerk until 22:00", "Tillman 2020 Ltd", "Summer term clerk", "Open till late"] {
        assert!(!has_left_remark(text), "{text}");
    }
    for text in [
        "Left Luggage Attendant",
        "Driver (night)",
        "Clerk - term time only",
        "Officer - Deceased Estates",
        "Sample Co (formerly Example Ltd)",
    ] {
        assert!(!has_left_remark(text), "{text}");
    }
    assert!(is_former_title("Former clerk") && is_former_title("Ex-driver") && !is_former_title("Excel trainer"));
}

#[test]
fn only_known_values_mean_a_valid_credential() {
    for (header, value, is_good) in [
        ("Status", "Revoked", false),
        ("Status", "Issued", true),
        ("Result", "Not yet competent", false),
        ("Result", "Competent", true),
        ("Outcome", "Failed", false),
        ("Result", "85%", true),
        ("Campus", "North", true),
        ("Campus", "Withdrawn", false),
        ("Valid", "No", false),
        ("Passed", "0", false),
        ("Valid", "Yes", true),
        ("Grade", "F", false),
        ("Grade", "B+", true),
        ("Valid from", "2020-01-31", true),
        ("Conferred", "No", false),
        ("Eligible", "No", false),
        ("Eligible for rehire", "No", true),
        ("Decision", "Rejected", false),
    ] {
        assert_eq!(is_valid(header, value), is_good, "{header}: {value}");
    }
}
