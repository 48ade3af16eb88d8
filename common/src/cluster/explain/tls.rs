//! What TLS says of certificates: the server's, which we do not accept, and ours, which it does not.

use jiff::Timestamp;
use rustls::{AlertDescription as Alert, CertificateError, Error};

use super::{ConnectError, Endpoint, day, first_line, lower_first};

pub(super) fn explain(error: &Error, to: &Endpoint, now: Timestamp) -> ConnectError {
    let server = to.api_server();
    match error {
        Error::InvalidCertificate(why) => of_server(why, &server),
        Error::AlertReceived(alert) => of_client(*alert, to, now),
        Error::InvalidMessage(_) => ConnectError::new(format!("{server} does not speak TLS"))
            .hint("check its port, and whether its address begins with `http://`"),
        other => ConnectError::new(format!("TLS with {server} failed: {}", words(&other.to_string()))),
    }
}

fn of_server(why: &CertificateError, server: &str) -> ConnectError {
    let not_trusted = |what: &str| ConnectError::new(format!("the certificate of {server} {what}"));
    let at = |time: rustls::pki_types::UnixTime| {
        i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).map(day)
    };
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => not_trusted(
            "is signed by an authority that is not known",
        )
        .hint(
            "give the authority's certificate with `--certificate-authority`, or fetch the kubeconfig anew",
        ),
        CertificateError::Expired => not_trusted("has expired"),
        CertificateError::ExpiredContext { not_after, .. } => {
            not_trusted(&format!("expired {}", at(*not_after).unwrap_or_default()))
                .hint("renew it, or check this machine's clock")
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            not_trusted(&format!("is valid from {} only", at(*not_before).unwrap_or_default()))
                .hint("check this machine's clock")
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            other_name(&expected.to_str(), presented, server)
        }
        other => not_trusted(&format!("is not accepted: {}", words(&other.to_string()))),
    }
}

fn other_name(expected: &str, presented: &[String], server: &str) -> ConnectError {
    const SHOWN: usize = 6;
    let name = |text: &String| {
        let bare = text.split_once('(').map_or(text.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        format!("`{}`", bare.trim_matches('"'))
    };
    let mut names = presented.iter().take(SHOWN).map(name).collect::<Vec<_>>().join(", ");
    match presented.len() {
        0 => "no name".clone_into(&mut names),
        count if count > SHOWN => names.push_str(", …"),
        _ => {}
    }
    ConnectError::new(format!("the certificate of {server} is for {names}, not for `{expected}`"))
        .hint("give one of its names with `--tls-server-name`")
}

/// What the server says of the client's certificate.
fn of_client(alert: Alert, to: &Endpoint, now: Timestamp) -> ConnectError {
    let refused = |why: &str| {
        ConnectError::new(format!("{} refused the client's certificate: {why}", to.api_server()))
            .hint(to.renew())
    };
    match alert {
        Alert::CertificateExpired => to.certificate_expired(now).unwrap_or_else(|| refused("it has expired")),
        Alert::UnknownCA => refused("it does not know the authority that signed it"),
        Alert::CertificateRequired => {
            ConnectError::new(format!("{} wants a client's certificate", to.api_server()))
                .hint("give one with `--client-certificate` and `--client-key`")
        }
        Alert::BadCertificate
        | Alert::CertificateUnknown
        | Alert::CertificateRevoked
        | Alert::UnsupportedCertificate => {
            to.certificate_expired(now).unwrap_or_else(|| refused("it gives no reason"))
        }
        other => ConnectError::new(format!("{} ended TLS: {other:?}", to.api_server())),
    }
}

fn words(text: &str) -> String {
    lower_first(&first_line(text))
}
