//! Certificates of the cluster: one authority signs its servers and its users.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// What signs.
#[derive(Debug)]
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(super) pem: String,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) chain: String,
    pub(super) key: String,
}

/// Keys with which service account tokens are signed and verified, as PEM.
#[derive(Debug)]
pub(super) struct TokenKeys {
    pub(super) private: String,
    pub(super) public: String,
}

#[expect(clippy::expect_used, reason = "names and dates are ours; a mistake fails the test")]
impl Authority {
    /// A new authority.
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name.push(DnType::CommonName, name);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let pem = wanted.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(wanted, key), pem }
    }

    /// For a server, by its names and addresses.
    pub(super) fn server(&self, names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut wanted = CertificateParams::new(names).expect("names");
        wanted.distinguished_name.push(DnType::CommonName, "server");
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(&wanted)
    }

    /// For a user in groups (two at most: a certificate's subject has each attribute twice at most here).
    pub(super) fn client(&self, user: &str, groups: &[&str], expired: bool) -> Certificate {
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name.remove(DnType::CommonName);
        wanted.distinguished_name.push(DnType::CommonName, user);
        // Two spellings of one attribute: a subject of rcgen holds each spelling once.
        let spellings = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
        assert!(groups.len() <= spellings.len(), "a user may be in two groups at most");
        for (spelling, group) in spellings.into_iter().zip(groups) {
            wanted.distinguished_name.push(spelling, *group);
        }
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if expired {
            wanted.not_before = date_time_ymd(2019, 1, 1);
            wanted.not_after = date_time_ymd(2020, 1, 1);
        }
        self.sign(&wanted)
    }

    fn sign(&self, wanted: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let chain = wanted.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certificate { chain, key: key.serialize_pem() }
    }
}

impl TokenKeys {
    /// New keys.
    #[expect(clippy::expect_used, reason = "a test that cannot run fails")]
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        Self { private: key.serialize_pem(), public: key.public_key_pem() }
    }
}
