//! Sandbox people: addresses that stand for persons whom the server plays, so that an integration is finished with no
//! human.
//!
//! Owns who they are and what each does. They act through [`crate::consent`] and [`verification_request`], as everybody does, and
//! only on what a sandbox partner has sent. No mail is sent to them, so nobody can sign in as one. Each partner has people of its own: what two
//! partners try out never meets in one wallet.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::holder::{self, Email};
use crate::consent;
use crate::error::Error;
use crate::flows::verification_request::{self, DisclosureRecord, HolderResponse, RequestDetails};
use crate::jobs::{self, Outgoing};
use store::Partner;
use store::domain::share::Chosen;
use store::domain::verification::Verification;

/// Where they live: a name that can never be anybody's (RFC 2606, section 2).
pub const DOMAIN: &str = "sandbox.invalid";

/// What somebody does who gets a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// Opens the link and accepts.
    Consents,
    /// Opens the link and declines.
    Declines,
    /// Never opens it, and the time is over at once.
    Expires,
    /// Is not whom it is about, and opens it first.
    Stranger,
}

impl Person {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Consents, Self::Declines, Self::Expires, Self::Stranger];

    /// The part of the address before the at sign.
    pub fn name(self) -> &'static str {
        match self {
            Self::Consents => "consents",
            Self::Declines => "declines",
            Self::Expires => "expires",
            Self::Stranger => "stranger",
        }
    }

    /// The address.
    pub fn address(self) -> String {
        format!("{}@{DOMAIN}", self.name())
    }
}

/// One of them as a partner has named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// What this one does.
    pub person: Person,
    /// What stands before the at sign: whoever has something behind a plus sign is somebody else, with another wallet.
    pub local: String,
}

/// Whether an address is of the sandbox, whoever it names there.
pub fn is_address(address: &str) -> bool {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase()).unwrap_or_default();
    domain.strip_suffix(DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Player {
    /// Who is meant by an address such as `consents@sandbox.invalid` or `consents+2@sandbox.invalid`.
    pub fn of(address: &str) -> Option<Self> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        let (local, name) = (local.to_lowercase(), local.split('+').next()?.to_lowercase());
        let person = Person::ALL.into_iter().find(|person| person.name() == name)?;
        domain.eq_ignore_ascii_case(DOMAIN).then_some(Self { person, local })
    }

    /// The address under which this one's account with `partner`'s data is kept.
    fn account(&self, partner: Uuid) -> Option<Email> {
        Email::parse(&format!("{}@{partner}.{DOMAIN}", self.local))
    }
}

/// That somebody answers a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Play {
    /// Who.
    pub player: Player,
    /// Whose request.
    pub partner: Uuid,
    /// Which: what the link has as `content`.
    pub request: Uuid,
}

impl Play {
    /// Puts it into the outbox, for what was stored before: whoever asks again has it done again, which does no harm.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn enqueue(self, app: &App) -> Result<(), Error> {
        let item = Outgoing::Play(self).sealed(app).await?;
        let mut tx = app.store().write().await?;
        tx.add_to_outbox(&item).await?;
        tx.commit().await?;
        app.outbox_filled().notify_one();
        Ok(())
    }

    /// Does it; doing it again changes nothing.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn act(&self, app: &App) -> Result<(), Error> {
        let mut tx = app.store().read().await?;
        let partner = tx.partner(self.partner).await?.filter(|partner| partner.sandbox);
        let asked = tx.linked_verification(self.request, app.now()).await?;
        drop(tx);
        let Some(partner) = partner else { return Ok(()) };
        if self.player.person == Person::Expires {
            return self.run_out(app).await;
        }
        let address = self.player.account(self.partner).ok_or_else(|| Error::internal("a player without address"))?;
        let holder = holder::account(app, &address).await?.id;
        match asked {
            // In a box: it is larger than the rest of the outbox job's future.
            Some(_) => Box::pin(self.answer_question(app, &partner, holder)).await,
            None => self.answer_push(app, holder).await,
        }
    }

    async fn answer_push(&self, app: &App, holder: Uuid) -> Result<(), Error> {
        consent::note_link_opened(app, self.request).await?;
        consent::open(app, self.request, holder).await?;
        match self.player.person {
            Person::Consents => drop(consent::accept(app, self.request, holder).await?),
            Person::Declines => drop(consent::decline(app, self.request, holder).await?),
            Person::Stranger | Person::Expires => {}
        }
        Ok(())
    }

    /// Whoever consents shows all that is asked for of the newest credential that they hold; who holds none says no.
    async fn answer_question(&self, app: &App, partner: &Partner, holder: Uuid) -> Result<(), Error> {
        let mut tx = app.store().write().await?;
        tx.bind_verification(self.request, holder, app.now()).await?;
        let bound = tx.linked_verification(self.request, app.now()).await?;
        tx.commit().await?;
        let Some(bound) = bound.filter(|bound| bound.is_open() && bound.holder == Some(holder)) else { return Ok(()) };
        let answer = match self.player.person {
            Person::Consents => self.shown(app, partner, &bound, holder).await?,
            Person::Declines => HolderResponse::Canceled,
            Person::Stranger | Person::Expires => return Ok(()),
        };
        verification_request::finish(app, &bound, answer).await?;
        Ok(())
    }

    async fn shown(
        &self,
        app: &App,
        partner: &Partner,
        bound: &Verification,
        holder: Uuid,
    ) -> Result<HolderResponse, Error> {
        let Some(asked) = verification_request::details(app, bound).await? else { return Ok(HolderResponse::Canceled) };
        let held = app.store().read().await?.held_submissions(holder).await?;
        let fitting = held.into_iter().filter(|held| held.stands() && held.credential_type == bound.credential_type);
        let Some(newest) = fitting.max_by_key(|held| held.created_at) else { return Ok(HolderResponse::Canceled) };
        // Everything lies in the whole.
        let chosen = Chosen { submission: newest.id, places: [String::new()].into() };
        let result = verification_request::present(app, bound, &asked, (holder, &chosen)).await?;
        Ok(match result.map(Box::new) {
            Some(result) => {
                let record = Some(disclosure_record(partner, &asked, bound));
                HolderResponse::Presented { result, record, presentation: None }
            }
            None => HolderResponse::Canceled,
        })
    }

    async fn run_out(&self, app: &App) -> Result<(), Error> {
        let mut tx = app.store().write().await?;
        tx.cut_short(self.request, self.partner, app.now()).await?;
        tx.cut_verification_short(self.request, self.partner, app.now()).await?;
        tx.commit().await?;
        jobs::expire(app).await?;
        Ok(jobs::expire_verifications(app).await.map(drop)?)
    }
}

/// What the wallet records, as from the page.
fn disclosure_record(partner: &Partner, asked: &RequestDetails, bound: &Verification) -> DisclosureRecord {
    DisclosureRecord {
        partner: partner.name.clone(),
        purpose: asked.purpose.clone(),
        title: bound.credential_type.title.to_owned(),
        shown: asked.claims.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_at_the_domain_are_people() {
        for (address, person) in [
            ("consents@sandbox.invalid", Some(Person::Consents)),
            (" Declines@SANDBOX.invalid ", Some(Person::Declines)),
            ("stranger+2@sandbox.invalid", Some(Person::Stranger)),
            ("nobody@sandbox.invalid", None),
            ("consents@example.org", None),
            ("consents@a.sandbox.invalid", None),
            ("consents", None),
        ] {
            assert_eq!(Player::of(address).map(|player| player.person), person, "{address}");
        }
        for (address, inside) in [
            ("nobody@sandbox.invalid", true),
            ("x@0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21.Sandbox.Invalid", true),
            ("x@notsandbox.invalid", false),
            ("sandbox.invalid", false),
        ] {
            assert_eq!(is_address(address), inside, "{address}");
        }
    }

    #[test]
    fn two_partners_and_two_tags_are_different_people() {
        let account =
            |address: &str, partner| Player::of(address).and_then(|player| player.account(Uuid::from_u128(partner)));
        let one = account("consents@sandbox.invalid", 1).expect("an address");
        assert_eq!(account("Consents@sandbox.invalid", 1), Some(one.clone()));
        assert_ne!(account("consents@sandbox.invalid", 2), Some(one.clone()));
        assert_ne!(account("consents+2@sandbox.invalid", 1), Some(one));
    }
}
