//! Domains of parameters.

use crate::proto;
use crate::value::Value;

/// Real numbers in `[low, high]`.
#[derive(Clone, Debug)]
pub struct Float(proto::FloatDomain);

impl Float {
    /// Both bounds belong to it.
    pub fn range(low: f64, high: f64) -> Self {
        Self(proto::FloatDomain { low, high, ..Default::default() })
    }

    /// Search in the logarithm; needs `low > 0`, excludes a step.
    pub fn log(mut self) -> Self {
        self.0.log = true;
        self
    }

    /// Only `low`, `low + step`, ... up to `high`.
    pub fn step(mut self, step: f64) -> Self {
        self.0.step = step;
        self
    }
}

/// Whole numbers in `[low, high]`.
#[derive(Clone, Debug)]
pub struct Int(proto::IntDomain);

impl Int {
    /// Both bounds belong to it.
    pub fn range(low: i64, high: i64) -> Self {
        Self(proto::IntDomain { low, high, ..Default::default() })
    }

    /// Search in the logarithm; needs `low >= 1`.
    pub fn log(mut self) -> Self {
        self.0.log = true;
        self
    }

    /// Only `low`, `low + step`, ... up to `high`.
    pub fn step(mut self, step: i64) -> Self {
        self.0.step = step;
        self
    }
}

/// One of several values, without order or distance between them.
#[derive(Clone, Debug)]
pub struct Choice(proto::CategoricalDomain);

impl Choice {
    /// At least one, all distinct.
    pub fn of<V: Into<Value>>(choices: impl IntoIterator<Item = V>) -> Self {
        Self(proto::CategoricalDomain { choices: messages(choices) })
    }
}

/// What a parameter may be: [`Float`], [`Int`] or [`Choice`].
#[derive(Clone, Debug)]
pub struct Domain(proto::parameter::Domain);

impl From<Float> for Domain {
    fn from(domain: Float) -> Self {
        Self(proto::parameter::Domain::FloatDomain(domain.0))
    }
}

impl From<Int> for Domain {
    fn from(domain: Int) -> Self {
        Self(proto::parameter::Domain::IntDomain(domain.0))
    }
}

impl From<Choice> for Domain {
    fn from(domain: Choice) -> Self {
        Self(proto::parameter::Domain::CategoricalDomain(domain.0))
    }
}

/// True when another parameter is active and has one of some values.
#[derive(Clone, Debug)]
pub struct When(proto::Condition);

impl When {
    /// `parent` has this value.
    pub fn is(parent: &str, value: impl Into<Value>) -> Self {
        Self::is_one_of(parent, [value])
    }

    /// `parent` has one of these values.
    pub fn is_one_of<V: Into<Value>>(parent: &str, values: impl IntoIterator<Item = V>) -> Self {
        Self(proto::Condition { parent: parent.to_owned(), values: messages(values) })
    }
}

pub(crate) fn parameter(name: &str, domain: Domain, conditions: impl IntoIterator<Item = When>) -> proto::Parameter {
    proto::Parameter {
        name: name.to_owned(),
        domain: Some(domain.0),
        conditions: conditions.into_iter().map(|when| when.0).collect(),
    }
}

fn messages<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Vec<proto::Value> {
    values.into_iter().map(|value| value.into().into_message()).collect()
}
