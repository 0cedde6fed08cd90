//! One connection to one daemon.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::Request;

use crate::calls::Call;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::proto;
use crate::retry;
use crate::spec::StudySpec;
use crate::study::Study;

/// Calls a daemon. Cheap to clone; clones share the connection, which is made with the first call.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    channel: Channel,
    authorization: Option<AsciiMetadataValue>,
    retry_for: Duration,
    call_timeout: Duration,
}

impl Client {
    /// A client by the environment; see [`Options::from_env`]. Needs a tokio runtime around it.
    pub fn from_env() -> Result<Self> {
        Self::new(Options::from_env()?)
    }

    /// A client of `options.server`. `InvalidArgument`: an option is wrong; the message names it.
    pub fn new(options: Options) -> Result<Self> {
        let authorization = options.token.as_ref().map(|token| bearer(token)).transpose()?;
        let channel = options.endpoint()?.connect_lazy();
        let Options { server, retry_for, call_timeout, .. } = options;
        Ok(Self { shared: Arc::new(Shared { server, channel, authorization, retry_for, call_timeout }) })
    }

    /// Makes a study. `StudyExists`: the name is taken.
    pub async fn create_study(&self, spec: StudySpec) -> Result<Study> {
        self.create(spec, false).await
    }

    /// Makes a study, or loads the one of that name, unchanged. `StudyMismatch`: it has other directions.
    pub async fn create_or_load_study(&self, spec: StudySpec) -> Result<Study> {
        self.create(spec, true).await
    }

    /// The study of that name. `StudyNotFound`: there is none.
    pub async fn load_study(&self, name: &str) -> Result<Study> {
        let reply = self.call(proto::GetStudyRequest { study: name.to_owned() }).await?;
        Ok(Study::new(self.clone(), reply.study.unwrap_or_default()))
    }

    /// Deletes a study with its trials. `StudyNotFound`: there is none.
    pub async fn delete_study(&self, name: &str) -> Result<()> {
        self.call(proto::DeleteStudyRequest { study: name.to_owned(), ..Default::default() }).await?;
        Ok(())
    }

    /// The reply to any request of the protocol, repeated while the daemon is away or its disk full. A request that
    /// takes a `request_id` gets one, the same for all attempts, so that it takes effect once.
    pub async fn call<C: Call>(&self, mut request: C) -> Result<C::Reply> {
        request.identify(retry::new_request_id());
        let end = Instant::now() + self.shared.retry_for;
        let mut failures = 0;
        loop {
            let error = match self.attempt(request.clone(), self.shared.call_timeout).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let pause = retry::pause(failures, retry::random_fraction());
            if !error.is_transient() || Instant::now() + pause > end {
                return Err(error);
            }
            failures += 1;
            tokio::time::sleep(pause).await;
        }
    }

    /// One attempt of a call.
    pub(crate) async fn attempt<C: Call>(&self, message: C, timeout: Duration) -> Result<C::Reply> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        if let Some(authorization) = &self.shared.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        let answer = tokio::time::timeout(timeout, C::send(request, self.shared.channel.clone())).await;
        match answer {
            Ok(Ok(reply)) => Ok(reply.into_inner()),
            Ok(Err(status)) => Err(Error::from_status(status, &self.shared.server)),
            Err(_) => Err(Error::no_answer(&self.shared.server, timeout.as_secs_f64())),
        }
    }

    async fn create(&self, spec: StudySpec, load_if_exists: bool) -> Result<Study> {
        let study = Some(spec.into_message());
        let request = proto::CreateStudyRequest { study, load_if_exists, ..Default::default() };
        let reply = self.call(request).await?;
        Ok(Study::new(self.clone(), reply.study.unwrap_or_default()))
    }
}

fn bearer(token: &str) -> Result<AsciiMetadataValue> {
    format!("Bearer {token}").parse().map_err(|_| Error::invalid("the token may hold visible ASCII only".to_owned()))
}
