//! Values of parameters.

use crate::error::{Error, Result};
use crate::proto;
use crate::proto::value::Kind;

/// A value of a parameter: float domains give `Float`, int domains `Int`, choices what they were declared as.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Value {
    /// As in the messages of the protocol.
    pub fn from_message(message: &proto::Value) -> Self {
        match &message.kind {
            None | Some(Kind::NullValue(_)) => Self::Null,
            Some(Kind::BoolValue(value)) => Self::Bool(*value),
            Some(Kind::IntValue(value)) => Self::Int(*value),
            Some(Kind::DoubleValue(value)) => Self::Float(*value),
            Some(Kind::StringValue(value)) => Self::Text(value.clone()),
        }
    }

    /// As in the messages of the protocol.
    pub fn into_message(self) -> proto::Value {
        let kind = match self {
            Self::Null => Kind::NullValue(0),
            Self::Bool(value) => Kind::BoolValue(value),
            Self::Int(value) => Kind::IntValue(value),
            Self::Float(value) => Kind::DoubleValue(value),
            Self::Text(value) => Kind::StringValue(value),
        };
        proto::Value { kind: Some(kind) }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl TryFrom<&Value> for f64 {
    type Error = Error;
    /// Whole numbers become floats.
    fn try_from(value: &Value) -> Result<Self> {
        match value {
            Value::Float(value) => Ok(*value),
            Value::Int(value) => Ok(*value as f64),
            other => Err(mismatch(other, "a number")),
        }
    }
}

impl TryFrom<&Value> for i64 {
    type Error = Error;
    fn try_from(value: &Value) -> Result<Self> {
        match value {
            Value::Int(value) => Ok(*value),
            other => Err(mismatch(other, "a whole number")),
        }
    }
}

impl TryFrom<&Value> for bool {
    type Error = Error;
    fn try_from(value: &Value) -> Result<Self> {
        match value {
            Value::Bool(value) => Ok(*value),
            other => Err(mismatch(other, "a truth value")),
        }
    }
}

impl TryFrom<&Value> for String {
    type Error = Error;
    fn try_from(value: &Value) -> Result<Self> {
        match value {
            Value::Text(value) => Ok(value.clone()),
            other => Err(mismatch(other, "a text")),
        }
    }
}

impl TryFrom<&Value> for Value {
    type Error = Error;
    /// Whatever it is.
    fn try_from(value: &Value) -> Result<Self> {
        Ok(value.clone())
    }
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    Error::invalid(format!("the value is {value:?}, not {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_wire() {
        for value in [Value::Null, true.into(), 7.into(), 0.1.into(), "adam".into()] {
            assert_eq!(Value::from_message(&value.clone().into_message()), value);
        }
    }

    #[test]
    fn a_value_is_read_as_what_it_is() {
        assert_eq!(f64::try_from(&Value::Int(3)).unwrap(), 3.0);
        assert_eq!(
            i64::try_from(&Value::Float(3.0)).unwrap_err().to_string(),
            "the value is Float(3.0), not a whole number"
        );
        assert!(String::try_from(&Value::Null).is_err());
    }
}
