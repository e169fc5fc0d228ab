//! Rate limits shared by several nodes on one database.

use std::time::Duration;

use ambient::Clock;
use tenure::config::Config;
use tenure::rate_limit::Limits;
use uuid::Uuid;

use super::keyring::keyring;
use crate::both::contract;
use crate::support::database::{self, Databases};

const SECOND: Duration = Duration::from_secs(1);

/// Returns the limits of `N` nodes, with one clock.
async fn limits<const N: usize>(clock: &Clock, databases: &Databases) -> [Limits; N] {
    let keyring = keyring(databases).await;
    // `Limits` only reads whether the URL is set; the counters are in the test's database.
    let settings = [("storage.database_url", "postgres://somewhere".to_owned())];
    let config = Config::load(None, [], &settings).expect("the settings are good");
    assert_eq!((config.rate_limit.partner_per_second, config.rate_limit.partner_burst), (100, 400));
    std::array::from_fn(|_| Limits::new(&config, clock, &databases.data, &keyring))
}

fn clock() -> Clock {
    Clock::manual("2026-11-26T09:00:00Z".parse().expect("a time"))
}

contract! {
    async fn nodes_together_respect_the_rate_limit(databases: Databases) {
        const NODES: usize = 3;
        let (clock, partner) = (clock(), Uuid::from_u128(1));
        let nodes: [Limits; NODES] = limits(&clock, &databases).await;
        let (mut let_through, mut in_first_second) = (0, 0);
        // A partner that sends as many requests as every node allows, for a minute.
        for tenth in 0..600 {
            for node in &nodes {
                while node.partner.check(&partner).is_ok() {
                    let_through += 1;
                }
            }
            clock.advance(SECOND / 10);
            if tenth % 10 == 9 {
                for node in &nodes {
                    node.share().await.expect("shared");
                }
            }
            if tenth == 9 {
                in_first_second = let_through;
            }
        }
        // Until nodes exchange their counts, each allows its own burst and one second of refill;
        // later limits make up for it.
        assert!(in_first_second <= NODES * (400 + 100), "{in_first_second}");
        let (alone, most) = (400 + 60 * 100, NODES * (400 + 100) + 60 * 100);
        assert!((alone - 400..=most).contains(&let_through), "{let_through} is not between {alone} and {most}");
    }

    async fn switching_nodes_does_not_raise_the_rate_limit(databases: Databases) {
        let (clock, partner) = (clock(), Uuid::from_u128(1));
        let nodes: [Limits; 2] = limits(&clock, &databases).await;
        let mut let_through = 0;
        for second in 0..60 {
            // Alternates every five seconds: a bucket that the other node did not share would be
            // full again.
            let node = &nodes[second / 5 % 2];
            while node.partner.check(&partner).is_ok() {
                let_through += 1;
            }
            clock.advance(SECOND);
            for node in &nodes {
                node.share().await.expect("shared");
            }
        }
        assert!(let_through <= 2 * 400 + 61 * 100, "{let_through}");
    }

    async fn sharing_does_not_affect_a_single_node(databases: Databases) {
        let (clock, partner) = (clock(), Uuid::from_u128(1));
        let [shared, alone]: [Limits; 2] = limits(&clock, &databases).await;
        for step in 0_u32..400 {
            for _ in 0..step * 7919 % 23 {
                let outcomes = [shared.partner.check(&partner), alone.partner.check(&partner)];
                assert_eq!(outcomes[0], outcomes[1], "step {step}");
            }
            clock.advance(Duration::from_millis(100));
            if step % 10 == 0 {
                shared.share().await.expect("shared");
            }
        }
    }

    async fn new_node_learns_earlier_rate_limit_usage(databases: Databases) {
        let (clock, partner) = (clock(), Uuid::from_u128(1));
        let [old, new]: [Limits; 2] = limits(&clock, &databases).await;
        while old.partner.check(&partner).is_ok() {}
        old.share().await.expect("shared");
        assert!(new.partner.check(&partner).is_ok(), "it knows nothing yet");
        new.share().await.expect("shared");
        assert!(new.partner.check(&partner).is_err());
        old.forget_idle();
        assert!(old.partner.check(&partner).is_err(), "what is not full is not forgotten");
    }
}
