use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

/// Whose certificates are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Those of Mozilla's authorities, as this version knows them.
    #[default]
    Mozilla,
    /// Those that this machine trusts.
    Platform,
}

/// Why the options do not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAuthority {
    /// One of them is no certificate authority.
    #[error("certificate authority {index} is not usable: {source}")]
    Unusable {
        /// Which one of them, from 0.
        index: usize,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// A file of certificates is none.
    #[error("it is no file of certificates in PEM: {0}")]
    NoPem(String),
    /// The store of this machine cannot be used.
    #[error("the trust store of this machine cannot be used: {0}")]
    Store(rustls::Error),
}

/// The certificates in a PEM file, in DER: for
/// [`OutboundOptions::certificate_authorities`](super::OutboundOptions::certificate_authorities).
///
/// # Errors
///
/// When there is none in it, or it is damaged.
pub fn certificates_of_pem(file: &[u8]) -> Result<Vec<Vec<u8>>, InvalidAuthority> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file).collect();
    let found = found.map_err(|error| InvalidAuthority::NoPem(error.to_string()))?;
    if found.is_empty() {
        return Err(InvalidAuthority::NoPem("there is no certificate in it".to_owned()));
    }
    Ok(found.into_iter().map(|certificate| certificate.to_vec()).collect())
}

/// The provider is named, since a process that has two of them must choose.
pub(crate) fn tls(trust: Trust, authorities: &[Vec<u8>]) -> Result<ClientConfig, InvalidAuthority> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    for (index, authority) in authorities.iter().enumerate() {
        roots
            .add(CertificateDer::from(authority.as_slice()))
            .map_err(|source| InvalidAuthority::Unusable { index, source })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    #[expect(clippy::expect_used, reason = "ring has the default protocol versions")]
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions");
    Ok(match trust {
        Trust::Mozilla => builder.with_root_certificates(roots).with_no_client_auth(),
        Trust::Platform => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(platform(authorities, provider)?))
            .with_no_client_auth(),
    })
}

fn platform(authorities: &[Vec<u8>], provider: Arc<CryptoProvider>) -> Result<Verifier, InvalidAuthority> {
    let more = authorities.iter().map(|authority| CertificateDer::from(authority.clone()));
    Verifier::new_with_extra_roots(more, provider).map_err(InvalidAuthority::Store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told() {
        let damaged = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        for file in [&b""[..], b"no PEM", damaged] {
            assert!(matches!(certificates_of_pem(file), Err(InvalidAuthority::NoPem(_))));
        }
    }
}
