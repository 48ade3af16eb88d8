use super::*;

fn only(names: &[&str]) -> Extent {
    Extent::Only(names.iter().map(|name| Name::from(*name)).collect())
}

fn but(names: &[&str]) -> Extent {
    only(names).complement()
}

/// Every pair of extents over three namespaces, against what sets of booleans say.
#[test]
fn unions_and_complements_are_those_of_sets() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let subsets = (0..8).map(|bits| {
        NAMES
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
            .map(|(_, name)| *name)
            .collect::<Vec<_>>()
    });
    let all: Vec<Extent> = subsets.flat_map(|names| [only(&names), but(&names)]).collect();
    for one in &all {
        for other in &all {
            let union = one.clone().union(other.clone());
            for name in NAMES.iter().chain(&["elsewhere"]) {
                assert_eq!(
                    union.covers(name),
                    one.covers(name) || other.covers(name),
                    "{one:?} {other:?} {name}"
                );
                assert_ne!(one.clone().complement().covers(name), one.covers(name));
            }
        }
    }
}

#[test]
fn is_printed_for_people() {
    assert_eq!(Extent::all().to_string(), "all namespaces");
    assert_eq!(only(&["edp"]).to_string(), "namespace `edp`");
    assert_eq!(but(&["a", "b"]).to_string(), "namespaces other than `a`, `b`");
}
