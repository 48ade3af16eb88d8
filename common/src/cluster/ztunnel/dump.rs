//! The part of a ztunnel's dump that tells of certificates. Pure.
//!
//! ztunnel writes it in src/admin.rs, `dump_certs`: the state is a word, behind `Unavailable` with the reason; the
//! chain begins with the workload's own certificate.

use jiff::Timestamp;

use crate::model::{Identity, Name};
use crate::snapshot::{CertificateState, Held, HeldCertificate};
use crate::wire::wire;

wire! {
    /// `ConfigDump`, of which workloads, services and policies are passed over.
    struct ConfigDump {
        /// One for each identity.
        pub certificates: Option<Vec<CertsDump>> = "certificates",
    }
}

wire! {
    /// `CertsDump`
    struct CertsDump {
        /// `spiffe://…`
        pub identity: String = "identity",
        /// What became of it.
        pub state: String = "state",
        /// Its own certificate, then those between it and a root.
        pub cert_chain: Vec<CertDump> = "certChain",
    }
}

wire! {
    /// `CertDump`
    struct CertDump {
        /// RFC 3339.
        pub expiration_time: String = "expirationTime",
    }
}

/// The certificates of a dump.
pub(super) fn held(dump: &[u8]) -> Result<Held, String> {
    let dump: ConfigDump = serde_json::from_slice(dump)
        .map_err(|error| format!("the answer is no dump of a ztunnel: {error}"))?;
    let certificates = dump.certificates.ok_or("the answer has no `certificates`, as a ztunnel's has")?;
    // What is no identity is nobody's certificate.
    let read = |of: CertsDump| Some((of.identity.parse::<Identity>().ok()?, certificate(&of)));
    Ok(certificates.into_iter().filter_map(read).collect())
}

fn certificate(of: &CertsDump) -> HeldCertificate {
    let not_after = of.cert_chain.first().and_then(|own| utc(&own.expiration_time));
    HeldCertificate { state: state(&of.state), not_after }
}

fn state(text: &str) -> CertificateState {
    match text.split(':').next().unwrap_or_default() {
        "Available" => CertificateState::Available,
        "Initializing" => CertificateState::Initializing,
        "Unavailable" => CertificateState::Unavailable,
        _ => CertificateState::Unknown,
    }
}

fn utc(text: &str) -> Option<Name> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into())
}
