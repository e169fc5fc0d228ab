//! The application: creates the components once and gives access to them.

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
    WalletPolicy, WalletProviders,
};
use crate::keys::{Belonging, Keyring, RootKeyError, identity};
use crate::links::Links;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::outage::Outage;
use crate::outbound::{Lookup, Outbound};
use crate::outbox::Outbox;
use crate::partner_chains::PartnerChains;
use crate::rate_limit::Limits;
use crate::readiness::Readiness;
use crate::request_log::RequestLog;
use crate::trusted_issuers::TrustedIssuers;
use crate::trusted_time::TrustedTime;
use ambient::Rng;
use ambient::{Clock, SteadyClock, Timestamp};
use store::{Issuing, Part, PushWriter, STATUS_LIST_CAPACITY, StatusCache, Store, StoreError};

/// The running application: every component that a request needs, created once and shared. Cheap to
/// clone.
///
/// It only stores the components. Flows and handlers take `&App`; a component never does.
#[derive(Clone, Debug)]
pub struct App(Arc<Components>);

/// Declares the components, with an accessor for each.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $part:ty,)+) => {
        #[derive(Debug)]
        struct Components {
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
    clock: Clock,
    /// The random number generator.
    rng: Rng,
    /// The database of application data.
    store: Store,
    /// The encryption keys.
    keyring: Keyring,
    /// Stores pushes.
    committer: PushWriter,
    /// Caches submission statuses.
    statuses: StatusCache,
    /// Stores the rows that signed credentials need.
    issuing: Issuing,
    /// Issues and authenticates access tokens.
    tokens: Tokens,
    /// The keys that sign credentials.
    issuer_keys: IssuerKeys,
    /// The key to which wallets encrypt.
    encryption_key: EncryptionKey,
    /// The key that signs requests to wallets.
    verifier_key: VerifierKey,
    /// Issuers that are trusted in addition to this server.
    trusted_issuers: TrustedIssuers,
    /// Fetches metadata, keys and status lists that issuers publish.
    issuer_lookup: IssuerLookup,
    /// Signs credentials.
    credential_signer: CredentialSigner,
    /// Issues nonces to wallets.
    nonces: Nonces,
    /// Verifies the key proofs and attestations of wallets.
    proofs: ProofVerifier,
    /// Signed status lists, cached.
    status_lists: StatusLists,
    /// Which partners are active, cached.
    active_partners: ActivePartners,
    /// Rate limits.
    limits: Limits,
    /// Limits the number of partner chains with tallies of their own.
    partner_chains: PartnerChains,
    /// Sends mail.
    mailer: Mailer,
    /// Attached documents.
    documents: Documents,
    /// Passkeys; `None` if the host of the base URL is an IP address, which WebAuthn does not
    /// support.
    webauthn: Option<Webauthn>,
    /// Whether the databases accept writes.
    readiness: Readiness,
    /// Requests of partners that are not stored yet.
    request_log: RequestLog,
    /// Limits the log lines about an outage of the store.
    outage: Outage,
    /// The time by which data expires and is destroyed.
    trusted_time: TrustedTime,
    /// Counters and durations.
    metrics: Metrics,
    /// Messages to send and work to do after a transaction commits.
    outbox: Outbox,
    /// The HTTP client for webhook deliveries.
    receivers: Outbound,
    /// Wakes the job that delivers webhooks.
    deliveries_due: Notify,
}

/// The parts of the environment that the application uses.
#[derive(Debug)]
pub struct Surroundings {
    /// Resolves host names.
    pub lookup: Lookup,
    /// The `tenure` executable, which is started to inspect documents.
    pub inspector: PathBuf,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is not usable at present; retry.
    #[error(transparent)]
    Store(StoreError),
    /// Only the operator can fix this.
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
            // The folder may become writable later, for example after the disk has been full.
            RootKeyError::File { .. } => Self::Store(StoreError::Unavailable(error.to_string())),
            other => Self::Operator(other.to_string()),
        }
    }
}

impl App {
    /// Opens the data folder and creates the components.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(config: Config, clock: Clock, rng: Rng, is_demo: bool) -> Result<Self, StartError> {
        let inspector = documents::own_program().map_err(|error| StartError::Operator(error.to_string()))?;
        Self::open_with(config, clock, rng, is_demo, Surroundings { lookup: Lookup::System, inspector }).await
    }

    /// Like [`App::open`], with the given surroundings. Used by tests.
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
        let (store, keyring, instance) = open_databases(&config, &clock, &rng).await?;
        let links = Links::new(config.base());
        let Keys { tokens, issuer_keys, encryption_key, verifier_key, trusted_issuers, wallets } =
            Keys::load(&config, &links, &keyring, &rng, clock.now()).await?;
        let Clients { mailer, objects, receivers, outbound } = Clients::new(&config, lookup, instance, is_demo)?;
        let nonces = Nonces::new(keyring.clone(), clock.clone(), rng.clone());
        let steady = SteadyClock::from(clock.clone());
        let trusted_time = TrustedTime::open(steady.clone(), store.clone()).await?;
        let committer = PushWriter::start(store.clone(), steady.clone());
        Ok(Self(Arc::new(Components {
            issuer_lookup: IssuerLookup::new(outbound.clone()),
            documents: Documents::new(objects, outbound, inspector, keyring.clone(), clock.clone(), rng.clone()),
            readiness: Readiness::new(store.clone(), keyring.clone(), committer.clone()),
            outage: Outage::default(),
            trusted_time,
            committer,
            statuses: StatusCache::start(store.clone(), steady),
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
            request_log: RequestLog::default(),
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

    /// Whether this is `tenure demo`, the only mode that relaxes security checks.
    pub fn is_demo(&self) -> bool {
        self.0.is_demo
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Returns a new id that sorts by creation time.
    pub fn id(&self) -> Uuid {
        self.rng().id(self.now())
    }

    /// Closes both databases once the operations in progress have ended.
    pub async fn close(&self) {
        self.store().close().await;
        self.keyring().store().close().await;
    }
}

/// The keys that the server signs and decrypts with, and those that it trusts.
struct Keys {
    tokens: Tokens,
    issuer_keys: IssuerKeys,
    encryption_key: EncryptionKey,
    verifier_key: VerifierKey,
    trusted_issuers: TrustedIssuers,
    wallets: WalletPolicy,
}

impl Keys {
    /// Loads the keys from the key ring and the operator's files. Creates those that are due.
    async fn load(
        config: &Config,
        links: &Links,
        keyring: &Keyring,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        let (lifetime, key_age) = (config.tokens.lifetime, config.tokens.key_rotation_interval);
        let tokens = Tokens::new(links, lifetime, key_age, keyring.clone(), rng.clone());
        tokens.refresh_keys(now).await?;
        let issuer_keys = IssuerKeys::new(links.base(), &config.credentials, keyring.clone(), rng.clone(), now)
            .map_err(StartError::Operator)?;
        issuer_keys.refresh(now).await?;
        Ok(Self {
            encryption_key: EncryptionKey::open(keyring, rng, now).await?,
            verifier_key: VerifierKey::open(keyring, &issuer_keys, config, rng, now).await?,
            trusted_issuers: TrustedIssuers::read(&config.openid4vp, now).map_err(StartError::Operator)?,
            wallets: WalletPolicy {
                providers: WalletProviders::read(&config.oid4vci, now).map_err(StartError::Operator)?,
                attestation_required: config.oid4vci.attestation_required,
            },
            tokens,
            issuer_keys,
        })
    }
}

/// The clients that connect to other servers.
struct Clients {
    mailer: Mailer,
    objects: Objects,
    receivers: Outbound,
    outbound: Outbound,
}

impl Clients {
    fn new(config: &Config, lookup: Lookup, instance: Uuid, is_demo: bool) -> Result<Self, StartError> {
        let (mail, storage, outbound) = (&config.mail, &config.object_storage, &config.outbound);
        let mailer = Mailer::new(&mail.transport, &mail.from, outbound, is_demo || !config.is_https());
        let objects = Objects::open(storage, outbound, &config.storage.data_dir, instance);
        let receivers = Outbound::for_webhooks(outbound, &config.webhooks, lookup.clone());
        Ok(Self {
            mailer: mailer.map_err(StartError::Operator)?,
            objects: objects.map_err(StartError::Operator)?,
            receivers: receivers.map_err(StartError::Operator)?,
            outbound: Outbound::new(outbound, lookup).map_err(StartError::Operator)?,
        })
    }
}

/// Opens the data and the key ring, which must belong together. Returns them with the id of the
/// data.
async fn open_databases(config: &Config, clock: &Clock, rng: &Rng) -> Result<(Store, Keyring, Uuid), StartError> {
    let storage = &config.storage;
    let open = |part| Store::open(part, &storage.data_dir, &storage.database_url, storage.connections);
    let (store, ring) = (open(Part::Data).await?, open(Part::Keyring).await?);
    // Check before creating any key: new keys beside data that has lost its own would hide the
    // loss.
    let refusal = Belonging::of(&store, &ring, clock.now()).await?.refusal(storage);
    if let Some(refusal) = refusal {
        return Err(StartError::Operator(refusal));
    }
    let keyring = Keyring::open(ring, &storage.data_dir, config.retention.epoch_length(), rng.clone()).await?;
    let mut tx = store.write().await?;
    let instance = tx.instance(rng.anonymous_id()).await?;
    if let Some(before) = tx.note_base_url(config.base()).await? {
        let now = config.base();
        tracing::warn!(before, now, "the server was started with another base URL before; all nodes must use the same");
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
