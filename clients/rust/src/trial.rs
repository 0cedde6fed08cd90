//! A running trial that this process holds the lease of.

use std::collections::HashMap;

use crate::calls::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::lease::LeaseKeeper;
use crate::proto;
use crate::space::{parameter, Domain};
use crate::value::Value;

/// A trial to work on. Its lease is renewed in the background until the trial is finished or dropped; a dropped trial is
/// given up when its lease has run out, and its parameters are tried again.
///
/// Every call may fail with `LeaseLost`: another worker may have the parameters already, so drop the work.
pub struct Trial {
    client: Client,
    study: String,
    number: i64,
    params: Vec<(String, Value)>,
    message: proto::Trial,
    lease: LeaseKeeper,
}

/// What a report brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Stop training and end the trial with [`Trial::prune`].
    pub should_prune: bool,
    /// The study was stopped: finish soon, nothing more will be handed out.
    pub study_stopped: bool,
    /// The step had a value already; it stays.
    pub step_was_reported: bool,
}

/// A result with more than values.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// One per objective; may be infinite, not NaN.
    pub values: Vec<f64>,
    /// A value > 0 violates.
    pub constraints: HashMap<String, f64>,
    /// As JSON text.
    pub user_attributes: HashMap<String, String>,
}

impl Trial {
    pub(crate) fn new(client: Client, study: &str, mut message: proto::Trial) -> Self {
        let lease = message.lease.unwrap_or_default();
        let params = std::mem::take(&mut message.params);
        let value = |assignment: proto::Assignment| {
            (assignment.name, Value::from_message(&assignment.value.unwrap_or_default()))
        };
        Self {
            lease: LeaseKeeper::new(client.clone(), study, message.number, &lease),
            client,
            study: study.to_owned(),
            number: message.number,
            params: params.into_iter().map(value).collect(),
            message,
        }
    }

    /// 0, 1, 2, ... in the study.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The parameters known so far, in the order of the space: with declared ones, all.
    pub fn params(&self) -> &[(String, Value)] {
        &self.params
    }

    /// The number of the lost trial that this one repeats.
    pub fn retry_of(&self) -> Option<i64> {
        self.message.retry_of
    }

    /// The attributes that an enqueued trial brought along, as JSON text.
    pub fn user_attributes(&self) -> &HashMap<String, String> {
        &self.message.user_attributes
    }

    /// A parameter's value as `f64`, `i64`, `bool` or `String`. `InvalidArgument`: the trial has no such parameter, or it
    /// is of another kind.
    pub fn get<T>(&self, name: &str) -> Result<T>
    where
        T: for<'a> TryFrom<&'a Value, Error = Error>,
    {
        let known = self.params.iter().find(|(known, _)| known == name);
        let (_, value) = known.ok_or_else(|| Error::invalid(format!("the trial has no parameter '{name}'")))?;
        T::try_from(value).map_err(|error| Error::invalid(format!("parameter '{name}': {error}")))
    }

    /// The value of one more parameter, in a study without declared ones. Asked again: the first value.
    pub async fn suggest<T>(&mut self, name: &str, domain: impl Into<Domain>) -> Result<T>
    where
        T: for<'a> TryFrom<&'a Value, Error = Error>,
    {
        if !self.params.iter().any(|(known, _)| known == name) {
            let request = proto::SuggestParameterRequest {
                study: self.study.clone(),
                number: self.number,
                lease_token: self.lease.token(),
                parameter: Some(parameter(name, domain.into(), [])),
                ..Default::default()
            };
            let value = self.call(request).await?.value.unwrap_or_default();
            self.params.push((name.to_owned(), Value::from_message(&value)));
        }
        self.get(name)
    }

    /// Stores the objective's value at a step (>= 0), which may be NaN, and says whether to go on.
    pub async fn report(&self, step: i64, value: f64) -> Result<Report> {
        let request = proto::ReportValueRequest {
            study: self.study.clone(),
            number: self.number,
            lease_token: self.lease.token(),
            step,
            value: Some(value),
            ..Default::default()
        };
        let reply = self.call(request).await?;
        Ok(Report {
            should_prune: reply.should_prune,
            study_stopped: reply.study_stopped,
            step_was_reported: reply.step_was_reported,
        })
    }

    /// Sets attributes (JSON text; empty removes) and constraints before the end.
    pub async fn set_attributes(
        &self,
        user_attributes: HashMap<String, String>,
        constraints: HashMap<String, f64>,
    ) -> Result<()> {
        let request = proto::SetTrialAttributesRequest {
            study: self.study.clone(),
            number: self.number,
            lease_token: self.lease.token(),
            user_attributes,
            constraints,
            ..Default::default()
        };
        self.call(request).await?;
        Ok(())
    }

    /// Ends the trial with the value of its one objective. Returns the trial as it is stored.
    pub async fn complete(&self, value: f64) -> Result<proto::Trial> {
        self.complete_with(Outcome { values: vec![value], ..Default::default() }).await
    }

    /// Ends the trial with several values, constraints or attributes.
    pub async fn complete_with(&self, outcome: Outcome) -> Result<proto::Trial> {
        let request = proto::CompleteTrialRequest {
            values: outcome.values,
            constraints: outcome.constraints,
            user_attributes: outcome.user_attributes,
            ..self.end(proto::TrialState::Complete)
        };
        self.finish(request).await
    }

    /// Ends the trial early, after a report said so.
    pub async fn prune(&self) -> Result<proto::Trial> {
        let request = self.end(proto::TrialState::Pruned);
        self.finish(request).await
    }

    /// Ends the trial without a result. It is not tried again.
    pub async fn fail(&self, why: &str) -> Result<proto::Trial> {
        let request = proto::CompleteTrialRequest { failure: why.to_owned(), ..self.end(proto::TrialState::Fail) };
        self.finish(request).await
    }

    /// Whether the lease is known to be lost.
    pub fn is_lease_lost(&self) -> bool {
        self.lease.check().is_err()
    }

    /// Waits until the lease is lost, which a heartbeat or another call learns of. For `tokio::select!` beside the work.
    pub async fn lease_lost(&self) -> Error {
        self.lease.lost().await
    }

    fn end(&self, state: proto::TrialState) -> proto::CompleteTrialRequest {
        proto::CompleteTrialRequest {
            study: self.study.clone(),
            number: self.number,
            lease_token: self.lease.token(),
            state: state.into(),
            ..Default::default()
        }
    }

    async fn finish(&self, request: proto::CompleteTrialRequest) -> Result<proto::Trial> {
        let reply = self.call(request).await?;
        self.lease.release();
        Ok(reply.trial.unwrap_or_default())
    }

    async fn call<C: Call>(&self, request: C) -> Result<C::Reply> {
        self.lease.check()?;
        let result = self.client.call(request).await;
        self.lease.note(&result);
        result
    }
}
