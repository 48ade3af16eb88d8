//! What the fold asks, answered with sets.

use std::net::IpAddr;

use crate::policy::fold::Domain;
use crate::policy::ir::{Block, ServiceAccountMatch, StringMatch};
use crate::policy::network::{ClassSet, EndKind, PodClass};
use crate::policy::sets::Sets;

use super::names::Pair;
use super::{AllPeers, Part, PeerSet};

impl Sets for AllPeers<'_> {
    type Set = PeerSet;

    fn all(&self) -> PeerSet {
        self.universe.of_range(0..self.universe.row_count())
    }

    fn none(&self) -> PeerSet {
        self.universe.empty()
    }

    fn and(&self, a: PeerSet, b: &PeerSet) -> PeerSet {
        a.zip(b, |a, b| a & b)
    }

    fn or(&self, a: PeerSet, b: &PeerSet) -> PeerSet {
        a.zip(b, |a, b| a | b)
    }

    fn without(&self, a: PeerSet, b: &PeerSet) -> PeerSet {
        a.zip(b, |a, b| a & !b)
    }

    fn is_none(&self, set: &PeerSet) -> bool {
        set.is_empty()
    }

    fn exceeds(&self, sets: usize) -> bool {
        self.universe.exceeds(sets)
    }
}

impl Domain for AllPeers<'_> {
    fn identities(&self) -> PeerSet {
        self.universe.of_range(0..self.universe.first_plaintext_row())
    }

    fn plaintext(&self) -> PeerSet {
        self.universe.of_range(self.universe.plaintext_rows())
    }

    fn foreign(&self) -> PeerSet {
        self.universe.of_rows([self.universe.foreign_row()])
    }

    fn namespace(&self, wanted: &StringMatch) -> PeerSet {
        let matched = self.universe.matching(Pair::of_namespace(wanted));
        // Without an identity ztunnel compares the empty text, which only an empty value equals.
        if wanted.matches("") { self.or(matched, &self.plaintext()) } else { matched }
    }

    fn service_account(&self, wanted: &ServiceAccountMatch) -> PeerSet {
        self.universe.matching(Pair::of_account(wanted))
    }

    fn principal(&self, wanted: &StringMatch) -> PeerSet {
        if *wanted == StringMatch::Presence {
            return self.identities();
        }
        if let Some(row) = self.universe.table().named_by(wanted) {
            return self.universe.of_rows(self.universe.rows_of(row));
        }
        self.universe.matching(Pair::of_principal(wanted, self.universe.table().trust_domain().as_str()))
    }

    fn source_ip(&self, block: &Block) -> PeerSet {
        let inside = self.universe.blocks.inside(block);
        let mut set = self.none();
        for row in 0..self.universe.row_count() {
            set.fill(row * self.universe.blocks.len() + inside.start, inside.len());
        }
        set
    }

    fn by_sender<K: PartialEq>(
        &self,
        within: &PeerSet,
        addressed: bool,
        alike: impl FnOnce() -> Vec<ClassSet>,
        mut of: impl FnMut(EndKind<'_>, Option<IpAddr>) -> K,
    ) -> Vec<(PeerSet, K)> {
        let blocks = &self.universe.blocks;
        let divide = addressed && blocks.divide();
        let mut parts: Vec<(PeerSet, K)> = Vec::new();
        // The parts of an end, by range of addresses.
        let mut ask = |end: EndKind<'_>, parts: &mut Vec<(PeerSet, K)>| -> Vec<Part> {
            let mut part = |position: usize| {
                let said = of(end, blocks.example(position).filter(|_| divide));
                let same = parts.iter().position(|(_, known)| *known == said);
                same.unwrap_or_else(|| {
                    parts.push((self.none(), said));
                    parts.len() - 1
                })
            };
            if !divide {
                return vec![(0..blocks.len(), part(0))];
            }
            let mut all: Vec<Part> = Vec::new();
            for (position, part) in (0..blocks.len()).map(|position| (position, part(position))) {
                match all.last_mut() {
                    Some((range, last)) if *last == part => range.end = position + 1,
                    _ => all.push((position..position + 1, part)),
                }
            }
            all
        };
        let sets = alike();
        let mut of_sets = Vec::with_capacity(sets.len());
        for set in &sets {
            let any = set.iter().next().map(PodClass::at);
            of_sets.push(any.map(|class| ask(EndKind::Pod(class), &mut parts)).unwrap_or_default());
        }
        self.universe.fill(&sets, &of_sets, &mut parts);
        let rest = parts.iter().fold(within.clone(), |rest, (set, _)| self.without(rest, set));
        let mut last = None;
        for row in rest.atoms().map(|atom| atom / blocks.len()) {
            if last.replace(row) == Some(row) {
                continue;
            }
            let of_row = ask(self.universe.end(row), &mut parts);
            self.universe.fill_row(row, &of_row, &mut parts);
        }
        parts
    }

    fn destination_ip(&self, block: &Block) -> bool {
        !block.is_mapped() && self.destination.is_some_and(|address| block.contains(&address))
    }

    fn destination_port(&self, port: u16) -> bool {
        self.port == Some(port)
    }
}
