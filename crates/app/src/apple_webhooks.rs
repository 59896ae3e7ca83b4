//! Apple's webhooks: Apple tells this server that an upload or a build of an app has come further, so that whoever waits for
//! it does not wait for the next look.
//!
//! - here: an organization has Apple tell of an app, or no more;
//! - `calls`: the two writing requests, as [`crate::operations`] carries them out;
//! - `receive`: what is delivered.
//!
//! ```text
//! add ── row with a sealed secret ── act: look in the app's list, else create ── Apple has it
//! a delivery ── signature over the raw body ── whoever watches the app looks at Apple now
//! ```
//!
//! What is delivered is never believed. A delivery that is lost costs nothing but time: the watch looks all the same.
//!
//! The surprising thing: the row is a wish, and Apple's list says what holds. So whatever was interrupted, to add it again
//! finds the webhook by its address, or makes it.

mod calls;
mod receive;

/// The header with the signature of a delivery.
pub use apple::SIGNATURE_HEADER;
pub(crate) use calls::{Registering, Removing};

use crate::{App, Caller, Problem, acting::fresh, key_use::reading, operations::OperationView, problem::Kind};
use apple::{AppFilter, Session};
use domain::{
    Action, ApiKeyId, AppleWebhook, AppleWebhookId, Event, Feature, Operation, OperationId, OperationKind, OrgId, Permit,
    operation::WebhookChange,
};
use std::time::Duration;
use store::{Conflict, StoreError, Tx};
use url::Host;
use vault::Place;
use zeroize::Zeroizing;

/// What secrets of webhooks are called where they are sealed.
const SECRET_KIND: &str = "apple_webhook";
/// Random bytes of a secret; it is their hex.
const SECRET_BYTES: usize = 32;
/// Where deliveries arrive, with the webhook's id after it.
const PATH: &str = "apple/webhooks/";

/// The webhooks of an app.
#[derive(Debug, Clone)]
pub struct AppWebhooks {
    /// The organization's own.
    pub ours: Option<AppleWebhook>,
    /// All of them, as Apple lists them.
    pub at_apple: Vec<ListedWebhook>,
}

/// A webhook as Apple lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWebhook {
    /// Apple's id.
    pub id: String,
    /// What it is called there.
    pub name: String,
    /// The host that it delivers to. The rest of the address may open something that is not ours.
    pub host: String,
    /// Whether it delivers.
    pub enabled: bool,
    /// What it is told of, in Apple's words.
    pub events: Vec<String>,
    /// Whether it is the organization's own here.
    pub is_ours: bool,
}

/// What came of adding or removing a webhook.
#[derive(Debug, Clone)]
pub struct WebhookChanged {
    /// The act at Apple; none where nothing was to do there.
    pub act: Option<OperationView>,
    /// The webhook as it is here now.
    pub webhook: Option<AppleWebhook>,
}

impl App {
    /// The webhooks of an app: the organization's own, and all that Apple has.
    ///
    /// # Errors
    /// `app_unknown`, `app_not_shared`; `key_not_usable`; Apple's; `not_found`, `not_allowed`.
    pub async fn app_webhooks(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<AppWebhooks, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let (_, listed) = self.webhooks_at_apple(caller, &permit, key, identifier).await?;
        let ours = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .apple_webhook_of(&permit, identifier)
            .await?;
        let shown = |one: &apple::Webhook| {
            let now = &one.attributes;
            let url = now.url.as_deref().and_then(|url| url::Url::parse(url).ok());
            ListedWebhook {
                id: one.id.clone(),
                name: now.name.clone().unwrap_or_default(),
                host: url.and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default(),
                enabled: now.enabled.unwrap_or_default(),
                events: now.event_types.iter().map(|event| event.as_str().to_owned()).collect(),
                is_ours: ours.as_ref().is_some_and(|ours| calls::is_of(one, ours.id)),
            }
        };
        Ok(AppWebhooks {
            at_apple: listed.iter().map(shown).collect(),
            ours,
        })
    }

    /// Has Apple tell this server of an app. Waits at most so long; the act goes on by itself. Where Apple has the webhook
    /// already nothing is done, and where it is being registered that is joined.
    ///
    /// # Errors
    /// As [`App::app_webhooks`]; `public_address_needed`; `another_is_running` while it is removed.
    pub async fn add_webhook(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        at_most: Duration,
    ) -> Result<WebhookChanged, Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        self.refuse_without_public_address()?;
        if let Some(running) = self
            .webhook_act(
                &permit,
                |kind| matches!(kind, OperationKind::RegisterWebhook(of) if of.identifier == identifier),
            )
            .await?
        {
            return self.webhook_changed(&permit, identifier, Some(running.id), at_most).await;
        }
        let (app, listed) = self.webhooks_at_apple(caller, &permit, key, identifier).await?;
        let present = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .apple_webhook_of(&permit, identifier)
            .await?;
        let id = present.as_ref().map_or_else(|| fresh!(self, AppleWebhookId), |present| present.id);
        let change = self.webhook_change(key, id, identifier, app);
        if let Some(present) = present
            && let Some(found) = listed.iter().find(|one| calls::is_as_wanted(one, &change.url))
        {
            if present.apple_id.as_deref() != Some(&found.id) {
                let mut tx = self.begin_for(caller, &permit).await?;
                tx.set_apple_webhook_registered(&permit, id, key, &found.id).await?;
                tx.commit().await?;
            }
            return self.webhook_changed(&permit, identifier, None, Duration::ZERO).await;
        }
        let act = self.begin_webhook(caller, &permit, change).await?;
        self.webhook_changed(&permit, identifier, Some(act.id), at_most).await
    }

    /// Has Apple tell no more of an app, and forgets the webhook. With `here_only` Apple is not asked: for a webhook that no key
    /// reaches any more.
    ///
    /// # Errors
    /// `webhook_unknown` where there is none; `app_not_shared`, `key_not_usable`; `another_is_running`; `not_found`,
    /// `not_allowed`.
    pub async fn remove_webhook(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        here_only: bool,
        at_most: Duration,
    ) -> Result<WebhookChanged, Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        let of_app = |kind: &OperationKind| match kind {
            OperationKind::RegisterWebhook(of) | OperationKind::RemoveWebhook(of) => of.identifier == identifier,
            _ => false,
        };
        let running = self.webhook_act(&permit, of_app).await?;
        match &running {
            Some(act) if matches!(act.kind, OperationKind::RemoveWebhook(_)) && !here_only => {
                return self.webhook_changed(&permit, identifier, Some(act.id), at_most).await;
            }
            Some(act) => return Err(still_running(Some(act))),
            None => {}
        }
        let present = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .apple_webhook_of(&permit, identifier)
            .await?;
        let Some(present) = present else {
            return Err(Problem::new(
                Kind::Conflict,
                "webhook_unknown",
                format!("This organization has no webhook of {identifier}, so there is nothing to remove."),
            ));
        };
        if here_only {
            let mut tx = self.begin_for(caller, &permit).await?;
            forget(&mut tx, &permit, present.id).await?;
            let event = Event::AppleWebhookForgotten {
                webhook: present.id,
                identifier: present.identifier,
            };
            self.record_done(&mut tx, caller, org, event).await?;
            tx.commit().await?;
            return self.webhook_changed(&permit, identifier, None, Duration::ZERO).await;
        }
        let change = self.webhook_change(key, present.id, identifier, present.app);
        let act = self.begin_operation(caller, org, OperationKind::RemoveWebhook(change)).await?;
        self.webhook_changed(&permit, identifier, Some(act.id), at_most).await
    }

    /// Writes the act down together with what it is to make: the row and its sealed secret, unless they are there from before.
    async fn begin_webhook(&self, caller: &Caller, permit: &Permit, change: WebhookChange) -> Result<Operation, Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        let kind = OperationKind::RegisterWebhook(change.clone());
        let written = self.write_act(&mut tx, caller, permit, caller.principal.actor(), kind, None).await;
        let act = match written {
            Ok(act) => act,
            Err(problem) => {
                drop(tx);
                return Err(self.record_beyond_share(caller, permit, problem).await);
            }
        };
        match tx.apple_webhook_of(permit, &change.identifier).await? {
            Some(present) if present.id == change.webhook => {}
            Some(_) => return Err(still_running(None)),
            None => {
                let webhook = AppleWebhook {
                    id: change.webhook,
                    organization: permit.organization(),
                    key: Some(change.key),
                    identifier: change.identifier,
                    app: change.app,
                    apple_id: None,
                    created_at: self.now(),
                    last_delivery_at: None,
                };
                match tx.insert_apple_webhook(permit, &webhook).await {
                    Err(StoreError::Conflict(Conflict::Webhook)) => return Err(still_running(None)),
                    inserted => inserted?,
                }
                self.seal_webhook_secret(&mut tx, permit, webhook.id).await?;
            }
        }
        tx.commit().await?;
        self.inner.job_waits.notify_one();
        Ok(act)
    }

    async fn seal_webhook_secret(&self, tx: &mut Tx, permit: &Permit, id: AppleWebhookId) -> Result<(), Problem> {
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        self.inner.entropy.fill(random.as_mut_slice());
        let text = Zeroizing::new(hex::encode(random.as_slice()));
        let place = SecretPlace::of(permit, id);
        let ring = tx.ring(permit).await?;
        let sealed = self.inner.vault.seal(&ring, &place.place(), text.as_bytes())?;
        Ok(tx.put_secret(permit, &place.place(), &sealed).await?)
    }

    /// Lends a webhook's secret to a closure.
    async fn with_webhook_secret<T>(&self, permit: &Permit, id: AppleWebhookId, lend: impl FnOnce(&[u8]) -> T) -> Result<T, Problem> {
        let place = SecretPlace::of(permit, id);
        let mut tx = self.inner.store.read_for(permit).await?;
        let ring = tx.ring(permit).await?;
        let sealed = tx.secret(permit, &place.place()).await?;
        drop(tx);
        Ok(self.inner.vault.open(&ring, &place.place(), &sealed, lend)?)
    }

    /// The act on a webhook that is not over.
    async fn webhook_act(&self, permit: &Permit, is_it: impl Fn(&OperationKind) -> bool) -> Result<Option<Operation>, Problem> {
        let acts = self.inner.store.read_for(permit).await?.unfinished_operations(permit).await?;
        Ok(acts.into_iter().find(|act| is_it(&act.kind)))
    }

    async fn webhook_changed(
        &self,
        permit: &Permit,
        identifier: &str,
        act: Option<OperationId>,
        at_most: Duration,
    ) -> Result<WebhookChanged, Problem> {
        let act = match act {
            Some(id) => Some(self.wait_for(permit, id, at_most).await?),
            None => None,
        };
        let webhook = self
            .inner
            .store
            .read_for(permit)
            .await?
            .apple_webhook_of(permit, identifier)
            .await?;
        Ok(WebhookChanged { act, webhook })
    }

    /// Apple's id of an app, and its webhooks as Apple lists them. Two reads.
    async fn webhooks_at_apple(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        identifier: &str,
    ) -> Result<(String, Vec<apple::Webhook>), Problem> {
        self.refuse_beyond_apps(caller, permit, key, identifier).await?;
        let (_, found) = self
            .use_key(caller, permit, key, reading(Feature::ManageTestFlight), async |apple: &Session| {
                let filter = AppFilter {
                    bundle_ids: vec![identifier.to_owned()],
                    ..AppFilter::default()
                };
                let apps = apple.apps().list(&filter).await?;
                // Filters are hints.
                let Some(app) = apps.into_iter().find(|app| app.attributes.bundle_id.as_deref() == Some(identifier)) else {
                    return Ok(None);
                };
                let webhooks = apple.webhooks().list(&app.id).await?;
                Ok(Some((app.id, webhooks)))
            })
            .await?;
        found.ok_or_else(|| {
            Problem::new(
                Kind::NotFound,
                "app_unknown",
                format!(
                    "This key sees no app with the bundle ID {identifier} in App Store Connect. The list of apps shows those that it sees."
                ),
            )
        })
    }

    fn webhook_change(&self, key: ApiKeyId, webhook: AppleWebhookId, identifier: &str, app: String) -> WebhookChange {
        let base = self.inner.public_url.as_str().trim_end_matches('/');
        WebhookChange {
            key,
            webhook,
            identifier: identifier.to_owned(),
            url: format!("{base}/{PATH}{webhook}"),
            subject: format!("webhook of {app}"),
            app,
        }
    }

    /// Apple delivers from the internet, over https. That a name leads here from there nobody can know before a delivery.
    fn refuse_without_public_address(&self) -> Result<(), Problem> {
        let url = &self.inner.public_url;
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => true,
        };
        if url.scheme() == "https" && !is_local {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Conflict,
            "public_address_needed",
            format!(
                "Apple delivers to https addresses that the internet reaches, and this server is at {url}. Whoever keeps it can set such an address with --public-url. Until then Russet asks Apple, and nothing is missed."
            ),
        ))
    }
}

/// The row and its secret.
async fn forget(tx: &mut Tx, permit: &Permit, id: AppleWebhookId) -> Result<(), StoreError> {
    tx.delete_secrets(permit, SECRET_KIND, &id.to_string()).await?;
    tx.delete_apple_webhook(permit, id).await?;
    Ok(())
}

fn still_running(act: Option<&Operation>) -> Problem {
    let which = act.map(|act| format!(" ({})", act.id)).unwrap_or_default();
    Problem::new(
        Kind::Conflict,
        "another_is_running",
        format!("The webhook of this app is being changed at this moment{which}. Wait until that is over, then look again."),
    )
}

/// The place of a webhook's secret.
struct SecretPlace {
    owner: String,
    object: String,
}

impl SecretPlace {
    fn of(permit: &Permit, id: AppleWebhookId) -> Self {
        Self {
            owner: permit.organization().to_string(),
            object: id.to_string(),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            owner: &self.owner,
            kind: SECRET_KIND,
            object: &self.object,
            field: "signing_secret",
            version: 1,
        }
    }
}
