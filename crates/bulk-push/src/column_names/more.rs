//! Further names of columns, which go after those in the parent module. They are written without
//! case, spaces and punctuation.

/// Names of the column that identifies the person.
pub const PERSON: &str = "\
    nik \u{5de5}\u{53f7} \u{5458}\u{5de5}\u{7f16}\u{53f7} \u{793e}\u{54e1}\u{30b3}\u{30fc}\u{30c9} \
    \u{5f93}\u{696d}\u{54e1}\u{30b3}\u{30fc}\u{30c9} nopekerja nomborpekerja matricola n\u{ba}empleado nempleado \
    noempleado medewerkernummer useremployeeid";

/// Names of a column with the full name.
pub const FULL_NAME: &str = "namakaryawan namapekerja namapegawai \u{59d3}\u{540d} nombreyapellidos nomeecognome";

/// Names of a column with the full name as it is shown.
pub const SHOWN_NAME: &str = "nama";

/// Names of a column with the given name.
pub const GIVEN_NAME: &str = "forename1 firstname1 givenname1";

/// Names of a column with the middle name.
pub const MIDDLE_NAME: &str = "forename2 firstname2 givenname2";

/// Names of fields.
pub const FIELDS: &[(&str, &str)] = &[
    (
        "organisation",
        "\u{4f1a}\u{793e} \u{516c}\u{53f8} \u{516c}\u{53f8}\u{540d}\u{79f0} \u{6240}\u{5c5e}\u{4f1a}\u{793e} \
         syarikat namasyarikat employingcompany entityname legalentityname entit\u{e9}l\u{e9}gale \
         raisonsociale raz\u{f3}nsocial azienda",
    ),
    (
        "role_title",
        "planstelle \u{804c}\u{4f4d} \u{8077}\u{4f4d} \u{5c97}\u{4f4d} jawatan posisi fonction jobrole \
         mansione",
    ),
    (
        "start_date",
        "datejoined doj \u{5165}\u{793e}\u{5e74}\u{6708}\u{65e5} \u{5165}\u{804c}\u{65e5}\u{671f} \
         \u{5165}\u{8077}\u{65e5}\u{671f} fechadeinicio indienst tarikhmula tarikhmasuk dateded\u{e9}but \
         dataassunzione",
    ),
    (
        "end_date",
        "termdate departuredate \u{9000}\u{8077}\u{5e74}\u{6708}\u{65e5} \u{79bb}\u{804c}\u{65e5}\u{671f} \
         \u{96e2}\u{8077}\u{65e5}\u{671f} uitdienst fechadefin dateded\u{e9}part",
    ),
];

/// Names of a start, and those of an end that are clear beside them only.
pub const ENDS_BESIDE: [(&str, &str); 3] = [
    ("eintritt eintrittsdatum", "austritt"),
    ("doj dateofjoining joiningdate datejoined", "lwd dol"),
    ("\u{5165}\u{793e}\u{65e5} \u{5165}\u{793e}\u{5e74}\u{6708}\u{65e5}", "\u{9000}\u{8077}\u{65e5}"),
];

/// Titles of a job that say less than another one beside them.
pub const ROLES: &str = "jobrole fonction planstelle posisi";

#[cfg(test)]
mod tests {
    use crate::infer_columns::{column, columns, is_known, is_name_of, person_names};

    #[test]
    fn further_names_go_after_the_usual_ones() {
        for (name, field) in [
            ("\u{4f1a}\u{793e}", "organisation"),
            ("\u{516c}\u{53f8}", "organisation"),
            ("Syarikat", "organisation"),
            ("Employing Company", "organisation"),
            ("Entity name", "organisation"),
            ("Entit\u{e9} l\u{e9}gale", "organisation"),
            ("Planstelle", "role_title"),
            ("\u{804c}\u{4f4d}", "role_title"),
            ("Jawatan", "role_title"),
            ("Posisi", "role_title"),
            ("Fonction", "role_title"),
            ("Job Role", "role_title"),
            ("Date Joined", "start_date"),
            ("DOJ", "start_date"),
            ("\u{5165}\u{793e}\u{5e74}\u{6708}\u{65e5}", "start_date"),
            ("\u{5165}\u{804c}\u{65e5}\u{671f}", "start_date"),
            ("Fecha de inicio", "start_date"),
            ("In dienst", "start_date"),
            ("Tarikh Mula", "start_date"),
            ("Date de d\u{e9}but", "start_date"),
            ("Term Date", "end_date"),
            ("Departure Date", "end_date"),
            ("\u{9000}\u{8077}\u{5e74}\u{6708}\u{65e5}", "end_date"),
            ("\u{79bb}\u{804c}\u{65e5}\u{671f}", "end_date"),
            ("Uit dienst", "end_date"),
            ("Fecha de fin", "end_date"),
            ("Date de d\u{e9}part", "end_date"),
        ] {
            assert!(is_name_of(field, name) && is_known(name), "{name}");
        }
        let header = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        for name in [
            "NIK",
            "\u{5de5}\u{53f7}",
            "No Pekerja",
            "Matricola",
            "N\u{ba} empleado",
            "Medewerkernummer",
            "User/Employee ID",
        ] {
            assert_eq!(column(&header(&[name, "Employee"]), &person_names(), |_| true), Ok(Some(0)), "{name}");
        }
        for name in ["Nama", "Nama Karyawan", "\u{59d3}\u{540d}", "Nombre y apellidos"] {
            assert_eq!(columns(&header(&[name]), "full_name", "full_name", |_| true), Ok(vec![0]), "{name}");
        }
        let parts = header(&["Forename 1", "Forename 2", "Surname"]);
        assert_eq!(columns(&parts, "full_name", "full_name", |_| true), Ok(vec![0, 1, 2]));
        for (names, end) in [
            (["DOJ", "LWD"], vec![1]),
            (["DOJ", "DOL"], vec![1]),
            (["\u{5165}\u{793e}\u{65e5}", "\u{9000}\u{8077}\u{65e5}"], vec![1]),
            (["Start", "LWD"], Vec::new()),
            (["Start", "\u{9000}\u{8077}\u{65e5}"], Vec::new()),
        ] {
            assert_eq!(columns(&header(&names), "end_date", "end_date", |_| true), Ok(end), "{names:?}");
        }
    }
}
