//! Sets of ports, as text that people read.

use serde::{Deserialize, Serialize};

/// Ports as ranges in their order, none of which touch.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Ranges(Vec<(u16, u16)>);

impl Ranges {
    /// Of ports in their order between which nothing changes, and what holds from each of them on.
    #[must_use]
    pub fn between(ports: &[u16], allowed: &[bool]) -> Self {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        let ends = ports.iter().skip(1).map(|next| next - 1).chain([u16::MAX]);
        for ((start, end), _) in ports.iter().copied().zip(ends).zip(allowed).filter(|(_, allowed)| **allowed)
        {
            match ranges.last_mut() {
                Some(last) if last.1 + 1 == start => last.1 = end,
                _ => ranges.push((start, end)),
            }
        }
        Self(ranges)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a port is among them.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|(start, end)| (*start..=*end).contains(&port))
    }
}

impl From<Ranges> for String {
    fn from(ranges: Ranges) -> Self {
        let one = |(start, end): (u16, u16)| {
            if start == end { start.to_string() } else { format!("{start}-{end}") }
        };
        ranges.0.into_iter().map(one).collect::<Vec<_>>().join(",")
    }
}

impl TryFrom<String> for Ranges {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let one = |part: &str| {
            let (start, end) = part.split_once('-').unwrap_or((part, part));
            Ok((start.parse()?, end.parse()?))
        };
        text.split(',').map(one).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn what_holds_from_a_port_on_holds_up_to_the_next() {
        for (allowed, text) in [
            ([true, true, true, true], "1-65535"),
            ([false, true, false, false], "80"),
            ([true, false, true, true], "1-79,81-65535"),
            ([true, true, false, true], "1-80,5000-65535"),
        ] {
            let ranges = Ranges::between(&[1, 80, 81, 5000], &allowed);
            assert_eq!(String::from(ranges.clone()), text);
            assert_eq!(Ranges::try_from(text.to_owned()), Ok(ranges.clone()));
            for (port, allowed) in [1, 80, 81, 5000].into_iter().zip(allowed) {
                assert_eq!(ranges.contains(port), allowed, "{text} {port}");
            }
        }
        assert!(Ranges::between(&[1], &[false]).is_empty());
    }
}
