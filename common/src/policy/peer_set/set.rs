//! A set of atoms as bits. Which peers an atom stands for only its universe knows.

use crate::policy::bits;

/// Peers, by their atoms.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PeerSet(Box<[u64]>);

impl PeerSet {
    /// No peer, of so many atoms.
    pub(super) fn new(atoms: usize) -> Self {
        Self(vec![0; atoms.div_ceil(64)].into())
    }

    pub(super) fn has(&self, bit: usize) -> bool {
        bits::has(&self.0, bit)
    }

    /// Sets `count` bits from `first`, a word at a time.
    pub(super) fn fill(&mut self, first: usize, count: usize) {
        let end = first + count;
        let mut bit = first;
        while bit < end {
            let in_word = (64 - bit % 64).min(end - bit);
            if let Some(word) = self.0.get_mut(bit / 64) {
                *word |= (u64::MAX >> (64 - in_word)) << (bit % 64);
            }
            bit += in_word;
        }
    }

    /// Sets the bits of these words, the lowest of the first at a position.
    pub(super) fn add_words(&mut self, first: usize, words: &[u64]) {
        let (at, shift) = (first / 64, first % 64);
        for (index, word) in words.iter().enumerate() {
            if let Some(low) = self.0.get_mut(at + index) {
                *low |= word << shift;
            }
            if shift > 0
                && let Some(high) = self.0.get_mut(at + index + 1)
            {
                *high |= word >> (64 - shift);
            }
        }
    }

    pub(super) fn zip(mut self, other: &Self, combine: fn(u64, u64) -> u64) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = combine(*a, *b);
        }
        self
    }

    /// The atoms: a row times the number of ranges, plus the range.
    pub fn atoms(&self) -> impl Iterator<Item = usize> + '_ {
        bits::ones(&self.0)
    }

    /// How many atoms there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}
