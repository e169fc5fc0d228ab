//! Validates certificate chains of any bytes, as the header `x5c` and as PEM. None of them leads to
//! a trust anchor that is not there, and a chain that was read is written back as it was.
#![no_main]

use ambient::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tenure::certificate_chain::{Chain, TrustAnchors};

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn check(chain: &Chain) {
    if let Err(refusal) = chain.validate(NOW) {
        assert!(!refusal.to_string().is_empty());
    }
    assert!(TrustAnchors::default().validate(chain, NOW).is_err());
    assert_eq!(TrustAnchors::default().anchor_of(chain, NOW), None);
    let _ = (chain.authority(), chain.valid_until());
    let x5c: Value = chain.x5c().into_iter().collect();
    assert_eq!(Chain::from_x5c(&x5c).as_ref(), Ok(chain));
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(chain) = Chain::from_pem(bytes) {
        check(&chain);
        if let Ok(anchors) = TrustAnchors::among(bytes, NOW) {
            let _ = (anchors.validate(&chain, NOW), anchors.anchor_of(&chain, NOW));
        }
    }
    if let Some(chain) = serde_json::from_slice::<Value>(bytes).ok().and_then(|x5c| Chain::from_x5c(&x5c).ok()) {
        check(&chain);
    }
});
