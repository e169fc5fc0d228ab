//! Real forms of names, by the region where they are common.

use crate::assert_all;

#[test]
fn names_in_australia_and_new_zealand() {
    assert_all(
        "same",
        &[
            ("Siobhán O'Dwyer", "SIOBHÁN O’DWYER"),
            ("Mary-Anne Fitzallan", "Mary Anne FITZALLAN"),
            ("Mr Noah Kearsley", "KEARSLEY, Noah"),
            ("Harper Lowe-Byrne", "Ms. Harper Lowe Byrne"),
            ("Tāmati Rēweti", "TĀMATI RĒWETI"),
            ("Ko\u{2019}olina Fa\u{2BB}afetai", "Koolina Faafetai"),
            ("Jon McAlder Jnr", "Jon McAlder Jr."),
            ("Jon McAlder 3rd", "JON MCALDER III"),
            ("McAlder, Jon, 2ND", "Jon McAlder II"),
        ],
    );
    assert_all("similar marks", &[("Siobhán Ní Dhúil", "Siobhan Ni Dhuil"), ("Tāmati Rēweti", "Taamati Reeweti")]);
    assert_all("similar spacing", &[("Kerry-Lee Vane", "Kerrylee Vane"), ("Aoife Mac Aodha", "Aoife MacAodha")]);
    assert_all("similar spelling", &[("Ewan McAlder", "Ewan MacAlder"), ("Michael Anderson", "Michael Andersen")]);
    assert_all(
        "similar part_missing",
        &[("Jack William Kearsley", "Jack Kearsley"), ("Emily Lowe-Byrne", "Emily Lowe")],
    );
    assert_all("similar order", &[("Sione Tau Fifita", "Fifita Sione Tau")]);
    assert_all("similar alias", &[("Ana Hale née Moss", "MOSS, Ana"), ("Jon Hale a.k.a. Jack Vane", "Jack Vane")]);
    assert_all("similar suffix", &[("Jon McAlder 4th", "Jon McAlder")]);
    assert_all(
        "different",
        &[
            ("Liz Kearsley", "Elizabeth Kearsley"),
            ("Aoife Ní Bhriain", "Aoife Ó Briain"),
            ("Jon McAlder 2nd", "Jon McAlder 3rd"),
        ],
    );
}

#[test]
fn names_in_indonesia() {
    assert_all(
        "same",
        &[
            ("Drg Sinta Maharani, S.Ked.", "DRG SINTA MAHARANI"),
            ("Budi Wirawan, S.Kom., M.Kom.", "budi wirawan"),
            ("dr. Putu Ayu Lestari", "Putu Ayu Lestari"),
        ],
    );
    assert_all(
        "similar single_name",
        &[("Wagiman", "WAGIMAN"), ("Sukarti, S.Pd.", "Sukarti"), ("Wagiman", "Wagiman Sastro")],
    );
    assert_all(
        "similar part_missing",
        &[("Budi Wirawan, S.H.", "Budi Wirawan"), ("I Gede Oka Sudarma", "Gede Oka Sudarma")],
    );
    assert_all("similar title", &[("Hj. Siti Lestari", "Siti Lestari"), ("Ir. Joko Santika", "Joko Santika")]);
    assert_all("similar initials", &[("M. Rizal Hakim", "Muhammad Rizal Hakim"), ("Ni W. Sari", "Ni Wayan Sari")]);
    assert_all(
        "similar spelling",
        &[
            ("Moh. Rizal Hakim", "Muhammad Rizal Hakim"),
            ("MUH RIZAL HAKIM", "Mohammad Rizal Hakim"),
            ("Mochamad Rizal Hakim", "Muhammad Rizal Hakim"),
        ],
    );
    assert_all("different", &[("Dewi Anggraini", "Dewi Anggraeni Putri"), ("Made Suarta", "Ketut Suarta")]);
}

#[test]
fn names_in_malaysia_and_singapore() {
    assert_all(
        "same",
        &[
            ("NURUL AIN BTE OMAR", "Nurul Ain binti Omar"),
            ("Devi A/P Raman", "Devi d/o Raman"),
            ("Devi d / o Raman", "DEVI D/O RAMAN"),
            ("Devi w/ o Raman", "DEVI W /O RAMAN"),
            ("Ravi S./O. Raman", "Ravi a/l Raman"),
            ("Liyana a/k Jugah", "LIYANA ANAK JUGAH"),
            ("Goh Kah Wai “Jason” Lim", "GOH KAH WAI \u{22}JASON\u{22} LIM"),
            ("Goh Kah Wai “Jason” Lim", "Goh Kah Wai (Jason) Lim"),
            ("Mdm. Ng Siew Bee", "Ng Siew Bee"),
            ("Encik Faiz bin Omar", "Faiz bin Omar"),
        ],
    );
    assert_all(
        "similar spelling",
        &[("Md Hafiz bin Omar", "Mohamed Hafiz bin Omar"), ("Abd Halim bin Omar", "Abdul Halim bin Omar")],
    );
    assert_all("similar title", &[("Dato' Seri Faiz bin Omar", "Faiz bin Omar"), ("Syed Faiz Omar", "Faiz Omar")]);
    assert_all("similar particle", &[("Devi d/o Raman", "Devi Raman"), ("Liyana anak Jugah", "Liyana Jugah")]);
    assert_all("similar particle", &[("Devi W/O Raman", "Devi Raman"), ("Liyana A/K Jugah", "Liyana Jugah")]);
    assert_all("similar alias", &[("Goh “Jason” Kah Wai", "Jason Goh"), ("Goh “Jason” Kah Wai", "Goh Kah Wai")]);
    assert_all("similar order", &[("Ng Siew Bee", "Siew Bee Ng"), ("Goh Kah-Wai", "Kahwai Goh")]);
    assert_all("similar alias", &[("Goh Kah Wai (Wu Jiahui)", "Goh Kah Wai"), ("Faiz @ Ali bin Omar", "Ali bin Omar")]);
    assert_all(
        "different",
        &[
            ("Ravi s/o Raman", "Ravi d/o Raman"),
            ("Ravi a/l Raman", "Devi a/p Raman"),
            ("Devi w/o Raman", "Devi d/o Raman"),
            ("Tan Siew Bee", "Tan Siew Hoon"),
        ],
    );
}

#[test]
fn names_in_thailand_and_vietnam() {
    assert_all(
        "same",
        &[("สมใจ งามดี", "สมใจ  งามดี"), ("นาย สมใจ งามดี", "นาย สมใจ งามดี"), ("TRẦN THỊ MAI", "Trần Thị Mai")],
    );
    assert_all("similar title", &[("นาย สมใจ งามดี", "สมใจ งามดี"), ("Khun Somjai Ngamdee", "Somjai Ngamdee")]);
    assert_all(
        "similar title",
        &[
            ("นายสมชาย ใจดี", "สมชาย ใจดี"),
            ("นางสาวสมหญิง ใจดี", "สมหญิง ใจดี"),
            ("คุณสมชาย ใจดี", "สมชาย ใจดี"),
            ("ด.ช. สมชาย ใจดี", "สมชาย ใจดี"),
        ],
    );
    assert_all("similar marks", &[("Nguyễn Đình Hoà", "Nguyễn Đình Hòa"), ("Đặng Thị Thuỷ", "Dang Thi Thuy")]);
    assert_all("similar order", &[("Trần Thị Mai", "Mai Thị Trần")]);
    assert_all("similar spelling", &[("Wanida Srisook", "Wanidda Srisook")]);
    assert_all(
        "different",
        &[
            ("สมใจ งามดี", "สมชาย งามดี"),
            ("นายิกา งามดี", "กา งามดี"),
            ("Trần Thị Phương", "Trần Thị Phượng"),
            ("Lê Thị Hoa", "Lê Thị Hoà"),
            ("Nguyen Le Hoa", "Nguyen Do Hoa"),
        ],
    );
    assert_all("not_comparable script", &[("สมใจ งามดี", "SOMJAI NGAMDEE")]);
}

#[test]
fn names_in_hong_kong_china_japan_and_korea() {
    assert_all(
        "same",
        &[("LEUNG, Ka Yan Fiona", "Ka Yan Fiona LEUNG"), ("김민아", "김민아"), ("佐々木 みどり", "佐々木　みどり")],
    );
    assert_all("similar order", &[("LEUNG Ka Yan", "Ka-yan Leung"), ("LEUNG Ka Yan Fiona", "Fiona LEUNG Kayan")]);
    assert_all("similar part_missing", &[("LEUNG Ka Yan Fiona", "Fiona Leung")]);
    assert_all("similar spacing", &[("梁 嘉欣", "梁嘉欣"), ("Xu Xi'an", "Xu Xi An")]);
    assert_all("similar other_script", &[("LEUNG Ka Yan 梁嘉欣", "梁嘉欣"), ("Lim Bao Yi (林宝怡)", "林宝怡")]);
    assert_all(
        "different",
        &[
            ("梁嘉欣", "梁嘉慧"),
            ("Leung Ka Yan", "Liang Jiaxin"),
            ("Wang De Ming", "Wang Da Ming"),
            ("Li Nan", "Lin An"),
        ],
    );
    assert_all(
        "not_comparable script",
        &[("김민아", "Kim Mina"), ("梁嘉欣", "LEUNG Ka Yan"), ("LEUNG 嘉欣", "Leung Ka Yan")],
    );
}

#[test]
fn names_in_india() {
    assert_all(
        "same",
        &[
            ("Smt. Lakshmi Iyerappan", "LAKSHMI IYERAPPAN"),
            ("Shri Arun Deshkar", "Arun Deshkar"),
            ("प्रिया देशकर", "प्रिया देशकर"),
        ],
    );
    assert_all(
        "similar initials",
        &[
            ("K. R. Venkatan", "Krishna Venkatan R."),
            ("Arun K Deshkar", "Arun Kumar Deshkar"),
            ("மு. கருணன்", "மு. கருணன்"),
        ],
    );
    assert_all("similar part_missing", &[("Priya Arun Deshkar", "Priya Deshkar")]);
    assert_all("similar spelling", &[("Lakshmi Iyerappan", "Lakshmi Iyarappan")]);
    assert_all(
        "different",
        &[("प्रिया देशकर", "प्रीति देशकर"), ("K. Venkatan", "R. Venkatan"), ("Arun Deshkar", "Aruna Deshkar")],
    );
    assert_all("not_comparable script", &[("प्रिया देशकर", "Priya Deshkar")]);
}

#[test]
fn names_in_the_arab_world() {
    assert_all("same", &[("مُحَمَّد سالم", "محمد سالم"), ("ʿUmar al-Zafri", "UMAR AL ZAFRI")]);
    assert_all(
        "similar marks",
        &[("إبراهيم أحمد", "ابراهيم احمد"), ("إبراهيم أحمد", "ابراهيم أحمد"), ("منى فاطمة", "مني فاطمه")],
    );
    assert_all(
        "similar particle",
        &[("Omar ibn Sami Zafri", "Omar ben Sami Zafri"), ("Omar Sami al-Zafri", "Omar Sami Zafri")],
    );
    assert_all("similar particle", &[("الحسن علي", "حسن علي"), ("فاطمة الزهراء", "فاطمة زهراء")]);
    assert_all(
        "similar spelling",
        &[
            ("Abd al-Rahman Zafri", "Abdulrahman Zafri"),
            ("Abd ar-Rahman Zafri", "Abdul Rahman Zafri"),
            ("Abdurrahman Zafri", "Abdel Rahman Zafri"),
            ("Abd Allah Zafri", "Abdullah Zafri"),
        ],
    );
    assert_all("similar spacing", &[("Abdel Rahim Zafri", "Abdelrahim Zafri"), ("عبد الله سامي", "عبدالله سامي")]);
    assert_all("similar part_missing", &[("Omar Sami Nabil Zafri", "Omar Zafri")]);
    assert_all(
        "different",
        &[("Omar Zafri", "Amr Zafri"), ("محمد سالم", "محمود سالم"), ("Omar Abu Zafri", "Omar Ibn Zafri")],
    );
}

#[test]
fn names_in_latin_america_and_the_philippines() {
    assert_all(
        "same",
        &[("VEGA LOZANO, José Luis", "José Luis Vega Lozano"), ("Atty. Rosa Dizonello", "Rosa Dizonello")],
    );
    assert_all(
        "similar marks",
        &[
            ("José Muñoz Díaz", "JOSE MUÑOZ DIAZ"),
            ("João Antônio Brandão", "Joao Antonio Brandao"),
            ("Inés Peña", "Ines Pena"),
        ],
    );
    assert_all(
        "similar part_missing",
        &[("José Luis Vega Lozano", "José Vega"), ("Ana Paula Brandão Teixeiro", "Ana Teixeiro")],
    );
    assert_all(
        "similar spelling",
        &[("Ma. Teresa Dizonello", "Maria Teresa Dizonello"), ("Mª Luz Vega", "Maria Luz Vega")],
    );
    assert_all(
        "similar particle",
        &[
            ("Ana da Silveiro", "Ana Silveiro"),
            ("Rosa de la Fuentez", "Rosa de Fuentez"),
            ("Luis Vega y Lozano", "Luis Vega Lozano"),
        ],
    );
    assert_all(
        "different",
        &[
            ("Ana Brandão", "Ana Brandt"),
            ("José Vega Lozano", "José Vega Moreno"),
            ("Ana da Silveiro", "Ana do Silveiro"),
        ],
    );
}

#[test]
fn names_in_europe() {
    assert_all(
        "same",
        &[("Γιώργος Νικολάς", "ΓΙΏΡΓΟΣ ΝΙΚΟΛΆΣ"), ("Дмитрий Лозов", "ДМИТРИЙ ЛОЗОВ"), ("Míša LÍŠKOVÁ", "MÍŠA Líšková")],
    );
    assert_all(
        "similar marks",
        &[
            ("Þórdís Æsudóttir", "Thordis Aesudottir"),
            ("Đorđe Đorić", "Djordje Djoric"),
            ("Łucja Wójcikowa", "Lucja Wojcikowa"),
            ("Артём Йолкин", "Артем Йолкин"),
            ("Søren Åsgård", "Soeren Aasgaard"),
            ("ΓΙΩΡΓΟΣ ΝΙΚΟΛΑΣ", "Γιώργος Νικολάς"),
        ],
    );
    assert_all("similar spelling", &[("Sergey Lozovsky", "Sergei Lozovsky"), ("Zsófia Kovácsy", "Zsófia Kovácsi")]);
    assert_all("similar particle", &[("Jan van der Laan", "Jan Laan"), ("Ida von Brück", "Ida Brück")]);
    assert_all(
        "different",
        &[("Jón Ævarsson", "Jón Ævarsdóttir"), ("Ivan Lozov", "Ivana Lozova"), ("Nováková Jana", "Novák Jana")],
    );
    assert_all("not_comparable script", &[("Дмитрий Лозов", "Dmitry Lozov")]);
    assert_all("not_comparable mixed_script", &[("Дмитрий Lozov", "Дмитрий Лозов")]);
}
