//! Sets of peers, canonical: two sets of one universe are the same peers exactly when they are equal values.
//!
//! There are endlessly many peers (any identity, from any address), but the policies of one workload can tell
//! only few of them apart. A [`Universe`] cuts the peers into *atoms* that no condition of these policies
//! divides; a [`PeerSet`] is one bit for each atom. And, or and not are operations on machine words, and
//! canonical form comes for free, because atoms are disjoint, not empty, and together everyone.
//!
//! An atom is a *who* and a *where*:
//!
//! - Who is one of: an identity that something runs as, with a class of its pods that policies of the network
//!   cannot tell apart (`senders`); an identity that a policy names in full and nothing runs as; a group of all
//!   other identities of the mesh's trust domain that no condition divides (`names`); no identity, with a class of
//!   pods, or a pod that does not run, or no pod; any identity of another trust domain, which no captured workload
//!   ever lets in.
//! - Where is a range of addresses that no block of these policies divides ([`blocks`]). Without any rule
//!   about addresses there is one range.
//!
//! Nothing here knows a gate or a verdict. Conditions on strings become conditions on the two names of an
//! identity because neither can hold a slash (ztunnel's `Identity::from_str` splits at them).

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::model::{Identity, Peer, Sender};

use super::ir::{Block, Match, StringMatch};
use super::network::{ClassSet, EndKind, PodClass};

pub mod blocks;
mod domain;
mod names;
mod senders;
mod set;
mod table;

use blocks::Blocks;
use names::{NameCells, Pair};

pub use names::CellLabel;
pub use senders::Senders;
pub use set::PeerSet;
pub use table::IdentityTable;

/// Whether a principal may be the text of an identity of a trust domain.
#[must_use]
pub fn may_match(principal: &StringMatch, trust_domain: &str) -> bool {
    Pair::of_principal(principal, trust_domain).is_some()
}

/// Whom a row of the universe stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// An identity that something runs as, by its position in the table, and some of its pods.
    Running(usize),
    /// An identity that policies name and nothing runs as.
    Named(Identity),
    /// All other identities of the mesh's trust domain that share this description.
    Others(CellLabel),
    /// No identity.
    Plaintext,
    /// Any identity of another trust domain.
    Foreign,
}

/// The atoms that some policies can tell apart.
#[derive(Clone, Debug)]
pub struct Universe {
    senders: Arc<Senders>,
    named: Vec<Identity>,
    namespaces: NameCells,
    accounts: NameCells,
    /// Groups of other identities: a cell of namespaces and a cell of accounts.
    others: Vec<(usize, usize)>,
    blocks: Blocks,
}

/// All peers, asked about one address and port of the destination.
#[derive(Clone, Copy, Debug)]
pub struct AllPeers<'a> {
    /// The atoms.
    pub universe: &'a Universe,
    /// The destination's address, for rules about it.
    pub destination: Option<IpAddr>,
    /// Its port; `None` is one that no policy names.
    pub port: Option<u16>,
}

/// Groups of names, and atoms, beyond which a list would take too long: conditions on namespaces and on accounts
/// multiply, and so do ranges of addresses and identities.
const MOST_GROUPS: usize = 20_000;
const MOST_ATOMS: usize = 4_000_000;

/// Bytes that the sets of one division may take.
const MOST_BYTES: usize = 128 << 20;

impl Universe {
    /// Cuts the peers as these conditions can tell them apart, and these blocks of addresses; `None` when there would
    /// be too many parts.
    #[must_use]
    pub fn new<'a>(
        senders: &Arc<Senders>,
        matches: impl Iterator<Item = &'a Match>,
        blocks: impl Iterator<Item = Block>,
    ) -> Option<Self> {
        let table = senders.table();
        let mut pairs = Vec::new();
        let mut source_blocks: Vec<Block> = blocks.collect();
        for one in matches {
            collect_names(one, table, &mut pairs);
            source_blocks.extend(one.source_ips.items().copied());
        }
        let namespaces = NameCells::new(pairs.iter().filter_map(Pair::namespace_alone));
        let accounts = NameCells::new(pairs.iter().filter_map(Pair::account_alone));
        let blocks = Blocks::new(&source_blocks);
        let groups = namespaces.cells().len().saturating_mul(accounts.cells().len());
        let running = senders.pair_count().saturating_add(senders.classes().len());
        let rows = groups.saturating_add(pairs.len()).saturating_add(running);
        if groups > MOST_GROUPS || rows.saturating_mul(blocks.len()) > MOST_ATOMS {
            return None;
        }
        let mut named: Vec<Identity> =
            pairs.iter().filter_map(|pair| pair.whole(table.trust_domain())).collect();
        let mut others = Vec::new();
        for (namespace, namespace_cell) in namespaces.cells().iter().enumerate() {
            for (account, account_cell) in accounts.cells().iter().enumerate() {
                match (namespaces.exact(*namespace_cell), accounts.exact(*account_cell)) {
                    // Both names are given: that is one identity, not a group.
                    (Some(n), Some(a)) => named.push(Identity::new(table.trust_domain().clone(), n, a)),
                    _ => others.push((namespace, account)),
                }
            }
        }
        named.retain(|identity| table.position(identity).is_none());
        named.sort();
        named.dedup();
        Some(Self { senders: senders.clone(), named, namespaces, accounts, others, blocks })
    }

    /// Tells nothing apart but who runs.
    #[must_use]
    pub fn coarse(senders: &Arc<Senders>) -> Self {
        let none = || NameCells::new(std::iter::empty());
        let (namespaces, accounts) = (none(), none());
        let (named, others) = (Vec::new(), vec![(0, 0)]);
        Self { senders: senders.clone(), named, namespaces, accounts, others, blocks: Blocks::new(&[]) }
    }

    /// Whether so many sets are too many to go on.
    pub(super) fn exceeds(&self, sets: usize) -> bool {
        let bytes = (self.row_count() * self.blocks.len()).div_ceil(8);
        sets.saturating_mul(bytes.max(256)) > MOST_BYTES
    }

    /// The identities that something runs as.
    #[must_use]
    pub fn table(&self) -> &IdentityTable {
        self.senders.table()
    }

    /// The ranges of addresses.
    #[must_use]
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Whom each row stands for, in their order: first those that run and arrive with their identity.
    pub fn rows(&self) -> impl Iterator<Item = Who> {
        let running = (0..self.senders.pair_count())
            .filter_map(|at| self.senders.pair(at).map(|(identity, _)| Who::Running(identity)));
        let named = self.named.iter().cloned().map(Who::Named);
        let others = self.others.iter().map(|(namespace, account)| {
            Who::Others(CellLabel::new(&self.namespaces, *namespace, &self.accounts, *account))
        });
        let plaintext = self.plaintext_rows().map(|_| Who::Plaintext);
        running.chain(named).chain(others).chain(plaintext).chain([Who::Foreign])
    }

    /// How many of the rows are about what runs and arrives with its identity.
    #[must_use]
    pub fn running_count(&self) -> usize {
        self.senders.pair_count()
    }

    /// The row of an identity and a class of its pods.
    pub(super) fn row_of_pods(&self, identity: &Identity, class: PodClass) -> Option<usize> {
        self.senders.position(identity, class)
    }

    /// The rows of an identity that something runs as, by its position in the table.
    pub(super) fn rows_of(&self, identity: usize) -> Range<usize> {
        self.senders.pairs_of(identity)
    }

    /// The row of the plaintext of a class of pods.
    pub(super) fn plaintext_of(&self, class: PodClass) -> usize {
        self.first_plaintext_row() + class.position()
    }

    /// The row of the plaintext of pods that do not run.
    pub(super) fn plaintext_of_unrun(&self) -> usize {
        self.first_plaintext_row() + self.senders.classes().len()
    }

    /// The row of the plaintext of what is no pod.
    pub(super) fn plaintext_of_addresses(&self) -> usize {
        self.plaintext_of_unrun() + 1
    }

    fn first_plaintext_row(&self) -> usize {
        self.senders.pair_count() + self.named.len() + self.others.len()
    }

    fn plaintext_rows(&self) -> Range<usize> {
        self.first_plaintext_row()..self.foreign_row()
    }

    fn foreign_row(&self) -> usize {
        self.plaintext_of_addresses() + 1
    }

    /// How many rows there are.
    pub(super) fn row_count(&self) -> usize {
        self.foreign_row() + 1
    }

    /// What a row is to the network.
    fn end(&self, row: usize) -> EndKind<'_> {
        if let Some((_, kind)) = self.senders.pair(row) {
            return kind;
        }
        let row = row - self.senders.pair_count();
        if let Some(identity) = self.named.get(row) {
            return EndKind::Unrun(Some(identity.namespace.as_str()));
        }
        let row = row - self.named.len();
        if let Some((namespace, _)) = self.others.get(row) {
            return EndKind::Unrun(self.namespaces.name_of(*namespace));
        }
        match row - self.others.len() {
            class if class < self.senders.classes().len() => {
                self.senders.classes().get(class).copied().unwrap_or(EndKind::Address)
            }
            class if class == self.senders.classes().len() => EndKind::Unrun(None),
            _ => EndKind::Address,
        }
    }

    /// The ranges of addresses from which a row's peers are in the set.
    #[must_use]
    pub fn blocks_of(&self, set: &PeerSet, row: usize) -> Vec<usize> {
        let first = row * self.blocks.len();
        (0..self.blocks.len()).filter(|block| set.has(first + block)).collect()
    }

    /// Whether a peer is in the set. `None` when that depends on an address that is not known, or on which of the
    /// pods that run as it the peer is.
    #[must_use]
    pub fn contains(&self, set: &PeerSet, peer: &Peer) -> Option<bool> {
        let first = self.row_of(peer)? * self.blocks.len();
        match peer.address {
            Some(address) => Some(set.has(first + self.blocks.position(address))),
            None => {
                let mut all = (0..self.blocks.len()).map(|block| set.has(first + block));
                let here = all.next().unwrap_or_default();
                all.all(|other| other == here).then_some(here)
            }
        }
    }

    /// The row of a peer; `None` for an identity that something runs as without a pod that does.
    #[must_use]
    pub fn row_of(&self, peer: &Peer) -> Option<usize> {
        let class = match peer.sender {
            Sender::Workload(index) | Sender::Itself(index) => self.senders.class_of(index),
            Sender::Node(_) | Sender::Unread => None,
        };
        let Some(identity) = &peer.identity else {
            return Some(
                class.map_or_else(|| self.plaintext_of_addresses(), |class| self.plaintext_of(class)),
            );
        };
        if identity.trust_domain != *self.table().trust_domain() {
            return Some(self.foreign_row());
        }
        if self.table().position(identity).is_some() {
            return self.row_of_pods(identity, class?);
        }
        if let Ok(position) = self.named.binary_search(identity) {
            return Some(self.senders.pair_count() + position);
        }
        let namespace = self.namespaces.cell_of(identity.namespace.as_str());
        let account = self.accounts.cell_of(identity.service_account.as_str());
        let group = self.others.binary_search(&(namespace, account)).unwrap_or_default();
        Some(self.senders.pair_count() + self.named.len() + group)
    }

    fn empty(&self) -> PeerSet {
        PeerSet::new(self.row_count() * self.blocks.len())
    }

    /// The peers of neighbouring rows.
    fn of_range(&self, rows: Range<usize>) -> PeerSet {
        let mut set = self.empty();
        set.fill(rows.start * self.blocks.len(), rows.len() * self.blocks.len());
        set
    }

    fn of_rows(&self, rows: impl IntoIterator<Item = usize>) -> PeerSet {
        let mut set = self.empty();
        for row in rows {
            set.fill(row * self.blocks.len(), self.blocks.len());
        }
        set
    }

    /// Identities for which a condition on the two names holds.
    fn identities_where(&self, pair: &Pair, running: impl Iterator<Item = usize>) -> PeerSet {
        let named = self.named.iter().enumerate().filter(|(_, identity)| pair.matches(identity));
        let named = named.map(|(at, _)| self.senders.pair_count() + at);
        let first = self.senders.pair_count() + self.named.len();
        let namespaces = self.namespaces.select(&pair.namespace);
        let accounts = self.accounts.select(&pair.account);
        let chosen = |cells: &[bool], cell: usize| cells.get(cell).copied().unwrap_or_default();
        let others = self.others.iter().enumerate().filter(|(_, (namespace, account))| {
            chosen(&namespaces, *namespace) && chosen(&accounts, *account)
        });
        let running = running.flat_map(|identity| self.rows_of(identity));
        self.of_rows(running.chain(named).chain(others.map(|(at, _)| first + at)))
    }

    fn matching(&self, pair: Option<Pair>) -> PeerSet {
        pair.map_or_else(|| self.empty(), |pair| self.identities_where(&pair, self.table().matching(&pair)))
    }

    /// Gives the pods of each set of classes to its parts.
    fn fill<K>(&self, sets: &[ClassSet], of_sets: &[Vec<Part>], parts: &mut [(PeerSet, K)]) {
        let first = self.first_plaintext_row();
        for (set, of_set) in sets.iter().zip(of_sets) {
            match of_set.as_slice() {
                [(_, part)] if self.blocks.len() == 1 => {
                    let part = parts.get_mut(*part);
                    part.into_iter().for_each(|(peers, _)| peers.add_words(first, set.words()));
                }
                of_set => set.iter().for_each(|class| self.fill_row(first + class, of_set, parts)),
            }
        }
        if self.senders.pair_count() == 0 {
            return;
        }
        let mut of_class: Vec<&[Part]> = vec![&[]; self.senders.classes().len()];
        for (set, of_set) in sets.iter().zip(of_sets) {
            for class in set.iter() {
                of_class.get_mut(class).into_iter().for_each(|of_class| *of_class = of_set);
            }
        }
        for (row, class) in self.senders.pair_classes().enumerate() {
            self.fill_row(row, of_class.get(class.position()).copied().unwrap_or_default(), parts);
        }
    }

    /// Gives a row to its parts.
    fn fill_row<K>(&self, row: usize, of_row: &[Part], parts: &mut [(PeerSet, K)]) {
        for (range, part) in of_row {
            if let Some((set, _)) = parts.get_mut(*part) {
                set.fill(row * self.blocks.len() + range.start, range.len());
            }
        }
    }
}

/// Ranges of addresses, and the part that they belong to.
type Part = (Range<usize>, usize);

/// The conditions of a match on an identity's names. Those that name a running identity divide no group.
fn collect_names(one: &Match, table: &IdentityTable, pairs: &mut Vec<Pair>) {
    let trust_domain = table.trust_domain().as_str();
    let principals = one.principals.items().filter(|wanted| table.named_by(wanted).is_none());
    pairs.extend(principals.filter_map(|wanted| Pair::of_principal(wanted, trust_domain)));
    pairs.extend(one.namespaces.items().filter_map(Pair::of_namespace));
    pairs.extend(one.service_accounts.items().filter_map(Pair::of_account));
}
