//! Does the steps of tests/conformance: one JSON object a line in, one out. See the README there.

mod forms;

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Duration;

use hpod::{Client, Enqueue, Error, Outcome, Study, StudySpec, Suggestion, Trial, Value};
use serde_json::{json, Value as Json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut runner = Runner { client: Client::from_env()?, studies: HashMap::new(), trials: HashMap::new() };
    for line in std::io::stdin().lock().lines() {
        let step: Json = serde_json::from_str(&line?)?;
        let answer = match runner.step(&step).await {
            Ok(result) => json!({"ok": result}),
            Err(error) => json!({"error": forms::error(&error)}),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

struct Runner {
    client: Client,
    studies: HashMap<String, Study>,
    /// By the names that the steps give them.
    trials: HashMap<String, Trial>,
}

impl Runner {
    async fn step(&mut self, step: &Json) -> Result<Json, Error> {
        match text(step, "do") {
            "create_study" => self.create_study(step).await,
            "load_study" => {
                let study = self.client.load_study(text(step, "study")).await?;
                self.keep(study)
            }
            "get_study" => Ok(forms::study(&self.study(step).get().await?)),
            "set_study_attributes" => done(self.study(step).set_attributes(forms::json_texts(step)).await),
            "stop_study" => done(self.study(step).stop().await),
            "resume_study" => done(self.study(step).resume().await),
            "delete_study" => done(self.client.delete_study(text(step, "study")).await),
            "enqueue" => self.enqueue(step).await,
            "suggest" => self.suggest(step).await,
            "suggest_parameter" => self.suggest_parameter(step).await,
            "report" => {
                let value = forms::double(&step["value"]);
                let report = self.trial(step).report(integer(step, "step"), value).await?;
                Ok(json!({"should_prune": report.should_prune}))
            }
            "complete" => {
                let values = list(step, "values").map(forms::double).collect();
                done(self.trial(step).complete_with(Outcome { values, ..Default::default() }).await)
            }
            "prune" => done(self.trial(step).prune().await),
            "fail" => done(self.trial(step).fail(text(step, "failure")).await),
            "set_attributes" => {
                done(self.trial(step).set_attributes(forms::json_texts(step), forms::constraints(step)).await)
            }
            "await_lease_loss" => {
                self.trial(step).lease_lost().await;
                Ok(json!({}))
            }
            "get_trial" => Ok(forms::trial(&self.study(step).trial(integer(step, "number")).await?)),
            "list_trials" => {
                let states: Vec<_> = list(step, "states").map(forms::state).collect();
                let trials = self.study(step).trials_in(&states).await?;
                Ok(json!({"trials": trials.iter().map(forms::trial).collect::<Vec<_>>()}))
            }
            "best_trial" => {
                let best = self.study(step).best_trials().await?;
                Ok(json!({"number": best.first().map(|trial| trial.number)}))
            }
            other => panic!("unknown step '{other}'"),
        }
    }

    async fn create_study(&mut self, step: &Json) -> Result<Json, Error> {
        let spec = spec(step);
        let study = match step["load_if_exists"] {
            Json::Bool(true) => self.client.create_or_load_study(spec).await?,
            _ => self.client.create_study(spec).await?,
        };
        self.keep(study)
    }

    fn keep(&mut self, study: Study) -> Result<Json, Error> {
        self.studies.insert(study.name().to_owned(), study);
        Ok(json!({}))
    }

    async fn enqueue(&self, step: &Json) -> Result<Json, Error> {
        let params = members(step, "params").map(|(name, value)| (name.as_str(), forms::value(value)));
        let options = Enqueue {
            user_attributes: forms::json_texts(step),
            skip_if_exists: step["skip_if_exists"] == Json::Bool(true),
        };
        Ok(json!({"number": self.study(step).enqueue_with(params, options).await?}))
    }

    async fn suggest(&mut self, step: &Json) -> Result<Json, Error> {
        match self.study(step).suggest().await? {
            Suggestion::None(why) => {
                let reason = forms::without_prefix(why.reason.as_str_name(), "STOP_REASON_");
                Ok(json!({"number": null, "stop_reason": reason, "final": why.is_final}))
            }
            Suggestion::Trial(trial) => {
                let params = trial.params().iter().map(|(name, value)| (name.clone(), forms::value_json(value)));
                let result = json!({
                    "number": trial.number(),
                    "params": params.collect::<serde_json::Map<_, _>>(),
                    "retry_of": trial.retry_of(),
                });
                self.trials.insert(text(step, "trial").to_owned(), trial);
                Ok(result)
            }
        }
    }

    async fn suggest_parameter(&mut self, step: &Json) -> Result<Json, Error> {
        let trial = self.trials.get_mut(text(step, "trial")).expect("suggested before");
        let (name, domain, _) = forms::parameter(&step["parameter"]);
        let value: Value = trial.suggest(name, domain).await?;
        Ok(json!({"value": forms::value_json(&value)}))
    }

    fn study(&self, step: &Json) -> &Study {
        &self.studies[text(step, "study")]
    }

    fn trial(&self, step: &Json) -> &Trial {
        &self.trials[text(step, "trial")]
    }
}

fn spec(step: &Json) -> StudySpec {
    let mut spec = StudySpec::new(text(step, "study"));
    for direction in list(step, "directions") {
        spec = if direction == "maximize" { spec.maximize() } else { spec.minimize() };
    }
    for parameter in list(step, "space") {
        let (name, domain, conditions) = forms::parameter(parameter);
        spec = spec.parameter_when(name, domain, conditions);
    }
    let options = |kind: &str| -> Vec<(String, String)> {
        members(&step[kind], "options").map(|(key, text)| (key.clone(), text.as_str().unwrap().to_owned())).collect()
    };
    for (kind, set) in
        [("sampler", StudySpec::sampler as fn(_, &str, &[(&str, &str)]) -> _), ("pruner", StudySpec::pruner)]
    {
        if let Some(name) = step[kind]["name"].as_str() {
            let options = options(kind);
            let pairs: Vec<_> = options.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
            spec = set(spec, name, &pairs);
        }
    }
    for (name, set) in [
        ("seed", (|spec, number| spec.seed(number as u64)) as fn(StudySpec, i64) -> StudySpec),
        ("max_trials", StudySpec::max_trials),
        ("max_running", StudySpec::max_running),
        ("lease_ms", |spec, number| spec.lease(Duration::from_millis(number as u64))),
        ("max_retries", |spec, number| spec.max_retries(number as i32)),
    ] {
        if let Some(number) = step[name].as_i64() {
            spec = set(spec, number);
        }
    }
    spec = spec.metric_names(list(step, "metric_names").map(|name| name.as_str().unwrap()));
    for (key, json) in forms::json_texts(step) {
        spec = spec.user_attribute(&key, &json);
    }
    spec
}

fn done<T>(result: Result<T, Error>) -> Result<Json, Error> {
    result.map(|_| json!({}))
}

fn text<'a>(step: &'a Json, field: &str) -> &'a str {
    step[field].as_str().unwrap_or_else(|| panic!("'{field}' is missing in {step}"))
}

fn integer(step: &Json, field: &str) -> i64 {
    step[field].as_i64().unwrap_or_else(|| panic!("'{field}' is missing in {step}"))
}

fn list<'a>(step: &'a Json, field: &str) -> impl Iterator<Item = &'a Json> {
    step[field].as_array().into_iter().flatten()
}

fn members<'a>(step: &'a Json, field: &str) -> impl Iterator<Item = (&'a String, &'a Json)> {
    step[field].as_object().into_iter().flatten()
}
