//! Keeps the lease of one running trial.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::proto;

const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);
/// After a heartbeat that did not get through.
const RETRY: Duration = Duration::from_secs(1);

/// Renews the lease in a task, a third of its length after the last call for the trial, until released or dropped.
pub(crate) struct LeaseKeeper {
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    heartbeat: proto::HeartbeatTrialRequest,
    renewal: Mutex<Renewal>,
    lost: watch::Sender<Option<Error>>,
}

#[derive(Clone, Copy)]
struct Renewal {
    at: Instant,
    length: Duration,
}

impl LeaseKeeper {
    /// For a trial that was handed out just now.
    pub(crate) fn new(client: Client, study: &str, number: i64, lease: &proto::Lease) -> Self {
        let state = Arc::new(State {
            heartbeat: proto::HeartbeatTrialRequest { study: study.to_owned(), number, lease_token: lease.token },
            renewal: Mutex::new(Renewal { at: Instant::now(), length: length_of(lease) }),
            lost: watch::Sender::new(None),
        });
        let task = tokio::spawn(keep(client, state.clone()));
        Self { state, task }
    }

    pub(crate) fn token(&self) -> i64 {
        self.state.heartbeat.lease_token
    }

    /// `LeaseLost` if the loss is known.
    pub(crate) fn check(&self) -> Result<()> {
        self.state.lost.borrow().clone().map_or(Ok(()), Err)
    }

    /// Takes notice of what a call for the trial gave.
    pub(crate) fn note<T>(&self, result: &Result<T>) {
        match result {
            Ok(_) => self.state.renewed(None),
            Err(error) => self.state.failed(error),
        }
    }

    /// The trial is finished: nothing is left to renew.
    pub(crate) fn release(&self) {
        self.task.abort();
    }

    /// Returns when the lease is lost.
    pub(crate) async fn lost(&self) -> Error {
        let mut lost = self.state.lost.subscribe();
        let error = lost.wait_for(Option::is_some).await.expect("the state holds the sender");
        error.clone().expect("waited for")
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.release();
    }
}

impl State {
    fn renewed(&self, length: Option<Duration>) {
        let mut renewal = self.renewal.lock().unwrap();
        renewal.at = Instant::now();
        renewal.length = length.unwrap_or(renewal.length);
    }

    fn failed(&self, error: &Error) {
        if error.kind() == ErrorKind::LeaseLost {
            self.lost.send_replace(Some(error.clone()));
        }
    }
}

async fn keep(client: Client, state: Arc<State>) {
    loop {
        let Renewal { at, length } = *state.renewal.lock().unwrap();
        if Instant::now() < at + length / 3 {
            tokio::time::sleep_until(at + length / 3).await;
            continue; // some call may have renewed it meanwhile
        }
        match client.attempt(state.heartbeat.clone(), HEARTBEAT_TIMEOUT.min(length / 3)).await {
            Ok(reply) => state.renewed(reply.lease.as_ref().map(length_of)),
            Err(error) if error.is_transient() => tokio::time::sleep(RETRY.min(length / 6)).await,
            Err(error) => {
                // Lost; or finished or deleted elsewhere, and the next call of the trial says which.
                state.failed(&error);
                return;
            }
        }
    }
}

fn length_of(lease: &proto::Lease) -> Duration {
    lease.duration.and_then(|duration| duration.try_into().ok()).unwrap_or(Duration::from_secs(60))
}
