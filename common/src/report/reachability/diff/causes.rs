//! Which changes are behind what differs.
//!
//! A change is behind a difference when the answer is another by it alone, or would be another without it. That takes
//! the mesh with some of the changes: of many, whole groups that make no difference are set aside, and the others are
//! halved. Where only several together make one, all of the smallest group that was found do. The same comes out
//! whichever reading is the earlier one.

use std::collections::BTreeSet;

use crate::policy::{Dialled, Mesh};
use crate::report::Facts;
use crate::snapshot::{Changes, MeshSnapshot, SettingsOverride, Unit};

use super::answer::Meaning;
use super::side::Side;
use super::{Asked, Way};

/// More meshes than this are not made: the group that was being divided is told whole.
const MOST_MESHES: usize = 256;

/// The positions of the changes behind each way.
pub(super) fn of(
    changes: &Changes,
    given: &SettingsOverride,
    asked: &Asked<'_>,
    ways: &[Way],
) -> Vec<BTreeSet<usize>> {
    let units: Vec<Unit> = changes.all.iter().map(|change| change.unit.clone()).collect();
    let mut world = |wanted: &BTreeSet<usize>| {
        let wanted = wanted.iter().filter_map(|at| units.get(*at).cloned()).collect();
        let snapshot = MeshSnapshot::build(changes.with(&wanted), given);
        meanings(&Mesh::new(&snapshot).asked(asked.request.clone()), asked, ways)
    };
    let ends: Vec<Ends<Option<Meaning>>> =
        ways.iter().map(|way| (way.before.clone(), way.after.clone())).collect();
    search(units.len(), &ends, &mut world)
}

/// What the ways mean in a mesh.
fn meanings(mesh: &Mesh<'_>, asked: &Asked<'_>, ways: &[Way]) -> Vec<Option<Meaning>> {
    let side = Side::find(mesh, asked).unwrap_or_else(|_| Side::empty(mesh));
    let side = side.with_services(ways.iter().map(|way| way.target.as_str()));
    let mut found = Vec::with_capacity(ways.len());
    // Those of one target and port stand together.
    for together in ways.chunk_by(|a, b| place(a) == place(b)) {
        let answers =
            together.first().and_then(|first| side.ask(&first.target, &first.port, &mut Facts::default()));
        let meaning = |way: &Way| answers.as_ref().and_then(|answers| answers.meaning(&way.party));
        found.extend(together.iter().map(meaning));
    }
    found
}

fn place(way: &Way) -> (&String, &Dialled) {
    (&way.target, &way.port)
}

/// What something is without any of the changes, and with all.
pub(super) type Ends<T> = (T, T);

/// What things are with these changes and no others.
pub(super) type World<'a, T> = &'a mut dyn FnMut(&BTreeSet<usize>) -> Vec<T>;

/// The changes behind each thing that differs, of so many.
pub(super) fn search<T: PartialEq>(
    changes: usize,
    ends: &[Ends<T>],
    world: World<'_, T>,
) -> Vec<BTreeSet<usize>> {
    let all: BTreeSet<usize> = (0..changes).collect();
    let mut search = Search { ends, all: all.clone(), world, left: MOST_MESHES, found: Vec::new() };
    search.found = ends.iter().map(|_| BTreeSet::new()).collect();
    if changes > 0 && !ends.is_empty() {
        search.divide(&all, &(0..ends.len()).collect());
    }
    search.found
}

struct Search<'a, T> {
    ends: &'a [Ends<T>],
    all: BTreeSet<usize>,
    world: World<'a, T>,
    left: usize,
    found: Vec<BTreeSet<usize>>,
}

impl<T: PartialEq> Search<'_, T> {
    /// Looks for what is behind these things in a group that is.
    fn divide(&mut self, group: &BTreeSet<usize>, things: &BTreeSet<usize>) {
        if group.len() < 2 || self.left < 4 {
            return self.blame(group, things);
        }
        let (first, second) = halves(group);
        let of_first = self.touched(&first, things);
        let of_second = self.touched(&second, things);
        for (half, touched) in [(&first, &of_first), (&second, &of_second)] {
            if !touched.is_empty() {
                self.divide(half, touched);
            }
        }
        let neither = things.iter().filter(|thing| !of_first.contains(thing) && !of_second.contains(thing));
        let neither: BTreeSet<usize> = neither.copied().collect();
        self.blame(group, &neither);
    }

    /// The things that are another by this group alone, or would be without it.
    fn touched(&mut self, group: &BTreeSet<usize>, things: &BTreeSet<usize>) -> BTreeSet<usize> {
        self.left -= 2;
        let without: BTreeSet<usize> = self.all.difference(group).copied().collect();
        let (alone, without) = ((self.world)(group), (self.world)(&without));
        let is_touched = |thing: &usize| {
            let ends = self.ends.get(*thing);
            ends.is_some_and(|(before, after)| {
                alone.get(*thing) != Some(before) || without.get(*thing) != Some(after)
            })
        };
        things.iter().copied().filter(is_touched).collect()
    }

    fn blame(&mut self, group: &BTreeSet<usize>, things: &BTreeSet<usize>) {
        for thing in things {
            if let Some(found) = self.found.get_mut(*thing) {
                found.extend(group);
            }
        }
    }
}

fn halves(group: &BTreeSet<usize>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (first, second): (Vec<_>, Vec<_>) =
        group.iter().copied().enumerate().partition(|(at, _)| *at < group.len() / 2);
    let positions = |part: Vec<(usize, usize)>| part.into_iter().map(|(_, change)| change).collect();
    (positions(first), positions(second))
}
