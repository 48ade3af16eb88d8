//! What the fold asks, answered with sets.

use crate::policy::fold::Domain;
use crate::policy::ir::{Block, ServiceAccountMatch, StringMatch};

use super::names::Pair;
use super::{AllPeers, PeerSet};

impl Domain for AllPeers<'_> {
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
        set.0.iter().all(|word| *word == 0)
    }

    fn exceeds(&self, sets: usize) -> bool {
        self.universe.exceeds(sets)
    }

    fn identities(&self) -> PeerSet {
        self.universe.of_range(0..self.universe.plaintext_row())
    }

    fn plaintext(&self) -> PeerSet {
        self.universe.of_rows([self.universe.plaintext_row()])
    }

    fn foreign(&self) -> PeerSet {
        self.universe.of_rows([self.universe.plaintext_row() + 1])
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
        if let Some(row) = self.universe.table.named_by(wanted) {
            return self.universe.of_rows([row]);
        }
        self.universe.matching(Pair::of_principal(wanted, self.universe.table.trust_domain().as_str()))
    }

    fn source_ip(&self, block: &Block) -> PeerSet {
        let inside = self.universe.blocks.inside(block);
        let mut set = self.none();
        for row in 0..self.universe.row_count() {
            set.fill(row * self.universe.blocks.len() + inside.start, inside.len());
        }
        set
    }

    fn destination_ip(&self, block: &Block) -> bool {
        !block.is_mapped() && self.destination.is_some_and(|address| block.contains(&address))
    }

    fn destination_port(&self, port: u16) -> bool {
        self.port == Some(port)
    }
}
