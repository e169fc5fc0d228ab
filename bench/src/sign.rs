//! `tenure-bench sign`: career histories signed and verified per second on one core, each compared
//! with the bare signature.
//!
//! Measures the library without a server. The kinds of work alternate within a round, so that load
//! from other processes slows all of them; the median is reported.

use std::time::{Duration, Instant};

use credential::format::sd_jwt::Challenge;
use credential::format::{Configuration, Format, Issuer, ListForm, Statement};
use credential::key::{Algorithm, Signer as _, SoftwareKey};
use credential::status::{StatusList, StatusReference, token_payload};
use credential::verification::{LookupResult, Token, VerificationInputs};
use credential::{Context, Submission, Type};
use serde_json::{Value, json};

use crate::arguments::Sign;

const ADDRESS: &str = "https://passport.example";
const NOW: i64 = 1_795_000_000;

/// The measured medians, in operations per second unless stated otherwise.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    sign: f64,
    bare_sign: f64,
    verify: f64,
    bare_verify: f64,
    /// Milliseconds to build, compress and sign a status list of 2^20 entries, one in a hundred
    /// revoked.
    list: f64,
}

/// Measures, prints and stores the result.
///
/// # Errors
/// Signing or writing the result fails.
#[expect(clippy::print_stdout, reason = "the figures are the answer")]
pub fn run(sign: &Sign) -> Result<(), String> {
    let each = Duration::from_millis(sign.milliseconds);
    let bench = Bench::new()?;
    let mut rounds = Vec::with_capacity(sign.rounds);
    for _ in 0..sign.rounds {
        rounds.push(bench.round(each)?);
    }
    let median = |of: fn(&Rates) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let rates = Rates {
        sign: median(|rates| rates.sign),
        bare_sign: median(|rates| rates.bare_sign),
        verify: median(|rates| rates.verify),
        bare_verify: median(|rates| rates.bare_verify),
        list: median(|rates| rates.list),
    };
    println!("signed career histories (SD-JWT VC, ES256), one core: {:.0} a second", rates.sign);
    println!("  the bare signature: {:.0} a second; {:.2} of it", rates.bare_sign, rates.sign / rates.bare_sign);
    println!("verified, signature and all disclosures: {:.0} a second", rates.verify);
    println!(
        "  the bare check: {:.0} a second; {:.2} times its time",
        rates.bare_verify,
        rates.bare_verify / rates.verify
    );
    println!("a status list of 1,048,576 entries, built, packed and signed: {:.1} ms", rates.list);
    let result = json!({
        "signed_a_second": rates.sign.round(),
        "bare_signatures_a_second": rates.bare_sign.round(),
        "verified_a_second": rates.verify.round(),
        "bare_checks_a_second": rates.bare_verify.round(),
        "verification_to_bare_check": (rates.bare_verify / rates.verify * 100.0).round() / 100.0,
        "status_list_milliseconds": (rates.list * 10.0).round() / 10.0,
        "rounds": sign.rounds,
    });
    crate::report::keep(&sign.repository, "signing", &result)
}

struct Bench {
    issuer: Issuer<SoftwareKey>,
    fields: Value,
    holder: SoftwareKey,
    presentation: String,
    inputs: VerificationInputs,
}

impl Bench {
    fn new() -> Result<Self, String> {
        let key =
            |number: u8| SoftwareKey::from_bytes(Algorithm::Es256, &[number; 32]).map_err(|error| error.to_string());
        let history = Type::default();
        let context = Context::new("2026-11-23T09:00:00Z".parse().map_err(|_| "no time")?);
        let body = (history.sample)().to_string();
        let submission =
            Submission::parse_v2(history, body.as_bytes(), &context).map_err(|_| "the sample has faults")?;
        let signer = key(1)?;
        let public = signer.public().clone();
        // The length of a P-256 certificate in base64.
        let certificate = "M".repeat(720);
        let issuer = Issuer::new(ADDRESS, "Tenure", "k1", &[certificate], signer);
        let mut bench = Self {
            issuer,
            fields: submission.fields(),
            holder: key(2)?,
            presentation: String::new(),
            inputs: VerificationInputs {
                issuer_keys: LookupResult::Found(vec![("k1".to_owned(), public)]),
                ..VerificationInputs::default()
            },
        };
        bench.presentation = bench.sign()?;
        Ok(bench)
    }

    fn sign(&self) -> Result<String, String> {
        let status = StatusReference { uri: format!("{ADDRESS}/status/1"), index: 7 };
        let configuration = Configuration { credential_type: Type::default(), format: Format::SdJwtVc };
        let statement = Statement {
            id: "urn:uuid:00000000-0000-4000-8000-000000000001",
            credential_type: configuration.credential_type,
            fields: &self.fields,
            lists: ListForm::AsDeclared,
            partner_chain: &[],
            attester: "Acme Payroll",
            attested_at: "2026-11-20",
            issued_at: NOW,
            expires_at: NOW + 365 * 86_400,
            status: Some(&status),
            holder: Some(self.holder.public()),
        };
        // The random number generator of the operating system, as in the server.
        let rng = &mut |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap_or_default();
        self.issuer.sign(configuration.format, &statement, rng).map_err(|error| error.to_string())
    }

    fn verify(&self) -> Result<(), String> {
        let token = Token::read(&self.presentation).map_err(|refusal| refusal.to_string())?;
        let report = token.verify(&self.inputs, &Challenge { now: NOW, ..Challenge::default() });
        if report.is_valid() { Ok(()) } else { Err(format!("{report:?}")) }
    }

    fn round(&self, each: Duration) -> Result<Rates, String> {
        let message =
            self.presentation.split('~').next().and_then(|jws| jws.rsplit_once('.')).map_or("", |(input, _)| input);
        let signature = self.issuer.signer().sign(message.as_bytes()).map_err(|error| error.to_string())?;
        let public = self.issuer.signer().public();
        Ok(Rates {
            sign: rate(each, || self.sign().map(drop))?,
            bare_sign: rate(each, || {
                self.issuer.signer().sign(message.as_bytes()).map(drop).map_err(|error| error.to_string())
            })?,
            verify: rate(each, || self.verify())?,
            bare_verify: rate(each, || {
                if public.verify(message.as_bytes(), &signature) { Ok(()) } else { Err("bad".to_owned()) }
            })?,
            list: 1000.0 / rate(each, || self.list())?,
        })
    }

    fn list(&self) -> Result<(), String> {
        // A multiplicative hash spreads the indices, like the random ones of the server.
        let revoked = (0..10_486_u32).map(|number| number.wrapping_mul(2_654_435_761) % 1_048_576);
        let list = StatusList::of_ended(1_048_576, revoked.map(|place| (place, false)));
        let payload = token_payload(&list, &format!("{ADDRESS}/status/1"), (NOW, NOW + 60), 300).to_string();
        credential::jws::sign("e30", payload.as_bytes(), self.issuer.signer())
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

/// Returns how often `work` runs per second on this thread.
fn rate(measured: Duration, mut work: impl FnMut() -> Result<(), String>) -> Result<f64, String> {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < measured {
        work()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
