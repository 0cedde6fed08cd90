//! What a study is made with.

use std::time::Duration;

use crate::proto;
use crate::space::{parameter, Domain, When};

/// A study to be made: minimizing one objective with TPE and median pruning, until told otherwise.
#[derive(Clone, Debug)]
pub struct StudySpec(proto::Study);

impl StudySpec {
    /// `name` is unique in the daemon.
    pub fn new(name: &str) -> Self {
        Self(proto::Study { name: name.to_owned(), ..Default::default() })
    }

    /// One more objective, where larger values are better.
    pub fn maximize(self) -> Self {
        self.objective(proto::Direction::Maximize)
    }

    /// One more objective, where smaller values are better. A study with one objective needs no such call.
    pub fn minimize(self) -> Self {
        self.objective(proto::Direction::Minimize)
    }

    /// Declares a parameter. In a study with declared ones, a trial has them all at once.
    pub fn parameter(self, name: &str, domain: impl Into<Domain>) -> Self {
        self.parameter_when(name, domain, [])
    }

    /// Declares a parameter that is part of a trial only when all `conditions` hold.
    pub fn parameter_when(
        mut self,
        name: &str,
        domain: impl Into<Domain>,
        conditions: impl IntoIterator<Item = When>,
    ) -> Self {
        self.0.space.push(parameter(name, domain.into(), conditions));
        self
    }

    /// The sampler by name, with options as text. Without one: `tpe`.
    pub fn sampler(mut self, name: &str, options: &[(&str, &str)]) -> Self {
        self.0.sampler = Some(algorithm(name, options));
        self
    }

    /// The pruner by name, with options as text. Without one: `median`, or `none` with several objectives.
    pub fn pruner(mut self, name: &str, options: &[(&str, &str)]) -> Self {
        self.0.pruner = Some(algorithm(name, options));
        self
    }

    /// Equal seeds, spaces and histories give equal trials. 0: one is drawn.
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }

    /// Trials handed out in all, exact however many workers there are.
    pub fn max_trials(mut self, count: i64) -> Self {
        self.budget().max_trials = count;
        self
    }

    /// Trials running at one time.
    pub fn max_running(mut self, count: i64) -> Self {
        self.budget().max_running = count;
        self
    }

    /// Time since the first trial started in which trials start.
    pub fn max_duration(mut self, duration: Duration) -> Self {
        self.budget().max_duration = Some(wire(duration));
        self
    }

    /// How long a worker may be silent before its trial is given up: 1 s to 7 days. Without: 60 s.
    pub fn lease(mut self, duration: Duration) -> Self {
        self.0.lease = Some(wire(duration));
        self
    }

    /// How often a trial that was lost so is run again. Without: once.
    pub fn max_retries(mut self, count: i32) -> Self {
        self.0.max_retries = Some(count);
        self
    }

    /// Names of the objective values, in their order.
    pub fn metric_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.0.metric_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// An attribute, as JSON text.
    pub fn user_attribute(mut self, key: &str, json: &str) -> Self {
        self.0.user_attributes.insert(key.to_owned(), json.to_owned());
        self
    }

    pub(crate) fn into_message(self) -> proto::Study {
        self.0
    }

    fn objective(mut self, direction: proto::Direction) -> Self {
        self.0.directions.push(direction.into());
        self
    }

    fn budget(&mut self) -> &mut proto::Budget {
        self.0.budget.get_or_insert_default()
    }
}

impl From<proto::Study> for StudySpec {
    /// For what has no method here.
    fn from(message: proto::Study) -> Self {
        Self(message)
    }
}

fn algorithm(name: &str, options: &[(&str, &str)]) -> proto::Algorithm {
    let options = options.iter().map(|(key, text)| (key.to_string(), text.to_string())).collect();
    proto::Algorithm { name: name.to_owned(), options }
}

fn wire(duration: Duration) -> prost_types::Duration {
    // A duration too long for the message is out of the daemon's range as well.
    duration.try_into().unwrap_or(prost_types::Duration { seconds: i64::MAX, nanos: 0 })
}
