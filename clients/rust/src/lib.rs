//! The client of `hpod`, the hyperparameter-optimization daemon.
//!
//! The daemon holds the studies, samples and prunes. A worker asks it for a trial, reports while it trains, and says
//! how the trial ended:
//!
//! ```no_run
//! use hpod::{Client, Float, StudySpec};
//!
//! # async fn worker() -> hpod::Result<()> {
//! let client = Client::from_env()?;
//! let spec = StudySpec::new("demo").parameter("x", Float::range(-10.0, 10.0)).max_trials(100);
//! let study = client.create_or_load_study(spec).await?;
//! while let Some(trial) = study.next_trial().await? {
//!     let x: f64 = trial.get("x")?;
//!     trial.complete((x - 2.0).powi(2)).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Calls are repeated while the daemon is away, with the same request id, so that each takes effect once. While a
//! [`Trial`] is alive its lease is renewed in the background. Everything needs a running tokio runtime.

mod calls;
mod client;
mod error;
mod lease;
mod options;
mod retry;
mod space;
mod spec;
mod study;
mod trial;
mod value;

/// The messages and stubs of the protocol; the `.proto` files document every field.
pub mod proto {
    #![allow(missing_docs, clippy::all)]
    tonic::include_proto!("hpo.v1");
}

pub use calls::Call;
pub use client::Client;
pub use error::{Error, ErrorKind, Result};
pub use options::Options;
pub use space::{Choice, Domain, Float, Int, When};
pub use spec::StudySpec;
pub use study::{Enqueue, NoTrial, Study, Suggestion};
pub use trial::{Outcome, Report, Trial};
pub use value::Value;
