//! Ranges of addresses that no block of some policies divides.
//!
//! The bounds of all blocks cut each family into ranges. IPv4 comes first; the families never mix, because no
//! block of one matches an address of the other. Without any block there is one range for all addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::policy::ir::Block;

#[cfg(test)]
mod tests;

/// The ranges, by their first addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocks {
    v4: Vec<u32>,
    v6: Vec<u128>,
    /// Whether there is nothing to tell apart, so that both families are one range.
    one: bool,
}

impl Blocks {
    /// The ranges that these blocks cut the addresses into.
    #[must_use]
    pub fn new(blocks: &[Block]) -> Self {
        let mut v4 = vec![0];
        let mut v6 = vec![0];
        let seen = || blocks.iter().filter(|block| !block.is_mapped());
        for block in seen() {
            match block.net() {
                IpNet::V4(net) => {
                    v4.push(net.network().to_bits());
                    v4.extend(net.broadcast().to_bits().checked_add(1));
                }
                IpNet::V6(net) => {
                    v6.push(net.network().to_bits());
                    v6.extend(net.broadcast().to_bits().checked_add(1));
                }
            }
        }
        v4.sort_unstable();
        v4.dedup();
        v6.sort_unstable();
        v6.dedup();
        Self { v4, v6, one: seen().next().is_none() }
    }

    /// How many ranges there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always a range")]
    pub fn len(&self) -> usize {
        if self.one { 1 } else { self.v4.len() + self.v6.len() }
    }

    /// Whether addresses are told apart at all.
    #[must_use]
    pub fn divide(&self) -> bool {
        !self.one
    }

    /// The range of an address. One that is IPv4-mapped is seen as IPv4.
    #[must_use]
    pub fn position(&self, address: IpAddr) -> usize {
        self.position_of(address.to_canonical())
    }

    fn position_of(&self, address: IpAddr) -> usize {
        if self.one {
            return 0;
        }
        match address {
            IpAddr::V4(address) => {
                self.v4.partition_point(|first| *first <= address.to_bits()).saturating_sub(1)
            }
            IpAddr::V6(address) => {
                let before = self.v6.partition_point(|first| *first <= address.to_bits()).saturating_sub(1);
                self.v4.len() + before
            }
        }
    }

    /// The ranges inside of a block that was given to [`Blocks::new`].
    #[must_use]
    pub fn inside(&self, block: &Block) -> Range<usize> {
        if block.is_mapped() {
            return 0..0;
        }
        let first = self.position_of(block.net().network());
        let last = self.position_of(block.net().broadcast());
        first..last + 1
    }

    /// An address of a range.
    #[must_use]
    pub fn example(&self, position: usize) -> Option<IpAddr> {
        match self.v4.get(position) {
            Some(first) => Some(IpAddr::V4(Ipv4Addr::from_bits(*first))),
            None => {
                self.v6.get(position - self.v4.len()).map(|first| IpAddr::V6(Ipv6Addr::from_bits(*first)))
            }
        }
    }

    /// The fewest blocks that cover these ranges; none when they are everything.
    #[must_use]
    pub fn cover(&self, positions: &[usize]) -> Vec<IpNet> {
        if positions.len() == self.len() {
            return Vec::new();
        }
        let mut nets = Vec::new();
        let mut rest = positions;
        while let Some((first, _)) = rest.split_first() {
            // Neighbours of one family are covered together.
            let joined = rest
                .iter()
                .enumerate()
                .take_while(|(at, position)| {
                    **position == first + at && (**position < self.v4.len()) == (*first < self.v4.len())
                })
                .count();
            nets.extend(self.covering(*first, first + joined));
            rest = rest.get(joined..).unwrap_or_default();
        }
        nets
    }

    /// Blocks from the start of one range up to the start of another, of one family.
    fn covering(&self, first: usize, end: usize) -> Vec<IpNet> {
        if let Some(start) = self.v4.get(first) {
            let last = self.v4.get(end).map_or(u32::MAX, |next| next - 1);
            let subnets = Ipv4Subnets::new(Ipv4Addr::from_bits(*start), Ipv4Addr::from_bits(last), 0);
            return subnets.map(IpNet::V4).collect();
        }
        let (first, end) = (first - self.v4.len(), end - self.v4.len());
        let start = self.v6.get(first).copied().unwrap_or_default();
        let last = self.v6.get(end).map_or(u128::MAX, |next| next - 1);
        let subnets = Ipv6Subnets::new(Ipv6Addr::from_bits(start), Ipv6Addr::from_bits(last), 0);
        subnets.map(IpNet::V6).collect()
    }
}
