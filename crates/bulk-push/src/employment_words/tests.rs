//! Words about employment, in names of columns and in cells.

use super::*;

#[test]
fn columns_about_employment_are_recognised() {
    for (name, kind) in [
        ("Current", ColumnKind::Positive),
        ("Is active?", ColumnKind::Positive),
        ("Enabled", ColumnKind::Positive),
        ("Current job title", ColumnKind::Other),
        ("HasLeft", ColumnKind::Negative),
        ("Ex-employee", ColumnKind::Negative),
        ("Termination reason", ColumnKind::Negative),
        ("Employment status", ColumnKind::Status),
        ("\u{5728}\u{8077}", ColumnKind::Positive),
        ("Work state", ColumnKind::Other),
        ("Marital status", ColumnKind::Other),
        ("Annual leave", ColumnKind::Other),
        ("Date of birth", ColumnKind::Harmless),
        ("Start date", ColumnKind::Harmless),
        ("FTE", ColumnKind::Hours),
        ("LWD", ColumnKind::Other),
        ("Probation end date", ColumnKind::Harmless),
        ("Notice period end date", ColumnKind::Other),
        ("Date resigned", ColumnKind::Negative),
        ("P45 issued", ColumnKind::Negative),
        ("Last day worked", ColumnKind::Negative),
        ("HR Notes", ColumnKind::Remark),
        ("1st Aid", ColumnKind::Harmless),
        ("Salary effective date", ColumnKind::Harmless),
        ("Disabled", ColumnKind::Negative),
        ("Account disabled", ColumnKind::Negative),
        ("Disability", ColumnKind::Other),
        ("Disabled veteran", ColumnKind::Other),
        ("Term reason", ColumnKind::Negative),
        ("Reason code", ColumnKind::Negative),
        ("Hire reason", ColumnKind::Harmless),
        ("Weekly hours", ColumnKind::Hours),
        ("Headcount", ColumnKind::Hours),
        ("Overtime hours", ColumnKind::Other),
        ("Tenure (months)", ColumnKind::Service),
    ] {
        assert_eq!(ColumnKind::of(name), kind, "{name}");
    }
}

#[test]
fn abbreviations_and_harmless_dates_are_recognised() {
    for (name, kind) in [
        ("Emp stat", ColumnKind::Status),
        ("Empl Stat", ColumnKind::Status),
        ("Sts", ColumnKind::Status),
        ("A/I", ColumnKind::Status),
        ("AI", ColumnKind::Other),
        ("Act/Inact", ColumnKind::Status),
        ("Actv", ColumnKind::Positive),
        ("In service", ColumnKind::Other),
        ("Probezeit bis", ColumnKind::Harmless),
        ("Probezeitende", ColumnKind::Harmless),
        ("Fin p\u{e9}riode d'essai", ColumnKind::Harmless),
        ("Fin de prueba", ColumnKind::Harmless),
        ("Contract signed", ColumnKind::Harmless),
        ("Continuous service date", ColumnKind::Harmless),
        ("Appointment date", ColumnKind::Harmless),
        ("Appointment end date", ColumnKind::Negative),
        ("Date of marriage", ColumnKind::Harmless),
        ("Bonus paid", ColumnKind::Harmless),
        ("Last holiday", ColumnKind::Harmless),
        ("Paid to", ColumnKind::Harmless),
        ("Service Date", ColumnKind::Harmless),
        ("Adjusted Service Date", ColumnKind::Harmless),
        ("Last service date", ColumnKind::Other),
        ("Position Effective Date", ColumnKind::Harmless),
        ("Status Effective Date", ColumnKind::Harmless),
        ("Effective date", ColumnKind::Other),
        ("LOA end date", ColumnKind::Harmless),
        ("Maternity leave end", ColumnKind::Harmless),
        ("Parental leave end date", ColumnKind::Harmless),
        ("Last absence", ColumnKind::Harmless),
        ("Date of Issue", ColumnKind::Harmless),
        ("Medical expiry", ColumnKind::Harmless),
        ("Right to work check", ColumnKind::Harmless),
        ("Fecha de antig\u{fc}edad", ColumnKind::Harmless),
    ] {
        assert_eq!(ColumnKind::of(name), kind, "{name}");
    }
}

#[test]
fn statuses_of_papers_and_accounts_are_not_about_the_employment() {
    for name in [
        "FLSA Status",
        "Approval Status",
        "PTKP Status",
        "Status Pernikahan",
        "W-4 Status",
        "I-9 Status",
        "FT/PT Status",
        "PF/ESI Status",
        "Auto enrolment status",
        "Background check status",
        "docstatus",
    ] {
        assert_eq!(ColumnKind::of(name), ColumnKind::Other, "{name}");
    }
    for name in ["Position status", "Worker status", "Record status", "Payroll status", "PA0000-STAT2", "P0000-STAT2"] {
        assert_eq!(ColumnKind::of(name), ColumnKind::Status, "{name}");
    }
    assert!(ColumnKind::Status.agrees("recordstatus", "Complete") && !ColumnKind::Status.agrees("status", "Complete"));
    assert!(!ColumnKind::Status.agrees("recordstatus", "I"));
    assert!(!has_left_in("directdeposit", "Inactive") && has_left_in("directdeposit", "Resigned"));
    assert!(!is_valid("Certification status", "Zzz") && !is_valid("Approval status", "Declined"));
}

#[test]
fn columns_about_leaving_and_lengths_are_recognised() {
    for (name, kind) in [
        ("Vacant", ColumnKind::Negative),
        ("Redundancy", ColumnKind::Negative),
        ("Redundancy entitlement", ColumnKind::Other),
        ("K\u{fc}ndigungsgrund", ColumnKind::Negative),
        ("K\u{fc}ndigungsfrist", ColumnKind::Other),
        ("LOS", ColumnKind::Service),
        ("LOS (yrs)", ColumnKind::Service),
        ("Yrs of svc", ColumnKind::Service),
        ("Service (days)", ColumnKind::Service),
        ("Service month", ColumnKind::Other),
        ("Company service", ColumnKind::Service),
        ("Employed for", ColumnKind::Service),
        ("Anciennet\u{e9}", ColumnKind::Service),
        ("Masa kerja", ColumnKind::Service),
        ("Dienstjahre", ColumnKind::Service),
        ("Seniority", ColumnKind::Harmless),
    ] {
        assert_eq!(ColumnKind::of(name), kind, "{name}");
    }
    for (kind, name, value, agrees) in [
        (ColumnKind::Harmless, "onpayroll", "No", false),
        (ColumnKind::Harmless, "onpayroll", "Yes", true),
        (ColumnKind::Harmless, "payroll", "Stopped", false),
        (ColumnKind::Harmless, "payroll", "Monthly", true),
        (ColumnKind::Negative, "redundancy", "0.00", true),
        (ColumnKind::Negative, "redundancy", "Yes", false),
    ] {
        assert_eq!(kind.agrees(name, value), agrees, "{name}: {value}");
    }
}

#[test]
fn statuses_that_say_employed_today_are_told_from_contracts() {
    for (value, is_sure) in [
        ("Active", true),
        ("1 - Active", true),
        ("On leave", true),
        ("Full-Time Permanent", false),
        ("Terminated", false),
        ("", false),
    ] {
        assert_eq!(says_employed(ColumnKind::Status, "status", value), is_sure, "{value}");
    }
    assert!(says_employed(ColumnKind::Positive, "active", "Yes"));
}

#[test]
fn only_known_values_mean_employed() {
    for (kind, value, agrees) in [
        (ColumnKind::Status, "Full-Time Permanent", true),
        (ColumnKind::Status, "1 - Active", true),
        (ColumnKind::Status, "On leave", true),
        (ColumnKind::Status, "", true),
        (ColumnKind::Status, "3 - Terminated", false),
        (ColumnKind::Status, "Inactive - Resigned", false),
        (ColumnKind::Status, "Sorti", false),
        (ColumnKind::Status, "0", false),
        (ColumnKind::Positive, "Yes", true),
        (ColumnKind::Positive, "No", false),
        (ColumnKind::Positive, "", false),
        (ColumnKind::Negative, "", true),
        (ColumnKind::Negative, "No", true),
        (ColumnKind::Negative, "Yes", false),
        (ColumnKind::Negative, "Resigned", false),
        (ColumnKind::Negative, "Paid", false),
        (ColumnKind::Negative, "Active", false),
        (ColumnKind::Status, "Paid", false),
        (ColumnKind::Status, "Paid leave", true),
        (ColumnKind::Status, "Leave of absence - unpaid", true),
        (ColumnKind::Status, "New Hire", true),
        (ColumnKind::Status, "Rehire", true),
        (ColumnKind::Status, "Eligible for rehire", false),
        (ColumnKind::Status, "Rehire eligible", false),
        (ColumnKind::Status, "Onboarding", true),
        (ColumnKind::Status, "Long-term sick", true),
        (ColumnKind::Status, "Elternzeit", true),
        (ColumnKind::Status, "ruhend", true),
        (ColumnKind::Status, "Mutterschutz", true),
        (ColumnKind::Status, "L", false),
        (ColumnKind::Hours, "0:00", false),
        (ColumnKind::Hours, "38", true),
        (ColumnKind::Hours, "0.0", false),
        (ColumnKind::Hours, "0.5", true),
        (ColumnKind::Hours, "0%", false),
        (ColumnKind::Status, "X", false),
        (ColumnKind::Status, "Kontrak", true),
        (ColumnKind::Status, "Active - Payroll Eligible", true),
        (ColumnKind::Status, "INACTIVE_PROCESS", false),
        (ColumnKind::Positive, "ja", true),
        (ColumnKind::Remark, "Works from home", false),
        (ColumnKind::Remark, "-", true),
    ] {
        assert_eq!(kind.agrees("status", value), agrees, "{kind:?} {value}");
    }
    assert!(ColumnKind::Status.agrees("state", "NY") && !ColumnKind::Status.agrees("state", "Left"));
    for (name, value, agrees) in [
        ("employment", "No", false),
        ("inservice", "N", false),
        ("employment", "Full time", true),
        ("employment", "", true),
        ("shuttle", "No", true),
    ] {
        assert_eq!(ColumnKind::Other.agrees(name, value), agrees, "{name}: {value}");
    }
    assert!(ColumnKind::Status.agrees("actinact", "Act") && !ColumnKind::Status.agrees("actinact", "Inact"));
}

#[test]
fn remarks_about_leaving_are_recognised() {
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
        "Retiree/pens.",
        "Early retiree/pens.",
        "2 - Pensioners",
        "Retirees",
        "Eigenk\u{fc}ndigung",
    ] {
        assert!(has_left(text), "{text}");
    }
    assert!(!has_left("Last day of the month") && !has_left("Payroll Clerk"));
    for text in ["Term 1 2020", "Fixed term", "Working", "Inaction", "Terms", "Retiree services", "Early shift"] {
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
