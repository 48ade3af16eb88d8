//! The answers of a [`Reach`] by row and range of addresses, found without searching the cells.

use crate::policy::decision::Decision;
use crate::policy::reach::Reach;

use super::depending_on_address;

/// The cell of every atom.
pub(super) struct Answers<'a> {
    reach: &'a Reach,
    cells: Vec<u32>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(reach: &'a Reach) -> Self {
        let rows = reach.universe.row_count();
        let mut cells = vec![0; rows * reach.universe.blocks().len()];
        for (number, cell) in reach.cells.iter().enumerate().skip(1) {
            for atom in cell.peers.atoms() {
                if let Some(place) = cells.get_mut(atom) {
                    *place = u32::try_from(number).unwrap_or(u32::MAX);
                }
            }
        }
        Self { reach, cells }
    }

    /// The cells of a row, by range of addresses.
    pub(super) fn cells_of(&self, row: usize) -> &[u32] {
        let ranges = self.reach.universe.blocks().len();
        self.cells.get(row * ranges..(row + 1) * ranges).unwrap_or_default()
    }

    fn cell(&self, row: usize, position: usize) -> usize {
        let atom = row * self.reach.universe.blocks().len() + position;
        self.cells.get(atom).map_or(0, |cell| *cell as usize)
    }

    fn decision(&self, cell: usize) -> Decision {
        self.reach.cells.get(cell).map(|cell| cell.decision.clone()).unwrap_or_default()
    }

    /// The cell of a row, when it is in one only.
    pub(super) fn only_cell(&self, row: usize) -> Option<usize> {
        let first = self.cell(row, 0);
        (1..self.reach.universe.blocks().len())
            .all(|position| self.cell(row, position) == first)
            .then_some(first)
    }

    /// What a row gets from an address in one of these ranges.
    pub(super) fn at(&self, row: usize, positions: &[usize]) -> Decision {
        let groups = self.group(row, positions.iter().copied());
        if let [(cell, _)] = groups.as_slice() {
            return self.decision(*cell);
        }
        let blocks = self.reach.universe.blocks();
        let answer = |(cell, positions): (usize, Vec<usize>)| {
            let values = blocks.cover(&positions).iter().map(ToString::to_string).collect();
            (values, self.decision(cell))
        };
        depending_on_address(&groups.into_iter().map(answer).collect::<Vec<_>>())
    }

    /// The answers of a row, each with the ranges from which it is given.
    pub(super) fn by_answer(&self, row: usize) -> Vec<(Vec<usize>, Decision)> {
        let groups = self.group(row, 0..self.reach.universe.blocks().len());
        groups.into_iter().map(|(cell, positions)| (positions, self.decision(cell))).collect()
    }

    fn group(&self, row: usize, positions: impl Iterator<Item = usize>) -> Vec<(usize, Vec<usize>)> {
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for position in positions {
            let cell = self.cell(row, position);
            match groups.iter_mut().find(|(known, _)| *known == cell) {
                Some((_, known)) => known.push(position),
                None => groups.push((cell, vec![position])),
            }
        }
        groups
    }
}
