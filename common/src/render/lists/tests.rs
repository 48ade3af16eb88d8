use super::*;
use crate::render::Theme;
use crate::render::reachability::fitted as reachability;
use crate::render::test_rows::{denied, list};
use crate::report::reachability::Reachability;

/// Accounts with a workload each; one line of a table.
fn merged(accounts: usize) -> Reachability {
    let row = |at: usize| denied("web", &format!("account-{at}"), &[&format!("deploy/web/workload-{at}")]);
    list((0..accounts).map(row).collect())
}

fn on(columns: Option<usize>, report: &Reachability, wide: bool) -> String {
    let look = Look { theme: Theme { color: false }, width: columns, headers: false, sorted: false };
    reachability(report, look, wide).trim_end().to_owned()
}

/// SOURCE and WORKLOADS of the first line.
fn lists(columns: usize, report: &Reachability) -> [String; 2] {
    let table = on(Some(columns), report, false);
    let mut cells = table.split("   ").map(|cell| cell.trim().to_owned());
    [cells.next().unwrap(), cells.next().unwrap()]
}

#[test]
fn what_fits_is_whole() {
    let report = merged(2);
    let whole = on(None, &report, false);
    assert!(
        whole.starts_with("web/account-0,web/account-1   deploy/web/workload-0,deploy/web/workload-1   80")
    );
    assert_eq!(on(Some(whole.len()), &report, false), whole);
    assert_ne!(on(Some(whole.len() - 1), &report, false), whole);
}

#[test]
fn long_lists_are_cut_where_that_suffices() {
    assert_eq!(lists(110, &merged(4)), ["web/account-0 and 3 more", "deploy/web/workload-0 and 3 more"]);
}

#[test]
fn short_lists_stay_beside_long_ones() {
    let mut report = merged(4);
    let mut pair = denied("web", "pair", &["job/web/a", "job/web/b"]);
    pair.port = "81".to_owned();
    report.rows.push(pair);
    let found = on(Some(110), &report, false);
    assert!(found.contains("deploy/web/workload-0 and 3 more"), "{found}");
    assert!(found.contains("job/web/a,job/web/b"), "{found}");
}

#[test]
fn workloads_are_a_number_where_nothing_else_suffices() {
    let counted = ["web/account-0 and 3 more", "4"];
    assert_eq!(lists(99, &merged(4)), counted, "less than 100 columns");
    assert_eq!(lists(80, &merged(1)), ["web/account-0", "1"], "less than 100 columns");
    let mut long = merged(4);
    for (at, row) in long.rows.iter_mut().enumerate() {
        row.peer.workloads = vec![format!("deploy/web/{}-{at}", "w".repeat(60))].into();
    }
    assert_eq!(lists(110, &long), counted);
}

#[test]
fn wide_cuts_nothing() {
    let report = merged(9);
    assert_eq!(on(Some(80), &report, true), on(None, &report, true));
}

#[test]
fn a_list_is_cut_only_to_become_shorter() {
    let names = ["a/b", "a/c"].map(str::to_owned);
    assert_eq!(Lists::UpTo(0).names(&names), "a/b,a/c");
    assert_eq!(Lists::Counted.workloads(&names), "2");
    assert_eq!(Lists::Counted.workloads(&[]), "0");
    assert_eq!(Lists::Whole.workloads(&[]), "<none>");
}
