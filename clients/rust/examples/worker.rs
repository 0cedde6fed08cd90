//! One worker: fits polynomials to a sine by gradient descent, and lets the daemon choose how.
//!
//! `worker STUDY [SECONDS]`: takes trials until the study hands out no more. SECONDS: pause per epoch, as if the model
//! were larger. Start as many as you like, on any machine, with HPOD_SERVER=host:port.

use std::time::Duration;

use hpod::{Choice, Client, ErrorKind, Float, Int, Result, StudySpec, Trial, When};

const EPOCHS: i64 = 20;
const STEPS_PER_EPOCH: usize = 50;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("worker: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "sine".to_owned());
    let pause_s = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    let spec = StudySpec::new(&name)
        .minimize()
        .parameter("rate", Float::range(1e-3, 0.3).log())
        .parameter("degree", Int::range(1, 7))
        .parameter("method", Choice::of(["plain", "momentum"]))
        .parameter_when("momentum", Float::range(0.1, 0.9), [When::is("method", "momentum")])
        .pruner("median", &[("n_startup_trials", "4"), ("n_warmup_steps", "5")])
        .seed(7)
        .max_trials(30);
    let study = Client::from_env()?.create_or_load_study(spec).await?;
    while let Some(trial) = study.next_trial().await? {
        match evaluate(&trial, Duration::from_secs_f64(pause_s)).await {
            Err(error) if error.kind() == ErrorKind::LeaseLost => println!("trial {}: {error}", trial.number()),
            other => println!("trial {}: {}", trial.number(), other?),
        }
    }
    Ok(())
}

/// Trains, reports after each epoch, and ends the trial; what became of it.
async fn evaluate(trial: &Trial, pause: Duration) -> Result<String> {
    let momentum = trial.get("momentum").unwrap_or(0.0);
    let mut model = Model::new(trial.get::<i64>("degree")?, trial.get("rate")?, momentum);
    for epoch in 0..EPOCHS {
        tokio::time::sleep(pause).await;
        model.train();
        if trial.report(epoch, model.error()).await?.should_prune {
            trial.prune().await?;
            return Ok(format!("pruned after epoch {epoch}"));
        }
    }
    trial.complete(model.error()).await?;
    Ok(format!("complete, error {:.5}", model.error()))
}

/// A polynomial, trained on 20 points of sin(3x) and judged on 20 others.
struct Model {
    weights: Vec<f64>,
    speed: Vec<f64>,
    rate: f64,
    momentum: f64,
}

impl Model {
    fn new(degree: i64, rate: f64, momentum: f64) -> Self {
        let weights = vec![0.0; degree as usize + 1];
        Self { speed: weights.clone(), weights, rate, momentum }
    }

    fn at(&self, x: f64) -> f64 {
        self.weights.iter().rev().fold(0.0, |sum, weight| sum * x + weight)
    }

    fn train(&mut self) {
        for _ in 0..STEPS_PER_EPOCH {
            for i in 0..20 {
                let x = -1.0 + 0.1 * f64::from(i);
                let miss = self.at(x) - (3.0 * x).sin();
                for power in 0..self.weights.len() {
                    let slope = miss * x.powi(power as i32);
                    self.speed[power] = self.momentum * self.speed[power] - self.rate * slope;
                    self.weights[power] += self.speed[power];
                }
            }
        }
    }

    /// Mean squared error. Infinite when training diverged, since a result may not be NaN.
    fn error(&self) -> f64 {
        let square = |i: i32| {
            let x = -0.95 + 0.1 * f64::from(i);
            (self.at(x) - (3.0 * x).sin()).powi(2)
        };
        let mean = (0..20).map(square).sum::<f64>() / 20.0;
        if mean.is_nan() {
            f64::INFINITY
        } else {
            mean
        }
    }
}
