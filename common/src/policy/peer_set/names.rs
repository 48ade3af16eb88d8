//! Conditions on the two names of an identity, and the groups of names that they cannot tell apart.
//!
//! ztunnel compares `<trust domain>/ns/<namespace>/sa/<account>` with exact values, prefixes and suffixes. No name
//! holds a slash, so each such condition is one on the namespace *and* one on the account. For either, the
//! names that some conditions cannot tell apart form a cell: a name that is given in full, or all names with
//! the same longest given prefix and the same longest given suffix.

use crate::model::{Identity, Name, Namespace, ServiceAccount, TrustDomain};
use crate::policy::ir::{ServiceAccountMatch, StringMatch};

#[cfg(test)]
mod tests;

/// A condition on one name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum NameMatch {
    Any,
    Exact(Name),
    Prefix(Name),
    Suffix(Name),
}

impl NameMatch {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *name,
            Self::Prefix(prefix) => name.starts_with(&**prefix),
            Self::Suffix(suffix) => name.ends_with(&**suffix),
        }
    }
}

/// A condition on both names: both must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pair {
    pub(super) namespace: NameMatch,
    pub(super) account: NameMatch,
}

impl Pair {
    /// `None` when no identity of the trust domain can match.
    pub(super) fn of_principal(wanted: &StringMatch, trust_domain: &str) -> Option<Self> {
        let (namespace, account) = match wanted {
            StringMatch::Presence => (NameMatch::Any, NameMatch::Any),
            StringMatch::Exact(exact) => exact_principal(exact, trust_domain)?,
            StringMatch::Prefix(prefix) => prefix_of_principal(prefix, trust_domain)?,
            StringMatch::Suffix(suffix) => suffix_of_principal(suffix, trust_domain)?,
        };
        Some(Self { namespace, account })
    }

    pub(super) fn of_namespace(wanted: &StringMatch) -> Option<Self> {
        let namespace = match wanted {
            StringMatch::Presence => NameMatch::Any,
            StringMatch::Exact(exact) => NameMatch::Exact(name(exact)?),
            StringMatch::Prefix(prefix) => NameMatch::Prefix(name(prefix)?),
            StringMatch::Suffix(suffix) => NameMatch::Suffix(name(suffix)?),
        };
        Some(Self { namespace, account: NameMatch::Any })
    }

    pub(super) fn of_account(wanted: &ServiceAccountMatch) -> Option<Self> {
        Some(Self {
            namespace: NameMatch::Exact(name(wanted.namespace.as_str())?),
            account: NameMatch::Exact(name(wanted.service_account.as_str())?),
        })
    }

    pub(super) fn matches(&self, identity: &Identity) -> bool {
        self.namespace.matches(identity.namespace.as_str())
            && self.account.matches(identity.service_account.as_str())
    }

    /// The identity, when the condition names one in full.
    pub(super) fn whole(&self, trust_domain: &TrustDomain) -> Option<Identity> {
        match (&self.namespace, &self.account) {
            (NameMatch::Exact(namespace), NameMatch::Exact(account)) => {
                let namespace = Namespace::from(namespace.clone());
                let account = ServiceAccount::from(account.clone());
                Some(Identity::new(trust_domain.clone(), namespace, account))
            }
            _ => None,
        }
    }

    /// The condition on the namespace, unless the identity is named in full: then it divides no group.
    pub(super) fn namespace_alone(&self) -> Option<&NameMatch> {
        (!self.is_whole()).then_some(&self.namespace)
    }

    /// The condition on the account, unless the identity is named in full.
    pub(super) fn account_alone(&self) -> Option<&NameMatch> {
        (!self.is_whole()).then_some(&self.account)
    }

    fn is_whole(&self) -> bool {
        matches!((&self.namespace, &self.account), (NameMatch::Exact(_), NameMatch::Exact(_)))
    }
}

/// A name, or a part of one: not empty, without a slash.
fn name(text: &str) -> Option<Name> {
    (!text.is_empty() && !text.contains('/')).then(|| text.into())
}

fn exact_principal(exact: &str, trust_domain: &str) -> Option<(NameMatch, NameMatch)> {
    let (namespace, account) = names_in(exact, trust_domain)?;
    Some((NameMatch::Exact(name(namespace)?), NameMatch::Exact(name(account)?)))
}

/// The namespace and the account of a principal that is written in full.
pub(super) fn names_in<'a>(principal: &'a str, trust_domain: &str) -> Option<(&'a str, &'a str)> {
    let names = principal.strip_prefix(trust_domain)?.strip_prefix("/ns/")?;
    let (namespace, rest) = names.split_once('/')?;
    Some((namespace, rest.strip_prefix("sa/")?))
}

/// Where in `<trust domain>/ns/<namespace>/sa/<account>` the prefix ends decides what it says.
fn prefix_of_principal(prefix: &str, trust_domain: &str) -> Option<(NameMatch, NameMatch)> {
    let before = format!("{trust_domain}/ns/");
    if before.starts_with(prefix) {
        return Some((NameMatch::Any, NameMatch::Any));
    }
    let rest = prefix.strip_prefix(&before)?;
    let Some((namespace, rest)) = rest.split_once('/') else {
        return Some((NameMatch::Prefix(name(rest)?), NameMatch::Any));
    };
    let namespace = NameMatch::Exact(name(namespace)?);
    if "sa/".starts_with(rest) {
        return Some((namespace, NameMatch::Any));
    }
    Some((namespace, NameMatch::Prefix(name(rest.strip_prefix("sa/")?)?)))
}

/// Where in `<trust domain>/ns/<namespace>/sa/<account>` the suffix begins decides what it says.
fn suffix_of_principal(suffix: &str, trust_domain: &str) -> Option<(NameMatch, NameMatch)> {
    let Some((rest, account)) = suffix.rsplit_once('/') else {
        return Some((NameMatch::Any, NameMatch::Suffix(name(suffix)?)));
    };
    let account = NameMatch::Exact(name(account)?);
    if "sa".ends_with(rest) {
        return Some((NameMatch::Any, account));
    }
    let rest = rest.strip_suffix("/sa")?;
    let Some((rest, namespace)) = rest.rsplit_once('/') else {
        let namespace = if rest.is_empty() { NameMatch::Any } else { NameMatch::Suffix(name(rest)?) };
        return Some((namespace, account));
    };
    let is_before = format!("{trust_domain}/ns").ends_with(rest);
    is_before.then_some((NameMatch::Exact(name(namespace)?), account))
}

/// A group of names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    /// One name, by its position among those that are given in full.
    Exact(usize),
    /// Names with these as the longest given prefix and suffix, by their positions.
    Region { prefix: Option<usize>, suffix: Option<usize> },
}

/// The groups of names that some conditions cannot tell apart.
#[derive(Clone, Debug, Default)]
pub(super) struct NameCells {
    exact: Vec<Name>,
    prefixes: Vec<Name>,
    suffixes: Vec<Name>,
    cells: Vec<Cell>,
}

impl NameCells {
    pub(super) fn new<'a>(conditions: impl Iterator<Item = &'a NameMatch>) -> Self {
        let mut this = Self::default();
        for condition in conditions {
            match condition {
                NameMatch::Any => {}
                NameMatch::Exact(name) => this.exact.push(name.clone()),
                NameMatch::Prefix(prefix) => this.prefixes.push(prefix.clone()),
                NameMatch::Suffix(suffix) => this.suffixes.push(suffix.clone()),
            }
        }
        for list in [&mut this.exact, &mut this.prefixes, &mut this.suffixes] {
            list.sort();
            list.dedup();
        }
        let positions = |list: &[Name]| std::iter::once(None).chain((0..list.len()).map(Some));
        this.cells = (0..this.exact.len()).map(Cell::Exact).collect();
        for prefix in positions(&this.prefixes) {
            this.cells.extend(positions(&this.suffixes).map(|suffix| Cell::Region { prefix, suffix }));
        }
        this
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The name of a cell that is one name.
    pub(super) fn exact(&self, cell: Cell) -> Option<Name> {
        match cell {
            Cell::Exact(at) => self.exact.get(at).cloned(),
            Cell::Region { .. } => None,
        }
    }

    /// The name of a cell that is one name, by the position of the cell.
    pub(super) fn name_of(&self, cell: usize) -> Option<&str> {
        match self.cells.get(cell)? {
            Cell::Exact(at) => self.exact.get(*at).map(|name| &**name),
            Cell::Region { .. } => None,
        }
    }

    /// The cell of a name.
    pub(super) fn cell_of(&self, name: &str) -> usize {
        if let Ok(at) = self.exact.binary_search_by(|exact| (**exact).cmp(name)) {
            return at;
        }
        let longest = |list: &[Name], fits: fn(&str, &str) -> bool| {
            let fitting = list.iter().enumerate().filter(|(_, part)| fits(name, part));
            fitting.max_by_key(|(_, part)| part.len()).map(|(at, _)| at + 1)
        };
        let prefix = longest(&self.prefixes, |name, part| name.starts_with(part)).unwrap_or_default();
        let suffix = longest(&self.suffixes, |name, part| name.ends_with(part)).unwrap_or_default();
        self.exact.len() + prefix * (self.suffixes.len() + 1) + suffix
    }

    /// For each cell whether its names match.
    pub(super) fn select(&self, wanted: &NameMatch) -> Vec<bool> {
        self.cells.iter().map(|cell| self.matches(*cell, wanted)).collect()
    }

    /// A region matches a prefix when its own longest one begins with it: were there names with the wanted
    /// prefix in another region, their longest given prefix would be at least the wanted one.
    fn matches(&self, cell: Cell, wanted: &NameMatch) -> bool {
        let part = |list: &[Name], at: Option<usize>| at.and_then(|at| list.get(at).cloned());
        match (cell, wanted) {
            (_, NameMatch::Any) => true,
            (Cell::Exact(at), wanted) => self.exact.get(at).is_some_and(|name| wanted.matches(name)),
            (Cell::Region { .. }, NameMatch::Exact(_)) => false,
            (Cell::Region { prefix, .. }, NameMatch::Prefix(wanted)) => {
                part(&self.prefixes, prefix).is_some_and(|own| own.starts_with(&**wanted))
            }
            (Cell::Region { suffix, .. }, NameMatch::Suffix(wanted)) => {
                part(&self.suffixes, suffix).is_some_and(|own| own.ends_with(&**wanted))
            }
        }
    }

    fn label(&self, at: usize) -> String {
        let part = |list: &[Name], at: Option<usize>| at.and_then(|at| list.get(at)).map(ToString::to_string);
        match self.cells.get(at) {
            Some(Cell::Exact(at)) => part(&self.exact, Some(*at)).unwrap_or_default(),
            Some(Cell::Region { prefix, suffix }) => {
                let (prefix, suffix) = (part(&self.prefixes, *prefix), part(&self.suffixes, *suffix));
                format!("{}*{}", prefix.unwrap_or_default(), suffix.unwrap_or_default())
            }
            None => "*".to_owned(),
        }
    }
}

/// How a group of other identities is described: `*` in a name stands for whatever no other row describes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellLabel {
    /// The namespace: a name, or a pattern.
    pub namespace: String,
    /// The account: a name, or a pattern.
    pub account: String,
}

impl CellLabel {
    pub(super) fn new(
        namespaces: &NameCells,
        namespace: usize,
        accounts: &NameCells,
        account: usize,
    ) -> Self {
        Self { namespace: namespaces.label(namespace), account: accounts.label(account) }
    }

    /// Whether it describes everything that nothing else describes.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.namespace == "*" && self.account == "*"
    }
}
