//! Comparisons of Envoy with an identity in the words of ztunnel's rules, for identities of the mesh's own form.
//!
//! An identity is `spiffe://<trust domain>/ns/<namespace>/sa/<account>`, no name with a slash. For such the expression
//! `.*/ns/G/.*` holds if G fits the namespace, or `<namespace>/sa`, or, in the namespace `ns`, `sa` (`/ns/ns/sa/` has
//! two places to begin).

use crate::model::Name;
use crate::policy::envoy::identity::IdentityMatch;
use crate::policy::fold::Domain;
use crate::policy::ir::{ServiceAccountMatch, StringMatch};

use super::{Split, Word};

/// Who matches; of identities of other trust domains it is open.
pub(super) fn identity<D: Domain>(domain: &D, trust_domain: &str, wanted: &IdentityMatch) -> Split<D::Set> {
    let own = match wanted {
        IdentityMatch::Any => {
            let holds = domain.or(domain.identities(), &domain.foreign());
            return Split { holds, depends: domain.none() };
        }
        IdentityMatch::TrustDomain(_) => {
            let matches = wanted.matches(&format!("spiffe://{trust_domain}/ns/n/sa/a"));
            Some(if matches { domain.identities() } else { domain.none() })
        }
        IdentityMatch::Namespace(glob) => namespace(domain, glob),
        IdentityMatch::Principal(_)
        | IdentityMatch::PrincipalPrefix(_)
        | IdentityMatch::PrincipalSuffix(_)
        | IdentityMatch::ServiceAccount { .. } => Some(any(domain, &words(wanted))),
    };
    let foreign = domain.foreign();
    match own {
        Some(own) => {
            let holds = domain.and(own, &domain.identities());
            Split { holds, depends: foreign }
        }
        None => Split { holds: domain.none(), depends: domain.or(domain.identities(), &foreign) },
    }
}

fn any<D: Domain>(domain: &D, words: &[Word]) -> D::Set {
    words.iter().fold(domain.none(), |found, word| {
        let of_word = match word {
            Word::Namespace(wanted) => domain.namespace(wanted),
            Word::ServiceAccount(wanted) => domain.service_account(wanted),
            Word::Principal(wanted) => domain.principal(wanted),
        };
        domain.or(found, &of_word)
    })
}

/// The words that a domain must be able to tell apart.
pub(super) fn words(wanted: &IdentityMatch) -> Vec<Word> {
    match wanted {
        IdentityMatch::Any | IdentityMatch::TrustDomain(_) => Vec::new(),
        IdentityMatch::Principal(exact) => vec![Word::Principal(StringMatch::Exact(exact.clone()))],
        IdentityMatch::PrincipalPrefix(prefix) => vec![Word::Principal(StringMatch::Prefix(prefix.clone()))],
        IdentityMatch::PrincipalSuffix(suffix) => vec![Word::Principal(StringMatch::Suffix(suffix.clone()))],
        IdentityMatch::ServiceAccount { namespace, account } => {
            vec![Word::ServiceAccount(ServiceAccountMatch {
                namespace: namespace.clone().into(),
                service_account: account.clone().into(),
            })]
        }
        IdentityMatch::Namespace(glob) => {
            let names = Globbed::new(glob).into_iter().flat_map(Globbed::matches);
            names.map(Word::Namespace).collect()
        }
    }
}

/// The namespaces that fit; `None` when they cannot be said so.
fn namespace<D: Domain>(domain: &D, glob: &str) -> Option<D::Set> {
    let of = |wanted: &StringMatch| domain.namespace(wanted);
    let globbed = Globbed::new(glob)?;
    let mut set = globbed.any_of.iter().fold(domain.none(), |found, one| domain.or(found, &of(one)));
    if let Some((prefix, suffix)) = &globbed.between {
        let both =
            domain.and(of(&StringMatch::Prefix(prefix.clone())), &of(&StringMatch::Suffix(suffix.clone())));
        let short = overlaps(prefix, suffix).into_iter();
        let both = short.fold(both, |both, name| domain.without(both, &of(&StringMatch::Exact(name))));
        set = domain.or(set, &both);
    }
    Some(set)
}

/// A value of `namespaces` as conditions on the namespace alone.
struct Globbed {
    /// Any of these,
    any_of: Vec<StringMatch>,
    /// or what begins and ends so, the two not overlapping.
    between: Option<(Name, Name)>,
}

impl Globbed {
    fn new(glob: &str) -> Option<Self> {
        let mut parts = glob.split('*');
        let (prefix, suffix) = (parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() || glob.contains('/') {
            return None;
        }
        // `/ns/ns/sa/`
        let of_ns =
            IdentityMatch::Namespace(glob.into()).matches("/ns/sa/").then(|| StringMatch::Exact("ns".into()));
        let Some(suffix) = suffix else {
            let exact = StringMatch::Exact(prefix.into());
            return Some(Self { any_of: std::iter::once(exact).chain(of_ns).collect(), between: None });
        };
        // `<namespace>/sa` ends with it.
        let within_sa = suffix.is_empty() || "sa".ends_with(suffix);
        let (alone, between) = match (prefix, suffix) {
            ("", _) if within_sa => (Some(StringMatch::Presence), None),
            (prefix, _) if within_sa => (Some(StringMatch::Prefix(prefix.into())), None),
            ("", suffix) => (Some(StringMatch::Suffix(suffix.into())), None),
            (prefix, suffix) => (None, Some((prefix.into(), suffix.into()))),
        };
        Some(Self { any_of: alone.into_iter().chain(of_ns).collect(), between })
    }

    /// Everything that it looks at.
    fn matches(self) -> Vec<StringMatch> {
        let mut matches = self.any_of;
        if let Some((prefix, suffix)) = self.between {
            matches.extend(overlaps(&prefix, &suffix).into_iter().map(StringMatch::Exact));
            matches.extend([StringMatch::Prefix(prefix), StringMatch::Suffix(suffix)]);
        }
        matches
    }
}

/// Names that begin with the one and end with the other, but are shorter than both together.
fn overlaps(prefix: &str, suffix: &str) -> Vec<Name> {
    let shared = suffix.char_indices().map(|(at, c)| at + c.len_utf8());
    let shared = shared.filter_map(|end| {
        let (head, tail) = (suffix.get(..end)?, suffix.get(end..)?);
        prefix.ends_with(head).then(|| format!("{prefix}{tail}").into())
    });
    shared.collect()
}
