//! The forms of tests/conformance/README.md, as JSON, and what they are to the client.

use std::collections::HashMap;

use hpod::proto;
use hpod::{Choice, Domain, Error, Float, Int, Value, When};
use serde_json::{json, Map, Value as Json};

/// From the bits of a double in hexadecimal.
pub fn double(json: &Json) -> f64 {
    let bits = json.as_str().and_then(|text| u64::from_str_radix(text, 16).ok());
    f64::from_bits(bits.unwrap_or_else(|| panic!("{json} is no double")))
}

fn double_json(value: f64) -> Json {
    json!(format!("{:016x}", value.to_bits()))
}

pub fn value(json: &Json) -> Value {
    let (kind, content) = json.as_object().and_then(|object| object.iter().next()).expect("a value");
    match kind.as_str() {
        "float" => Value::Float(double(content)),
        "int" => Value::Int(content.as_str().unwrap().parse().unwrap()),
        "bool" => Value::Bool(content.as_bool().unwrap()),
        "string" => Value::Text(content.as_str().unwrap().to_owned()),
        _ => Value::Null,
    }
}

pub fn value_json(value: &Value) -> Json {
    match value {
        Value::Null => json!({"null": true}),
        Value::Bool(value) => json!({"bool": value}),
        Value::Int(value) => json!({"int": value.to_string()}),
        Value::Float(value) => json!({"float": double_json(*value)}),
        Value::Text(value) => json!({"string": value}),
    }
}

/// Name, domain and conditions.
pub fn parameter(json: &Json) -> (&str, Domain, Vec<When>) {
    let conditions = json["conditions"].as_array().into_iter().flatten().map(|condition| {
        let values = condition["values"].as_array().unwrap().iter().map(value);
        When::is_one_of(condition["parent"].as_str().unwrap(), values)
    });
    (json["name"].as_str().unwrap(), domain(json), conditions.collect())
}

fn domain(json: &Json) -> Domain {
    let log = json["log"] == Json::Bool(true);
    match json["type"].as_str().unwrap() {
        "float" => {
            let mut domain = Float::range(double(&json["low"]), double(&json["high"]));
            if log {
                domain = domain.log();
            }
            if json["step"].is_string() {
                domain = domain.step(double(&json["step"]));
            }
            domain.into()
        }
        "int" => {
            let mut domain = Int::range(json["low"].as_i64().unwrap(), json["high"].as_i64().unwrap());
            if log {
                domain = domain.log();
            }
            if let Some(step) = json["step"].as_i64() {
                domain = domain.step(step);
            }
            domain.into()
        }
        _ => Choice::of(json["choices"].as_array().unwrap().iter().map(value)).into(),
    }
}

/// A step's user attributes: name to JSON text.
pub fn json_texts(step: &Json) -> HashMap<String, String> {
    let attributes = step["user_attributes"].as_object().into_iter().flatten();
    attributes.map(|(name, json)| (name.clone(), json.to_string())).collect()
}

pub fn constraints(step: &Json) -> HashMap<String, f64> {
    let constraints = step["constraints"].as_object().into_iter().flatten();
    constraints.map(|(name, value)| (name.clone(), double(value))).collect()
}

pub fn state(json: &Json) -> proto::TrialState {
    let name = format!("TRIAL_STATE_{}", json.as_str().unwrap());
    proto::TrialState::from_str_name(&name).expect("a state")
}

/// An enum value's name without its prefix.
pub fn without_prefix<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

pub fn error(error: &Error) -> Json {
    // Code's Debug form is the name in camel case: NotFound.
    let mut code = String::new();
    for letter in format!("{:?}", error.code()).chars() {
        if letter.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_uppercase());
    }
    json!({"code": code, "reason": error.reason(), "metadata": error.metadata()})
}

pub fn study(study: &proto::Study) -> Json {
    let counts = study.counts.unwrap_or_default();
    let directions =
        study.directions().map(|direction| without_prefix(direction.as_str_name(), "DIRECTION_").to_lowercase());
    let stop_reason = match study.stop_reason() {
        proto::StopReason::Unspecified => Json::Null,
        reason => json!(without_prefix(reason.as_str_name(), "STOP_REASON_")),
    };
    json!({
        "name": study.name,
        "directions": directions.collect::<Vec<_>>(),
        "metric_names": study.metric_names,
        "user_attributes": attributes(&study.user_attributes),
        "counts": {
            "running": counts.running,
            "complete": counts.complete,
            "pruned": counts.pruned,
            "failed": counts.failed,
            "waiting": counts.waiting,
        },
        "stop_reason": stop_reason,
    })
}

pub fn trial(trial: &proto::Trial) -> Json {
    let params = trial.params.iter().map(|assignment| {
        let value = Value::from_message(assignment.value.as_ref().expect("a value"));
        (assignment.name.clone(), value_json(&value))
    });
    let reports = trial.intermediate_values.iter().map(|report| (report.step.to_string(), double_json(report.value)));
    let constraints = trial.constraints.iter().map(|(name, value)| (name.clone(), double_json(*value)));
    json!({
        "number": trial.number,
        "state": without_prefix(trial.state().as_str_name(), "TRIAL_STATE_"),
        "params": params.collect::<Map<_, _>>(),
        "values": trial.values.iter().copied().map(double_json).collect::<Vec<_>>(),
        "intermediate_values": reports.collect::<Map<_, _>>(),
        "user_attributes": attributes(&trial.user_attributes),
        "constraints": constraints.collect::<Map<_, _>>(),
        "failure": trial.failure,
        "retry_of": trial.retry_of,
    })
}

fn attributes(texts: &HashMap<String, String>) -> Json {
    let parsed = texts.iter().map(|(name, text)| (name.clone(), serde_json::from_str(text).expect("JSON text")));
    Json::Object(parsed.collect())
}
