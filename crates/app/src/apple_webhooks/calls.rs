//! A webhook is registered at Apple, and removed there. Both look at the app's list first, so each may come twice: what is
//! there by its address is not made again, and what is gone is gone.

use super::{PATH, forget};
use crate::{
    App, Problem,
    operations::{Answer, Call, Kept, gone},
};
use apple::{Error, NewWebhook, Session, Webhook, WebhookEventType, Withheld};
use async_trait::async_trait;
use domain::{AppleWebhookId, Feature, Permit, operation::WebhookChange};
use store::{KeyToUse, StoreError, Tx};

/// What is wanted to be told: how an upload gets on, and what becomes of its build.
const EVENTS: [WebhookEventType; 2] = [
    WebhookEventType::BuildUploadStateUpdated,
    WebhookEventType::BuildBetaDetailExternalBuildStateUpdated,
];

/// Whether a webhook of Apple's list delivers to the address of this one, at whatever name the server had then.
pub(super) fn is_of(listed: &Webhook, id: AppleWebhookId) -> bool {
    let at = format!("/{PATH}{id}");
    listed.attributes.url.as_deref().is_some_and(|url| url.ends_with(&at))
}

/// Whether it delivers what is wanted to where it is wanted.
pub(super) fn is_as_wanted(listed: &Webhook, url: &str) -> bool {
    let now = &listed.attributes;
    now.url.as_deref() == Some(url) && now.enabled == Some(true) && EVENTS.iter().all(|event| now.event_types.contains(event))
}

/// The webhook is registered.
pub(crate) struct Registering(pub(crate) WebhookChange);

impl Registering {
    async fn registered(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.webhooks().list(&self.0.app).await?;
        let found = listed.into_iter().find(|one| is_as_wanted(one, &self.0.url));
        Ok(found.map(|one| Answer::AtApple(one.id)))
    }
}

#[async_trait]
impl Call for Registering {
    fn thing(&self) -> &'static str {
        "the webhook"
    }

    fn list(&self) -> Feature {
        Feature::ManageTestFlight
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        self.registered(session).await?.ok_or_else(|| Error::NotSent {
            cause: "a webhook is registered with its secret, which is not here".to_owned(),
        })
    }

    /// One that was switched off, is told of other things or delivers to where this server was before makes room.
    async fn carry_out(&self, app: &App, permit: &Permit, session: &Session) -> Result<Answer, Error> {
        let listed = session.webhooks().list(&self.0.app).await?;
        if let Some(found) = listed.iter().find(|one| is_as_wanted(one, &self.0.url)) {
            return Ok(Answer::AtApple(found.id.clone()));
        }
        for stale in listed.iter().filter(|one| is_of(one, self.0.webhook)) {
            gone(session.webhooks().delete(&stale.id).await, &stale.id)?;
        }
        let secret = app
            .with_webhook_secret(permit, self.0.webhook, |secret| String::from_utf8_lossy(secret).into_owned())
            .await
            .map_err(|problem| Error::NotSent { cause: problem.message })?;
        let new = NewWebhook {
            app: self.0.app.clone(),
            name: format!("Russet ({})", app.inner.public_url.host_str().unwrap_or_default()),
            url: self.0.url.clone(),
            secret: Withheld::new(secret),
            event_types: EVENTS.to_vec(),
            enabled: true,
        };
        Ok(Answer::AtApple(session.webhooks().create(&new).await?.id))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        self.registered(session).await
    }

    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        if let Answer::AtApple(id) = answer {
            match tx.set_apple_webhook_registered(permit, self.0.webhook, self.0.key, id).await {
                // Forgotten here meanwhile: what it delivers finds nobody.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        answer.nothing_but_its_id()
    }
}

/// The webhook is removed.
pub(crate) struct Removing(pub(crate) WebhookChange);

impl Removing {
    async fn those_there(&self, session: &Session) -> Result<Vec<Webhook>, Error> {
        match session.webhooks().list(&self.0.app).await {
            Ok(listed) => Ok(listed.into_iter().filter(|one| is_of(one, self.0.webhook)).collect()),
            // Without the app there is no webhook of it.
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn done(&self) -> Answer {
        Answer::AtApple(self.0.webhook.to_string())
    }
}

#[async_trait]
impl Call for Removing {
    fn thing(&self) -> &'static str {
        "the removal of the webhook"
    }

    fn list(&self) -> Feature {
        Feature::ManageTestFlight
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        for there in self.those_there(session).await? {
            gone(session.webhooks().delete(&there.id).await, &there.id)?;
        }
        Ok(self.done())
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        Ok(self.those_there(session).await?.is_empty().then(|| self.done()))
    }

    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        forget(tx, permit, self.0.webhook).await?;
        answer.nothing_but_its_id()
    }
}
