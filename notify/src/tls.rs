//! TLS: the system's root certificates and those that were added, read when they are first needed.

use crate::dial::Stream;
use crate::error::Error;
use crate::verdict::{Verdict, chain, refused, retry};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

#[derive(Default)]
pub(crate) struct Tls {
    added: Vec<CertificateDer<'static>>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub fn with_roots(pem: &[u8]) -> Result<Tls, Error> {
        let roots = |why: String| Error::Roots { why };
        let mut added = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            added.push(certificate.map_err(|error| roots(error.to_string()))?);
        }
        if added.is_empty() {
            return Err(roots("there is no certificate in the file".to_owned()));
        }
        let mut store = RootCertStore::empty();
        for certificate in &added {
            store.add(certificate.clone()).map_err(|error| roots(error.to_string()))?;
        }
        Ok(Tls { added, config: OnceCell::new() })
    }

    /// The connection, encrypted. The certificate must be good for the name, whatever the address is.
    pub async fn encrypt(&self, stream: Box<dyn Stream>, host: &str) -> Result<Box<dyn Stream>, Verdict> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| refused(format!("'{host}' is no name that a certificate can be for")))?;
        let connector = TlsConnector::from(self.config().await?);
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| retry(format!("no TLS connection with {host}: {}", chain(&error))))?;
        Ok(Box::new(stream))
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, Verdict> {
        let made = self.config.get_or_try_init(|| async {
            // Some hundred files or one large one.
            let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
            let loaded = loaded.map_err(|error| format!("the root certificates: {error}"))?;
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(loaded.certs);
            store.add_parsable_certificates(self.added.iter().cloned());
            if store.is_empty() {
                let why = loaded.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
                return Err(format!("this machine has no root certificates{why}"));
            }
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            let config = config.map_err(|error| error.to_string())?;
            Ok(Arc::new(config.with_root_certificates(store).with_no_client_auth()))
        });
        made.await.cloned().map_err(retry)
    }
}
