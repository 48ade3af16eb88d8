//! When a certificate expires: read from its DER, so that a refusal can be explained.
//!
//! RFC 5280, section 4.1: Certificate → tbsCertificate → version (optional), serial, algorithm, issuer, validity.
//! Nothing is verified here; that is the API server's business.

use jiff::Timestamp;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod tests_data;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The time after which a certificate is refused.
pub(super) fn expires(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (body, _) = expect(certificate, SEQUENCE)?;
    let after_version = expect(body, VERSION).map_or(body, |(_, rest)| rest);
    let (_, _, rest) = element(after_version)?; // the serial number
    let (_, rest) = expect(rest, SEQUENCE)?; // the algorithm
    let (_, rest) = expect(rest, SEQUENCE)?; // the issuer
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (_, _, rest) = element(validity)?; // not before
    let (tag, not_after, _) = element(rest)?;
    time(tag, str::from_utf8(not_after).ok()?)
}

/// The tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// `YYMMDDHHMMSSZ`, where the years below 50 are those of this century, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let text = match tag {
        UTC_TIME => format!("{}{text}", if text < "5" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part =
        |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let date = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let clock = format!("{}:{}:{}", part(8, 10)?, part(10, 12)?, part(12, 14)?);
    (text.get(14..) == Some("Z")).then(|| format!("{date}T{clock}Z").parse().ok()).flatten()
}
