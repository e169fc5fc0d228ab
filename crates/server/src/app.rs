//! The application: makes the components once and gives access to them.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;
use uuid::Uuid;
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::auth::partner::ActivePartners;
use crate::auth::token::Tokens;
use crate::config::Config;
use crate::documents::{self, Documents};
use crate::issuer_lookup::IssuerLookup;
use crate::issuing::{
    CredentialSigner, EncryptionKey, IssuerKeys, NONCE_LIFETIME, Nonces, ProofVerifier, StatusLists, VerifierKey,
    WalletPolicy,
};
use crate::keys::{Belonging, Keyring, RootKeyError, identity};
use crate::links::Links;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::outbound::{Lookup, Outbound};
use crate::outbox::Outbox;
use crate::partner_chains::PartnerChains;
use crate::rate_limit::Limits;
use crate::readiness::Readiness;
use crate::trusted_issuers::TrustedIssuers;
use crate::trusted_time::TrustedTime;
use ambient::Rng;
use ambient::{Clock, Timestamp};
use store::{Committer, Issuing, Part, STATUS_LIST_CAPACITY, Statuses, Store, StoreError};

/// The running application: everything a request needs, made once and shared. Cheap to clone.
///
/// It only holds the parts. Flows and handlers take `&App`; a part never does.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// Declares the parts, and an accessor for each.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $part:ty,)+) => {
        #[derive(Debug)]
        struct Parts {
            $($name: $part,)+
            is_demo: bool,
        }

        impl App {
            $($(#[$doc])* pub fn $name(&self) -> &$part {
                &self.0.$name
            })+
        }
    };
}

parts! {
    /// The settings.
    config: Config,
    /// Public URLs.
    links: Links,
    /// The time.
    clock: Clock,
    /// Random bytes.
    rng: Rng,
    /// The data.
    store: Store,
    /// The keys.
    keyring: Keyring,
    /// Writes pushes.
    committer: Committer,
    /// Reads statuses.
    statuses: Statuses,
    /// Writes what signed credentials need.
    issuing: Issuing,
    /// Access tokens.
    tokens: Tokens,
    /// The keys that sign credentials.
    issuer_keys: IssuerKeys,
    /// The key that wallets encrypt for.
    encryption_key: EncryptionKey,
    /// The key that signs requests to wallets.
    verifier_key: VerifierKey,
    /// Issuers that are trusted besides this server.
    trusted_issuers: TrustedIssuers,
    /// Looks up what issuers publish.
    issuer_lookup: IssuerLookup,
    /// Signs credentials.
    credential_signer: CredentialSigner,
    /// Issues nonces to wallets.
    nonces: Nonces,
    /// Verifies what wallets prove.
    proofs: ProofVerifier,
    /// Signed status lists, cached.
    status_lists: StatusLists,
    /// Which partners are active, cached.
    active_partners: ActivePartners,
    /// Rate limits.
    limits: Limits,
    /// Partner chains that are counted apart.
    partner_chains: PartnerChains,
    /// Sends mail.
    mailer: Mailer,
    /// Documents.
    documents: Documents,
    /// Passkeys; `None` where the base URL's host cannot have any (an IP address).
    webauthn: Option<Webauthn>,
    /// Whether the databases take writes.
    readiness: Readiness,
    /// The time by which data is destroyed.
    trusted_time: TrustedTime,
    /// Counters and durations.
    metrics: Metrics,
    /// What is sent or done after a transaction.
    outbox: Outbox,
    /// Sends webhook deliveries.
    receivers: Outbound,
    /// Wakes the job that delivers webhooks.
    deliveries_due: Notify,
}

/// What the application uses of the machine.
#[derive(Debug)]
pub struct Surroundings {
    /// How names are looked up.
    pub lookup: Lookup,
    /// The program `tenure`, which is started to inspect documents.
    pub inspector: PathBuf,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used (yet): worth trying again.
    #[error(transparent)]
    Store(StoreError),
    /// Something that only the operator can mend.
    #[error("{0}")]
    Operator(String),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RootKeyError> for StartError {
    fn from(error: RootKeyError) -> Self {
        match error {
            RootKeyError::Store(error) => Self::Store(error),
            // A folder that cannot be written now (full, read-only) may be later.
            RootKeyError::File { .. } => Self::Store(StoreError::Unavailable(error.to_string())),
            other => Self::Operator(other.to_string()),
        }
    }
}

impl App {
    /// Opens the data folder and everything in it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(config: Config, clock: Clock, rng: Rng, is_demo: bool) -> Result<Self, StartError> {
        let inspector = documents::own_program().map_err(|error| StartError::Operator(error.to_string()))?;
        Self::open_with(config, clock, rng, is_demo, Surroundings { lookup: Lookup::System, inspector }).await
    }

    /// As [`App::open`], with other surroundings: for tests.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open_with(
        config: Config,
        clock: Clock,
        rng: Rng,
        is_demo: bool,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let Surroundings { lookup, inspector } = surroundings;
        let data = &config.storage.data;
        let (store, keyring, instance) = open_databases(&config, &clock, &rng).await?;
        let tokens = Tokens::new(config.base(), config.tokens.lifetime, config.tokens.signing_key_age);
        tokens.refresh_keys(&keyring, &rng, clock.now()).await?;
        let credentials = &config.credentials;
        let issuer_keys =
            IssuerKeys::new(config.base(), credentials.algorithm, credentials.signing_key_age, credentials.lifetime);
        issuer_keys.refresh(&keyring, &rng, clock.now()).await?;
        let encryption_key = EncryptionKey::open(&keyring, &rng, clock.now()).await?;
        let verifier_key = VerifierKey::open(&keyring, &issuer_keys, &config, &rng, clock.now()).await?;
        let trusted_issuers = TrustedIssuers::read(&config.openid4vp).map_err(StartError::Operator)?;
        let wallets = WalletPolicy {
            providers: config.wallets.provider_keys().map_err(StartError::Operator)?,
            attestation_required: config.wallets.attestation_required,
        };
        let links = Links::new(config.base());
        let nonces = Nonces::new(keyring.clone(), clock.clone(), rng.clone());
        let mailer =
            Mailer::new(&config.mail.transport, &config.mail.from, &config.outbound, is_demo || !config.is_https())
                .map_err(StartError::Operator)?;
        let objects = Objects::open(&config.objects, &config.outbound, data, instance).map_err(StartError::Operator)?;
        let receivers =
            Outbound::to_receivers(&config.outbound, &config.webhooks, lookup.clone()).map_err(StartError::Operator)?;
        let outbound = Outbound::new(&config.outbound, lookup).map_err(StartError::Operator)?;
        let committer = Committer::start(store.clone(), clock.clone());
        Ok(Self(Arc::new(Parts {
            issuer_lookup: IssuerLookup::new(outbound.clone()),
            documents: Documents::new(objects, outbound, inspector, keyring.clone(), clock.clone(), rng.clone()),
            readiness: Readiness::new(store.clone(), keyring.store().clone(), committer.clone()),
            trusted_time: TrustedTime::new(clock.clone()),
            committer,
            statuses: Statuses::start(store.clone(), clock.clone()),
            issuing: Issuing::start(store.clone(), clock.clone(), rng.clone(), NONCE_LIFETIME, STATUS_LIST_CAPACITY),
            credential_signer: CredentialSigner::new(issuer_keys.clone(), links.clone(), clock.clone(), rng.clone()),
            proofs: ProofVerifier::new(nonces.clone(), clock.clone(), config.base(), wallets, store.clone()),
            status_lists: StatusLists::new(store.clone(), clock.clone(), links.clone(), issuer_keys.clone()),
            nonces,
            active_partners: ActivePartners::new(store.clone()),
            partner_chains: PartnerChains::default(),
            limits: Limits::new(&config, &clock, &store, &keyring),
            links,
            webauthn: webauthn(&config),
            metrics: Metrics::default(),
            outbox: Outbox::new(keyring.clone(), clock.clone(), rng.clone()),
            receivers,
            deliveries_due: Notify::new(),
            config,
            clock,
            rng,
            store,
            keyring,
            tokens,
            issuer_keys,
            encryption_key,
            verifier_key,
            trusted_issuers,
            mailer,
            is_demo,
        })))
    }

    /// Whether this is `tenure demo`, which alone relaxes anything.
    pub fn is_demo(&self) -> bool {
        self.0.is_demo
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// A new id that sorts by time.
    pub fn id(&self) -> Uuid {
        self.rng().id(self.now())
    }

    /// Closes both databases after what is under way.
    pub async fn close(&self) {
        self.store().close().await;
        self.keyring().store().close().await;
    }
}

/// Opens the data and the key ring, which must belong together. Returns them with the name of the data.
async fn open_databases(config: &Config, clock: &Clock, rng: &Rng) -> Result<(Store, Keyring, Uuid), StartError> {
    let storage = &config.storage;
    let open = |part| Store::open(part, &storage.data, &storage.database_url, storage.connections);
    let (store, ring) = (open(Part::Data).await?, open(Part::Keyring).await?);
    // Before anything is made: new keys beside data that has lost its own would hide the loss.
    let refusal = Belonging::of(&store, &ring, clock.now()).await?.refusal(storage);
    if let Some(refusal) = refusal {
        return Err(StartError::Operator(refusal));
    }
    let keyring = Keyring::open(ring, &storage.data, config.retention.ring_period(), rng.clone()).await?;
    let mut tx = store.write().await?;
    let instance = tx.instance(rng.anonymous_id()).await?;
    if let Some(before) = tx.note_base_url(config.base()).await? {
        let now = config.base();
        tracing::warn!(before, now, "the server was started with another base URL before; every node needs the same");
    }
    tx.commit().await?;
    if !identity::bind(&store, keyring.store(), rng).await? {
        return Err(StartError::Operator(Belonging::Different.refusal(storage).unwrap_or_default()));
    }
    Ok((store, keyring, instance))
}

fn webauthn(config: &Config) -> Option<Webauthn> {
    let host = config.server.base_url.domain()?;
    WebauthnBuilder::new(host, &config.server.base_url).and_then(|builder| builder.rp_name("Tenure").build()).ok()
}
