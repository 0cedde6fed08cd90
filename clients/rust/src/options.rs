//! Where the daemon is and how to speak to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::error::{Error, Result};

const DEFAULT_SERVER: &str = "127.0.0.1:13000";
const DEFAULT_RETRY_S: f64 = 120.0;

/// How to reach a daemon. `Options::default()` reads no environment; [`Options::from_env`] does.
#[derive(Clone, Debug)]
pub struct Options {
    /// `host:port`.
    pub server: String,
    /// Sent as `authorization: Bearer`.
    pub token: Option<String>,
    /// PEM file of the authority that signed the daemon's certificate, or `system` for those that the machine trusts.
    /// With it, the connection is encrypted.
    pub tls_ca: Option<PathBuf>,
    /// PEM file of this client's certificate, for a daemon that asks for one. Needs `tls_ca` and `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key.
    pub tls_key: Option<PathBuf>,
    /// How long a call is repeated while the daemon is away. Zero: not at all.
    pub retry_for: Duration,
    /// How long one attempt of a call may take.
    pub call_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: DEFAULT_SERVER.to_owned(),
            token: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            retry_for: Duration::from_secs_f64(DEFAULT_RETRY_S),
            call_timeout: Duration::from_secs(30),
        }
    }
}

impl Options {
    /// The defaults with what HPOD_SERVER, HPOD_TOKEN, HPOD_TLS_CA, HPOD_TLS_CERT, HPOD_TLS_KEY and HPOD_RETRY_SECONDS
    /// say. An empty variable counts as absent. `InvalidArgument`: HPOD_RETRY_SECONDS is not a number >= 0.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut options = Self::default();
        if let Some(server) = variable("HPOD_SERVER") {
            options.server = server;
        }
        options.token = variable("HPOD_TOKEN");
        options.tls_ca = variable("HPOD_TLS_CA").map(PathBuf::from);
        options.tls_cert = variable("HPOD_TLS_CERT").map(PathBuf::from);
        options.tls_key = variable("HPOD_TLS_KEY").map(PathBuf::from);
        if let Some(text) = variable("HPOD_RETRY_SECONDS") {
            options.retry_for = parse_seconds(&text)?;
        }
        Ok(options)
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint> {
        let tls = self.tls()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let wrong = |cause: &dyn std::fmt::Display| {
            Error::invalid(format!("the server is '{}', but must be host:port: {cause}", self.server))
        };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.server)).map_err(|cause| wrong(&cause))?;
        if endpoint.uri().port().is_none() {
            return Err(wrong(&"the port is missing"));
        }
        // Not shorter: a busy machine needs seconds to accept.
        let endpoint =
            endpoint.connect_timeout(Duration::from_secs(5)).http2_keep_alive_interval(Duration::from_secs(20));
        match tls {
            Some(tls) => endpoint
                .tls_config(tls)
                .map_err(|cause| Error::invalid(format!("the TLS files cannot be used: {}", last_cause(&cause)))),
            None => Ok(endpoint),
        }
    }

    fn tls(&self) -> Result<Option<ClientTlsConfig>> {
        let Some(ca) = &self.tls_ca else {
            return match (&self.tls_cert, &self.tls_key) {
                (None, None) => Ok(None),
                _ => Err(Error::invalid("tls_cert and tls_key need tls_ca (HPOD_TLS_CA)".to_owned())),
            };
        };
        let tls = match ca.to_str() {
            Some("system") => ClientTlsConfig::new().with_native_roots(),
            _ => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("tls_ca", ca)?)),
        };
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(Some(tls)),
            (Some(cert), Some(key)) => {
                let identity = Identity::from_pem(read("tls_cert", cert)?, read("tls_key", key)?);
                Ok(Some(tls.identity(identity)))
            }
            _ => Err(Error::invalid("tls_cert and tls_key belong together: one is missing".to_owned())),
        }
    }
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| Error::invalid(format!("{name} '{}' cannot be read: {cause}", path.display())))
}

fn parse_seconds(text: &str) -> Result<Duration> {
    let seconds = text.trim().parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| Error::invalid(format!("HPOD_RETRY_SECONDS is '{text}', but must be a number >= 0")))
}

fn last_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), last_cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Options> {
        let owned: Vec<_> = variables.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        Options::from_variables(move |name| owned.iter().find(|(key, _)| key == name).map(|(_, text)| text.clone()))
    }

    #[test]
    fn the_environment_fills_what_is_not_given() {
        let options = from(&[("HPOD_SERVER", "host:1"), ("HPOD_TOKEN", "t"), ("HPOD_RETRY_SECONDS", "1.5")]).unwrap();
        assert_eq!(options.server, "host:1");
        assert_eq!(options.token.as_deref(), Some("t"));
        assert_eq!(options.retry_for, Duration::from_millis(1500));
        assert_eq!(from(&[]).unwrap().server, "127.0.0.1:13000");
    }

    #[test]
    fn bad_options_are_refused_by_name() {
        let message = |options: Options| options.endpoint().unwrap_err().to_string();
        assert!(from(&[("HPOD_RETRY_SECONDS", "soon")])
            .unwrap_err()
            .to_string()
            .contains("HPOD_RETRY_SECONDS is 'soon'"));
        assert!(message(from(&[("HPOD_SERVER", "host")]).unwrap()).contains("the server is 'host'"));
        assert!(message(from(&[("HPOD_TLS_CA", "/none.pem")]).unwrap()).contains("tls_ca '/none.pem' cannot be read"));
        assert!(message(from(&[("HPOD_TLS_CERT", "c.pem")]).unwrap()).contains("need tls_ca"));
    }
}
