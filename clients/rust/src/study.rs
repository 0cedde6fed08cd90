//! A study as a worker sees it.

use std::collections::HashMap;
use std::time::Duration;

use crate::client::Client;
use crate::error::Result;
use crate::proto;
use crate::retry;
use crate::trial::Trial;
use crate::value::Value;

const PAGE: i32 = 1000;
/// Between questions whether a place has become free.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A handle of a study. Cheap to clone.
#[derive(Clone)]
pub struct Study {
    client: Client,
    name: String,
    worker: String,
}

/// What asking for a trial gave.
pub enum Suggestion {
    Trial(Trial),
    None(NoTrial),
}

/// Why there is no trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTrial {
    pub reason: proto::StopReason,
    /// No later question gets a trial unless somebody changes the study: end the worker.
    pub is_final: bool,
}

/// What an enqueued trial has besides parameters.
#[derive(Clone, Debug, Default)]
pub struct Enqueue {
    /// As JSON text.
    pub user_attributes: HashMap<String, String>,
    /// If a trial of any state but FAIL has, or fixes, exactly these parameters, make none: the number is its.
    pub skip_if_exists: bool,
}

impl Study {
    pub(crate) fn new(client: Client, message: proto::Study) -> Self {
        Self { client, name: message.name, worker: default_worker() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same study with another name of this worker, which people see. Without: HOSTNAME and the process id.
    pub fn with_worker(mut self, worker: &str) -> Self {
        self.worker = worker.to_owned();
        self
    }

    /// A trial to run, or why there is none now.
    pub async fn suggest(&self) -> Result<Suggestion> {
        let request = proto::SuggestTrialsRequest {
            study: self.name.clone(),
            count: 1,
            worker: self.worker.clone(),
            ..Default::default()
        };
        let mut reply = self.client.call(request).await?;
        Ok(match reply.trials.pop() {
            Some(message) => Suggestion::Trial(Trial::new(self.client.clone(), &self.name, message)),
            None => Suggestion::None(NoTrial { reason: reply.stop_reason(), is_final: reply.r#final }),
        })
    }

    /// A trial to run. Waits while a place may become free; `None` once no trial will come.
    pub async fn next_trial(&self) -> Result<Option<Trial>> {
        for waits in 0.. {
            match self.suggest().await? {
                Suggestion::Trial(trial) => return Ok(Some(trial)),
                Suggestion::None(why) if why.is_final => break,
                Suggestion::None(_) => {
                    tokio::time::sleep(retry::pause(waits, retry::random_fraction()).min(MAX_WAIT)).await;
                }
            }
        }
        Ok(None)
    }

    /// The study as it is now: counts, budget, attributes.
    pub async fn get(&self) -> Result<proto::Study> {
        let reply = self.client.call(proto::GetStudyRequest { study: self.name.clone() }).await?;
        Ok(reply.study.unwrap_or_default())
    }

    /// The best trial of one objective, or the Pareto front of several. Empty before a trial is complete.
    pub async fn best_trials(&self) -> Result<Vec<proto::Trial>> {
        let mut trials = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = proto::ListBestTrialsRequest { study: self.name.clone(), page_size: 0, page_token };
            let reply = self.client.call(request).await?;
            trials.extend(reply.trials);
            page_token = reply.next_page_token;
            // With one objective the pages after the first hold the trials that are not the best.
            if page_token.is_empty() || trials.len() == 1 {
                return Ok(trials);
            }
        }
    }

    /// All trials, by number.
    pub async fn trials(&self) -> Result<Vec<proto::Trial>> {
        self.trials_in(&[]).await
    }

    /// The trials in one of these states, by number; without states: all.
    pub async fn trials_in(&self, states: &[proto::TrialState]) -> Result<Vec<proto::Trial>> {
        let mut request = proto::ListTrialsRequest {
            study: self.name.clone(),
            page_size: PAGE,
            states: states.iter().map(|&state| state.into()).collect(),
            ..Default::default()
        };
        let mut trials = Vec::new();
        loop {
            let reply = self.client.call(request.clone()).await?;
            trials.extend(reply.trials);
            request.page_token = reply.next_page_token;
            if request.page_token.is_empty() {
                return Ok(trials);
            }
        }
    }

    /// One trial. `TrialNotFound`: there is none of that number.
    pub async fn trial(&self, number: i64) -> Result<proto::Trial> {
        let reply = self.client.call(proto::GetTrialRequest { study: self.name.clone(), number }).await?;
        Ok(reply.trial.unwrap_or_default())
    }

    /// Lets the next worker try these parameters; any part of the space. The number of the waiting trial.
    pub async fn enqueue<V: Into<Value>>(&self, params: impl IntoIterator<Item = (&str, V)>) -> Result<i64> {
        self.enqueue_with(params, Enqueue::default()).await
    }

    /// As [`Study::enqueue`].
    pub async fn enqueue_with<V: Into<Value>>(
        &self,
        params: impl IntoIterator<Item = (&str, V)>,
        options: Enqueue,
    ) -> Result<i64> {
        let assignment = |(name, value): (&str, V)| proto::Assignment {
            name: name.to_owned(),
            value: Some(value.into().into_message()),
        };
        let request = proto::EnqueueTrialRequest {
            study: self.name.clone(),
            params: params.into_iter().map(assignment).collect(),
            user_attributes: options.user_attributes,
            skip_if_exists: options.skip_if_exists,
            ..Default::default()
        };
        Ok(self.client.call(request).await?.number)
    }

    /// Sets attributes of the study, as JSON text; an empty text removes.
    pub async fn set_attributes(&self, user_attributes: HashMap<String, String>) -> Result<()> {
        self.update("user_attributes", proto::Study { user_attributes, ..Default::default() }).await
    }

    /// Hands out no further trial to anybody; running ones may finish.
    pub async fn stop(&self) -> Result<()> {
        self.client.call(proto::StopStudyRequest { study: self.name.clone(), ..Default::default() }).await?;
        Ok(())
    }

    /// Hands out trials again.
    pub async fn resume(&self) -> Result<()> {
        self.update("stopped", proto::Study::default()).await
    }

    async fn update(&self, field: &str, update: proto::Study) -> Result<()> {
        let request = proto::UpdateStudyRequest {
            study: self.name.clone(),
            update: Some(update),
            update_mask: Some(prost_types::FieldMask { paths: vec![field.to_owned()] }),
            ..Default::default()
        };
        self.client.call(request).await?;
        Ok(())
    }
}

fn default_worker() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "rust".to_owned());
    format!("{host}:{}", std::process::id())
}
