//! Names that nobody can read, and that mean the same to every rule.
//!
//! A text is hashed word by word, a word being letters and digits without anything between them. One word gets one
//! hash wherever it stands, two words get two, and what stands between words stays: so `shop-7d9f-x2` is still of
//! `shop-7d9f`, `ns/shop/sa/web` still says what it said, and `team-*` still matches. Digits stay, and so do
//! addresses, the words of Kubernetes and Istio ([`words`]) and the revisions of istiod, whose order decides.
//!
//! A wildcard that ends *inside* a word (`pay*`) would match nothing any more. The words that it matches stay as
//! they are, everywhere, and no hash begins (or ends) as it does: so it matches what it matched and nothing else.
//! Such wildcards are told.
//!
//! The hash is SipHash with the random key of [`RandomState`], made for one bundle and kept nowhere: whoever has a
//! guess for a word cannot try it, and two bundles cannot be compared. It need not withstand more: it gives no way
//! to ask for the hash of another word. That two words never share a hash is seen to here.

#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use crate::snapshot::{ISTIOD_REVISION, Resource};

use super::Contents;
use super::keep::{Texts, items};
use super::paths::Text;

/// The words of one bundle and their hashes.
#[derive(Default)]
pub(super) struct Redactor {
    key: RandomState,
    hashes: HashMap<String, String>,
    taken: HashSet<String>,
    /// Words of istiod's revisions.
    revisions: HashSet<String>,
    wildcards: Wildcards,
    /// Words for which no hash could be found.
    given_up: BTreeSet<String>,
}

/// Wildcards that end inside a word.
#[derive(Default)]
struct Wildcards {
    /// How words begin.
    starts: HashSet<String>,
    /// How words end.
    ends: HashSet<String>,
    /// As they are written.
    written: BTreeSet<String>,
}

impl Texts for Wildcards {
    fn text<'t>(&mut self, text: &'t str, what: Text) -> Cow<'t, str> {
        if what == Text::Names && text.contains('*') {
            self.learn(text);
        }
        text.into()
    }
}

impl Wildcards {
    /// Whatever stands beside a star may be half a word, also where the star is no wildcard.
    fn learn(&mut self, text: &str) {
        let is_word = |c: &char| c.is_alphanumeric();
        for (at, _) in text.match_indices('*') {
            let (before, after) =
                (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            let after: String = after.chars().take_while(is_word).collect();
            let before: String = before.chars().rev().take_while(is_word).collect();
            let before: String = before.chars().rev().collect();
            if !(before.is_empty() && after.is_empty()) {
                self.written.insert(text.to_owned());
            }
            self.starts.extend(Some(before).filter(|word| !word.is_empty()));
            self.ends.extend(Some(after).filter(|word| !word.is_empty()));
        }
    }

    fn match_word(&self, word: &str) -> bool {
        let mut cuts = word.char_indices().map(|(at, _)| at).chain([word.len()]);
        cuts.any(|at| {
            let is_among =
                |of: &HashSet<String>, part: Option<&str>| part.is_some_and(|part| of.contains(part));
            is_among(&self.starts, word.get(..at)) || is_among(&self.ends, word.get(at..))
        })
    }
}

impl Redactor {
    /// Looks at everything that is to be hashed: what must stay is known before the first hash is given.
    pub(super) fn learn(contents: &Contents) -> Result<Self, String> {
        let mut redactor = Self::default();
        for list in &contents.lists {
            let Some(resource) = Resource::named(&list.resource) else { continue };
            items(resource, &list.text, &mut redactor.wildcards)?;
        }
        let objects = contents.objects();
        let pods = objects.pods.iter().map(|pod| &pod.spec.spec);
        let templates = objects.templates.iter().map(|object| &object.spec.template.spec);
        let variables = pods.chain(templates).flat_map(|spec| &spec.containers).flat_map(|c| &c.env);
        for variable in variables.filter(|variable| &*variable.name == ISTIOD_REVISION) {
            let revision = variable.value.as_deref().unwrap_or_default();
            redactor.revisions.extend(parts(revision).filter(|part| is_word(part)).map(str::to_owned));
        }
        Ok(redactor)
    }

    /// The wildcards because of which words could not be hidden.
    pub(super) fn unhidden(self) -> Vec<String> {
        self.wildcards.written.into_iter().chain(self.given_up).collect()
    }

    fn words(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() * 2);
        for part in parts(text) {
            if is_word(part) && !self.stays(part) {
                out.push_str(&self.hash(part));
            } else {
                out.push_str(part);
            }
        }
        out
    }

    fn stays(&self, word: &str) -> bool {
        word.bytes().all(|byte| byte.is_ascii_digit())
            || words::is_known(word)
            || self.revisions.contains(word)
            || self.wildcards.match_word(word)
    }

    /// The hash of a word: none that another word has, or that a rule could take for something else.
    fn hash(&mut self, word: &str) -> String {
        const ATTEMPTS: u32 = 1_000;
        if let Some(hash) = self.hashes.get(word) {
            return hash.clone();
        }
        let free = |hash: &String| !self.taken.contains(hash) && !self.stays(hash);
        let found = (0..ATTEMPTS).map(|attempt| spelt(self.key.hash_one((word, attempt)))).find(free);
        let hash = found.unwrap_or_else(|| {
            self.given_up.insert(word.to_owned());
            word.to_owned()
        });
        self.taken.insert(hash.clone());
        self.hashes.insert(word.to_owned(), hash.clone());
        hash
    }

    /// A key of Kubernetes or Istio stays, but for what people write behind `node-role.kubernetes.io/`.
    fn label_key(&mut self, key: &str) -> String {
        match key.rsplit_once('/') {
            Some((domain @ "node-role.kubernetes.io", role)) => format!("{domain}/{}", self.words(role)),
            Some((domain, _)) if words::is_domain(domain) => key.to_owned(),
            _ => self.words(key),
        }
    }
}

impl Texts for Redactor {
    fn text<'t>(&mut self, text: &'t str, what: Text) -> Cow<'t, str> {
        match what {
            Text::Fixed => text.into(),
            Text::LabelKey => self.label_key(text).into(),
            _ if is_address(text) => text.into(),
            _ => match text.split_once('%') {
                Some((address, zone)) if is_address(address) => {
                    format!("{address}%{}", self.words(zone)).into()
                }
                _ => self.words(text).into(),
            },
        }
    }
}

/// The words of a text and what stands between them, alternating.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != first).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

fn is_word(part: &str) -> bool {
    part.starts_with(char::is_alphanumeric)
}

/// Eight letters and digits of which the first is a letter: no number, and no part of an address.
fn spelt(hash: u64) -> String {
    const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    const ALL: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let of = |letters: &[u8], shift: u32| {
        let at = (hash >> shift) % letters.len() as u64;
        letters.get(usize::try_from(at).unwrap_or_default()).copied().map(char::from)
    };
    let others = (0..7).map(|at| of(ALL, 5 * at));
    std::iter::once(of(LETTERS, 40)).chain(others).flatten().collect()
}

/// An address or a block, and nothing behind it.
fn is_address(text: &str) -> bool {
    if let Some((address, length)) = text.split_once('/') {
        return address.parse::<IpAddr>().is_ok() && length.parse::<u8>().is_ok();
    }
    text.parse::<IpAddr>().is_ok()
}
