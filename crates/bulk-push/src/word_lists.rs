//! Words about employment, in the languages of common payroll systems.

/// Returns whether a list of words contains `word`.
pub fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Parts of the names of columns whose dates are not those of an end.
pub const HARMLESS: &str = "\
    birth dob geburt naissance nacimiento hire start joined joining joindate datejoin seniority \
    anniversary commence eintritt created updated modified changed printed reportdate rundate asof asat \
    effectivefrom validfrom datefrom fromdate payperiod paydate payend payroll paymentdate paymonth \
    lastpa lastprocessed processedmonth periodend checkdate probation review lastraise lastincrease \
    visa permit passport licence license benefit insurance confirmation offer promotion increment \
    lastlogin vaccin immunis immuniz firstaid 1staid childrencheck workingwithchildren wwcc policecheck \
    dbscheck backgroundcheck salaryeffective salarychange salarydate payrateeffective training \
    induction medicalcheck probezeit essai prueba proeftijd percobaan contractsigned datesigned continuousservice \
    appointmentdate dateofappointment marriage wedding bonus lastholiday lastvacation paidto paidthrough \
    paiduntil payday payslip payrun paycheck lohnmonat abrechnungsmonat abrechnungsperiode abrechnungszeitraum \
    datedepaie moisdepaie periodedepaie p\u{e9}riodedepaie fechadepago mesdepago periododepago periodegaji \
    bulangaji loonperiode \
    loaend loareturn lastabsence absenceend leaveofabsenceend maternityleave maternityend paternityleave paternityend \
    parentalleave parentalend sickleave familyleave medicalleave sabbatical dateofissue issuedate dateissued \
    medicalexp certificateexp certificationexp clearanceexp cardexp righttowork rtwcheck \
    fechadeantig\u{fc}edad fechaantig\u{fc}edad dateanciennet\u{e9} datedanciennet\u{e9}";

/// Names of columns with the start of the service, without separators. A `Last service date` is an
/// end.
pub const SERVICE_DATES: &str = "\
    servicedate adjustedservicedate originalservicedate companyservicedate vestingservicedate benefitservicedate \
    benefitsservicedate adjustedservicedt servicedt statusdate statusdt statuseffdt";

/// Words for what a date beside [`EFFECTIVE`] is about: the last change of it.
pub const CHANGED: &str = "\
    position job compensation comp status title grade department location manager supervisor pay rate salary role \
    cost center centre organization organisation org schedule";

/// Words for the date of a change.
pub const EFFECTIVE: &str = "effective eff";

/// Parts of names that are a status or a date of something else than the employment.
pub const OTHER_THINGS: &str = "\
    marital civil family tax filing visa permit immigration residen citizen veteran military disab \
    union benefit insurance health vaccin exempt probation notice notified leaveend payend period loaend absence \
    sabbatical maternity paternity parental";

/// Parts of the names of columns in which "separated" is about a marriage.
pub const PRIVATE: &str = "\
    marital civil family familienstand matrimonial";

/// Words for a status.
pub const STATUS: &str = "\
    status statut estado stato situation situacion situa\u{e7}\u{e3}o stan \u{72b6}\u{614b} \
    \u{72c0}\u{614b} \u{72b6}\u{6001} \u{441}\u{442}\u{430}\u{442}\u{443}\u{441}";

/// Names of a status that are abbreviated, without punctuation.
pub const STATUS_NAMES: &str = "\
    stat sts eestat eests eestatus workerstat staffstat empstat emplstat employeestat employmentstat empsts emplsts hrstat actinact activeinactive";

/// Words of a status that is about a paper, a form, an account or a task of the person, and not
/// about the employment.
pub const OTHER_STATUS: &str = "\
    flsa overtime approval ptkp pernikahan perkawinan kawin nikah eeo eeoc sui suta futa aca hsa fsa pf esi epf socso \
    bpjs npwp pension superannuation enrolment enrollment autoenrolment autoenrollment onboarding bank deposit \
    nationality ethnicity ethnic relationship smoker smoking student licence license certification training clearance \
    background check timesheet appraisal loan document medical verification w4 i9 401k";

/// Parts of the names of such a status.
pub const OTHER_STATUS_PARTS: &str = "w4status i9status ftptstatus docstatus";

/// Parts of the names of columns about an account or a scheme of the person, which may be inactive.
pub const ACCOUNTS: &str = "directdeposit depositstatus bankaccount hsastatus autoenrol";

/// Values of a column in [`ACCOUNTS`] that say nothing about the employment.
pub const ACCOUNT_INACTIVE: &str = "inactive notactive nonactive inact inactif inactivo inaktiv";

/// Values of the status of a record or a profile that is complete.
pub const RECORD_DONE: &str = "approved complete completed verified submitted reviewed validated";

/// Names of columns in which only a no or a stop says something about the employment: other values
/// may be anything.
pub const EMPLOYMENT_FLAGS: &str = "\
    employment inemployment inservice indienst payroll onpayroll isonpayroll onthepayroll inpayroll";

/// Values of such columns that say that the employment or the pay ended.
pub const STOPPED: &str = "stopped stop removed discontinued off offpayroll";

/// Words that say that somebody is employed.
pub const POSITIVE: &str = "\
    active actv current currently employed enabled working aktiv actif activo attivo ativo actief angestellt \
    aktif \u{5728}\u{8077} \u{5728}\u{7c4d} \u{5728}\u{804c} aktywny";

/// Words that stand beside those of [`POSITIVE`] without another meaning.
pub const NEUTRAL: &str = "\
    is the employee employees employment staff worker person record account user flag yn y n ind \
    indicator in on service still payroll";

/// Words that say that somebody left.
pub const NEGATIVE: &str = "\
    left leaver leavers leaving former ex inactive archived deleted retired departed deceased exit \
    exited quit ended separated sorti baja cese ausgetreten ausgeschieden inaktiv inactif inactivo \
    cessato \u{9000}\u{8077} \u{96e2}\u{8077} \u{79bb}\u{804c} terminated resigned dismissed redundant \
    disabled deactivated gek\u{fc}ndigt";

/// Words that say so only as the whole name of a column: `Redundancy entitlement` is an amount.
pub const NEGATIVE_ALONE: &str = "redundancy vacant k\u{fc}ndigung";

/// Parts of the names of columns that only people who left have a value in.
pub const NEGATIVE_PARTS: &str = "\
    \u{9000}\u{8077} \u{96e2}\u{8077} nolonger p45 finalpay finalsettlement severance exitinterview \
    termreason termtype termcode laidoff retrench k\u{fc}ndigungsgrund k\u{fc}ndigungsart k\u{fc}ndigungsdatum \
    k\u{fc}ndigungzum k\u{fc}ndigungam entlassungsgrund motifded\u{e9}part motifdesortie motivodebaja motivobaja \
    motivodesalida alasankeluar alasanresign redenuitdienst redenvertrek ontslagreden";

/// Parts of the names of columns about an end.
pub const END_PARTS: &str = "\
    terminat leavingdate leavedate dateleft leftdate leftjob relieving separation exitdate dateofexit \
    resign lastday lastworkingday lastworked finishdate datefinished enddate dateended endofemployment \
    cessation departure offboard austritt dismiss termdate";

/// Words for how much a person works. Zero means that the person does not work.
pub const HOURS: &str = "\
    hours hrs fte headcount stunden heures horas uren";

/// Words that stand beside those of [`HOURS`] without another meaning. Hours of overtime or of
/// leave may be zero.
pub const HOURS_BESIDE: &str = "\
    a the of per week weekly month monthly day daily standard std contract contracted contractual \
    working work worked normal scheduled ordinary basic total count paid employee staff value";

/// Parts of the names of columns with the length of service.
pub const SERVICE: &str = "\
    tenure lengthofservice yearsofservice monthsofservice daysofservice serviceyears servicemonths \
    servicelength serviceduration lengthofemployment employmentlength employmentduration durationofemployment \
    yearsinservice yearsemployed monthsemployed timewithcompany betriebszugeh\u{f6}rigkeit servicedays serviceweeks \
    weeksofservice lengthofsvc companyservice employedfor timeemployed timeinservice timeatcompany anciennet\u{e9} \
    antig\u{fc}edad masakerja dienstjahre dienstjaren";

/// Words for the service beside a unit of its length.
pub const SERVICE_WORDS: &str = "service svc seniority los yos";

/// Units beside those words. `Service month` is the month of an anniversary.
pub const SERVICE_UNITS: &str = "years yrs yr months mths mos weeks wks days";

/// Words beside both without another meaning.
pub const SERVICE_BESIDE: &str = "of in with the at for company total length completed continuous";

/// Names of such columns that say no unit.
pub const SERVICE_NAMES: &str = "los yos";

/// Parts of the names of columns with the start of the service, not its length.
pub const SERVICE_STARTS: &str = "date fecha datum tanggal since desde";

/// Words beside the name of a month in a date, without a meaning of their own: days of the week,
/// endings of ordinal numbers, and articles.
pub const BESIDE_MONTH: &str = "\
    mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday \
    st nd rd th er of the de del";

/// Numbers in words, from one, in several languages.
pub const NUMBERS: [&str; 4] = [
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen \
     eighteen nineteen twenty",
    "ein zwei drei vier f\u{fc}nf sechs sieben acht neun zehn elf zw\u{f6}lf",
    "un deux trois quatre cinq six sept huit neuf dix onze douze",
    "un dos tres cuatro cinco seis siete ocho nueve diez once doce",
];

/// Units of a length of service.
pub const YEARS: &str = "\
    y yr yrs year years j jahr jahre jahren an ans ann\u{e9}e ann\u{e9}es a\u{f1}o a\u{f1}os jaar tahun thn";
pub const MONTHS: &str = "\
    m mo mos mon mons mth mths mnth mnths month months monat monate monaten mois mes meses maand maanden bulan bln";
pub const WEEKS: &str = "\
    w wk wks week weeks woche wochen";
pub const DAYS: &str = "\
    d day days tag tage tagen jour jours d\u{ed}a d\u{ed}as dag dagen hari";

/// Words between the parts of a length of service.
pub const BETWEEN: &str = "\
    p and und et y en dan";

/// Words for the pay of a period.
pub const PAY: &str = "\
    pay gross net salary salaries wage wages earnings brutto netto gehalt lohn salaire brut sueldo salario bruto \
    neto gaji loon remuneration ctc entgelt gesamtbrutto gesamtnetto nettolohn nettogehalt nettoentgelt bruttogehalt \
    bruttoentgelt grundgehalt grundlohn";

/// Words for the whole pay of a period, which everybody who is employed has. `Salary` may be empty
/// for people who are paid by the hour.
pub const WHOLE_PAY: &str = "\
    gross net earnings brutto netto entgelt gesamtbrutto gesamtnetto nettolohn nettogehalt nettoentgelt bruttogehalt \
    bruttoentgelt";

/// Names of columns with pay that are words for anything else beside other words.
pub const PAY_NAMES: &str = "basic";

/// Words beside those of [`PAY`] for something else: a date, a rate, or a part of the pay that is
/// often zero.
pub const BESIDE_PAY: &str = "\
    date day days period periods month year week run cycle frequency schedule calendar group grade type method code \
    id no number rate rates level band scale step point class center centre area sub status basis reference ref slip \
    bonus overtime ot commission allowance holiday vacation annual leave sick maternity paternity parental back \
    severance redundancy notice advance arrears adjustment adj deduction deductions sacrifice tax super pension \
    ytd cumulative accrued review increase rise raise last previous prior first next end start effective mode \
    currency account bank point plan company element component weight worth promoter";

/// Words for a column of free text, which may say anything about a person.
pub const REMARK: &str = "\
    remark remarks note notes comment comments memo bemerkung bemerkungen notiz notizen anmerkung \
    anmerkungen kommentar kommentare hinweis hinweise remarque remarques commentaire commentaires \
    observation observations observaci\u{f3}n observaciones observacion comentario comentarios notas \
    keterangan catatan opmerking opmerkingen osservazioni observa\u{e7}\u{f5}es uwagi \u{5099}\u{8003} \
    \u{5907}\u{6ce8} \u{5099}\u{8a3b}";

/// Words of values that mean that a person is employed. A value may combine several.
pub const EMPLOYED: &str = "\
    active act actv a employed current currently employee full fulltime time part parttime permanent regular \
    temporary temp casual contract contractor fixedterm probation probationary confirmed on leave loa \
    of absence maternity paternity parental sick medical sabbatical furlough working hired \
    engaged in service enabled yes y true 1 open present ft pt intern apprentice trainee hourly \
    salaried seasonal freelance consultant live progress process payroll eligible aktiv angestellt \
    besch\u{e4}ftigt vollzeit teilzeit befristet unbefristet festangestellt actif active cdi cdd en \
    poste temps plein partiel titulaire activo activa alta vigente tiempo completo parcial indefinido \
    attivo attiva ativo ativa actief dienst anst\u{e4}lld aktywny zatrudniony aktif tetap kontrak \
    karyawan pegawai percobaan magang \u{5728}\u{8077} \u{5728}\u{8077}\u{4e2d} \u{5728}\u{7c4d} \
    \u{5728}\u{804c} \u{6b63}\u{793e}\u{54e1} and new hire rehire rehired onboarding longterm shortterm disability \
    elternzeit mutterschutz ruhend krank krankenstand sonderurlaub";

/// Words that are known beside those of [`LEAVE`] only: `Paid` alone may be a final settlement.
pub const PAID: &str = "\
    paid unpaid";

/// Words for a leave of absence.
pub const LEAVE: &str = "\
    leave loa absence maternity paternity parental sabbatical furlough";

/// Words that say that a person left wherever they stand in a text, as in `999 LEFT`.
pub const MENTIONS: &str = "\
    left leaver leavers former formerly terminated inactive resigned retired deceased dismissed departed \
    exited offboarded redundant retrenched discharged termed inact resgn ausgeschieden ausgetreten inaktiv inactif inactivo \
    inattivo inativo cessato cesado desligado";

/// Words after `left` that make it a side.
pub const SIDES: &str = "\
    hand handed hander handside side foot footed wing eye eyed ear arm leg knee shoulder";

/// Words after `ex` for people.
pub const PEOPLE: &str = "\
    employee employees staff worker workers member colleague contractor";

/// Parts of the names of columns about other people or places, whose texts mention anything.
pub const ABOUT_OTHERS: &str = "\
    manager supervisor emergency contact spouse reference address street suburb bank email previous";

/// Words at the start of a job title that say that the person left.
pub const FORMER: &str = "\
    former formerly ehemalige ehemaliger ehemals ancien ancienne mantan";

/// Honorifics, which are not about the job, and not a part of the name.
pub const HONORIFICS: &str = "\
    mr mrs ms miss mx dr prof professor sir madam dame rev hon herr frau m mme mlle monsieur madame sr sra srta \
    se\u{f1}or se\u{f1}ora don do\u{f1}a dhr mevr mevrouw bapak ibu bpk sdr sdri";

/// Single values that say that a person left, in any column.
pub const LEFT: &str = "\
    terminated inactive notactive left leaver leavers resigned exemployee former formeremployee \
    pastemployee retired dismissed deceased separated ended departed exited nolongeremployed quit \
    redundant discharged offboarded ceased archived notemployed ausgeschieden inaktiv gek\u{fc}ndigt \
    inactif inactivo baja sorti sortie cesado cessato inativo desligado withdrawn \u{9000}\u{8077} \
    \u{96e2}\u{8077} \u{79bb}\u{804c} alumni alumnus alumna retiree pensioner fired sacked laidoff \
    retrenched absconded died entlassen verstorben pensioniert ruhestand vorruhestand rentner rentnerin \
    ausgetreten d\u{e9}mission demission d\u{e9}missionnaire licenci\u{e9} licenci\u{e9}e licencie \
    licenciement retrait\u{e9} retrait\u{e9}e retraite parti partie d\u{e9}c\u{e9}d\u{e9} \
    d\u{e9}c\u{e9}d\u{e9}e uitdienst keluar resign berhenti pensiun phk renuncia jubilado jubilada \
    pensionado despedido despido cese dimesso dimissioni licenziato pensionato zwolniony nieaktywny \
    emeryt slutat avslutad uppsagd termed termd trmd resgn resgnd inact nonactive notworking redundancy \
    letgo retd exemployees exstaff formeremployees formerstaff pastemployees \u{443}\u{432}\u{43e}\u{43b}\u{435}\u{43d} \
    \u{443}\u{432}\u{43e}\u{43b}\u{435}\u{43d}\u{430} \u{9000}\u{793e} retirees pensioners pension\u{e4}r \
    pension\u{e4}rin pension\u{e4}re rentnerinnen retrait\u{e9}s pensionn\u{e9} pensionn\u{e9}e pensionn\u{e9}s \
    jubilados pensionados gepensioneerd gepensioneerde gepensioneerden pensiunan eigenk\u{fc}ndigung k\u{fc}ndigung \
    aufhebungsvertrag";

/// Words beside those of [`LEFT`] in a value that has no others, as in `Early retiree/pens.`
pub const BESIDE_LEFT: &str = "\
    early pens ret employee employees staff worker workers former old voluntarily involuntarily and or und et y";

/// Single values that say so only without any other word: `Term 1` is of a school.
pub const LEFT_ALONE: &str = "term trm";

/// Remarks in brackets that say so, such as `(ret.)`.
pub const LEFT_IN_BRACKETS: &str = "term trm ret";

/// Words before the year until which somebody had a job.
pub const UNTIL: &str = "until till bis hasta";

/// Beginnings of words that say so anywhere in a text.
pub const LEFT_STEMS: &str = "\
    resign retrench abscond terminated deceas dismissed entlass verstorben gek\u{fc}ndigt ausgeschieden \
    pensioniert d\u{e9}mission jubilad mengundurkan";

/// The same in languages without spaces.
pub const LEFT_PARTS: &str = "\
    \u{9000}\u{8077} \u{96e2}\u{8077} \u{79bb}\u{804c} \u{8f9e}\u{804c} \u{8fad}\u{8077} \
    \u{9000}\u{793e} \u{89e3}\u{96c7} \u{89e3}\u{50f1} \u{96e2}\u{4efb} \u{79bb}\u{4efb} \
    \u{6b7b}\u{4ea1} \u{9000}\u{4f11}";

/// Phrases that say so anywhere in a text.
pub const LEFT_PHRASES: &[&str] = &[
    "left the company",
    "left company",
    "left us",
    "has left",
    "laid off",
    "contract ended",
    "contract expired",
    "contract finished",
    "end of contract",
    "employment ended",
    "end of employment",
    "no longer employed",
    "no longer works",
    "no longer working",
    "no longer with",
    "let go",
    "made redundant",
    "passed away",
    "did not return",
    "job abandonment",
    "gave notice",
    "en retraite",
    "a quitt\u{e9}",
    "fin de contrat",
    "fin de contrato",
    "uit dienst",
    "niet meer",
    "nicht mehr",
    "vertrag beendet",
    "mengundurkan diri",
    "habis kontrak",
    "kontrak berakhir",
    "tidak aktif",
];

/// Phrases that say so beside a date.
pub const LAST_DAY: &[&str] = &[
    "last day",
    "last working day",
    "finished on",
    "left on",
    "letzter tag",
    "dernier jour",
    "\u{fa}ltimo d\u{ed}a",
    "laatste dag",
    "hari terakhir",
];

/// Words of values that mean that a credential is valid. A value may combine several.
pub const VALID: &str = "\
    active valid current issued awarded completed complete completion conferred pass passed passes \
    competent competency achieved success successful successfully graduated granted certified verified \
    approved attained distinction merit credit honours honors yes y true 1 ok bestanden g\u{fc}ltig \
    abgeschlossen r\u{e9}ussi valide obtenu aprobado vigente v\u{e1}lido lulus selesai geslaagd \
    \u{5408}\u{683c} \u{6709}\u{52b9} with and";

/// Single values that say that a credential is not valid, in any column.
pub const INVALID: &str = "\
    revoked withdrawn suspended expired cancelled canceled lapsed void voided invalid failed fail \
    notcompetent notyetcompetent nyc incomplete notcompleted deferred rescinded annulled superseded \
    discontinued enrolled inprogress pending ung\u{fc}ltig widerrufen abgelaufen nichtbestanden \
    refused rejected denied ineligible noteligible unsuccessful \
    r\u{e9}voqu\u{e9} expir\u{e9} annul\u{e9} \u{e9}chou\u{e9} revocado vencido suspenso dicabut";

/// Words of columns with a yes or a no about a credential's validity.
pub const FLAGS: &str = "\
    valid passed pass competent current active verified completed complete achieved awarded granted conferred \
    cleared eligible approved authorised authorized";

/// Words of columns with a grade.
pub const GRADES: &str = "\
    grade grades mark";

/// Grades of a course that was not passed.
pub const FAILED_GRADES: &str = "\
    f ff u ungraded";
