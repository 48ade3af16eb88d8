use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::manifests::{Options, from_text};
use crate::policy::envoy::Request;
use crate::policy::{CellLabel, Condition, Verdict};
use crate::snapshot::{Changes, Objects, SettingsOverride};

use super::answer::Meaning;
use super::causes::search;
use super::*;

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn blocks_in_common() {
    for (a, b, both) in [
        (&[][..], &[][..], Some(&[][..])),
        (&["10.0.0.0/8"], &[], Some(&["10.0.0.0/8"])),
        (&["10.0.0.0/8"], &["10.1.0.0/16", "11.0.0.0/8"], Some(&["10.1.0.0/16"])),
        (&["10.0.0.0/8"], &["::/0"], None),
        (&["10.0.0.0/9", "10.128.0.0/9"], &["10.0.0.0/8"], Some(&["10.0.0.0/9", "10.128.0.0/9"])),
    ] {
        assert_eq!(blocks::common(&nets(a), &nets(b)), both.map(nets), "{a:?} {b:?}");
        assert_eq!(blocks::common(&nets(b), &nets(a)), both.map(nets), "{b:?} {a:?}");
    }
    assert!(blocks::is_within(&nets(&["10.1.0.0/16"]), &nets(&["10.0.0.0/8"])));
    assert!(!blocks::is_within(&[], &nets(&["10.0.0.0/8"])), "all addresses are in no block");
}

fn label(text: &str) -> CellLabel {
    let (namespace, account) = text.split_once('/').unwrap();
    CellLabel { namespace: namespace.to_owned(), account: account.to_owned() }
}

#[test]
fn groups_of_names_in_common() {
    let common = |a: &[&str], b: &[&str]| -> Vec<String> {
        let of = |texts: &[&str]| texts.iter().map(|text| label(text)).collect::<Vec<_>>();
        names::common(&of(a), &of(b)).iter().map(|l| format!("{}/{}", l.namespace, l.account)).collect()
    };
    assert_eq!(common(&["*/*"], &["a*/*", "*/*"]), ["*/*", "a*/*"]);
    assert_eq!(common(&["a*/*"], &["ab*/*", "*c/*"]), ["a*c/*", "ab*/*"]);
    assert_eq!(common(&["a*/*"], &["b*/*", "abc/*", "xyz/web"]), ["abc/*"]);
    assert_eq!(common(&["a/web"], &["a/web", "a/*", "*/we*"]), ["a/web"]);
    assert_eq!(common(&["*/*"], &[]), ["*/*"], "a target that is on one side only");
    let one = names::example(&label("ab*c/web"), &"td".into());
    assert!(one.namespace.as_str().starts_with("ab") && one.namespace.as_str().ends_with('c'));
    assert_eq!(one.service_account.as_str(), "web");
}

fn meaning(verdict: Verdict, values: &[&str]) -> Meaning {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let conditions = (!values.is_empty()).then_some(Condition { attribute: "source.ip".into(), values });
    Meaning { verdict, conditions: conditions.into_iter().collect(), evidence: None }
}

#[test]
fn which_way_an_answer_went() {
    use Verdict::{Allowed, Conditional, Denied, Unknown};
    let of = |verdict| Some(meaning(verdict, &[]));
    let if_in = |values: &[&str]| Some(meaning(Conditional, values));
    for (before, after, gain, effect) in [
        (of(Denied), of(Allowed), Gain::Gained, Effect::Widened),
        (None, of(Allowed), Gain::Gained, Effect::Widened),
        (of(Allowed), None, Gain::Lost, Effect::Narrowed),
        (of(Denied), if_in(&["10.0.0.0/8"]), Gain::Changed, Effect::Widened),
        (if_in(&["10.0.0.0/8"]), of(Allowed), Gain::Changed, Effect::Widened),
        (if_in(&["10.0.0.0/8"]), None, Gain::Changed, Effect::Narrowed),
        (if_in(&["10.0.0.0/8"]), if_in(&["10.0.0.0/8", "fd00::/8"]), Gain::Changed, Effect::Widened),
        (if_in(&["10.0.0.0/8"]), if_in(&["10.1.0.0/16"]), Gain::Changed, Effect::Narrowed),
        (if_in(&["10.0.0.0/8"]), if_in(&["11.0.0.0/8"]), Gain::Changed, Effect::Unclear),
        (of(Denied), of(Unknown), Gain::Changed, Effect::Unclear),
        (of(Unknown), of(Allowed), Gain::Changed, Effect::Unclear),
    ] {
        let (before, after) = (before.as_ref(), after.as_ref());
        assert!(effect::differ(before, after), "{before:?} {after:?}");
        assert_eq!(effect::gain(before, after), gain, "{before:?} {after:?}");
        assert_eq!(effect::effect(before, after), effect, "{before:?} {after:?}");
    }
    assert!(!effect::differ(None, of(Denied).as_ref()), "who is not there gets as little as who is denied");
    assert!(!effect::differ(of(Unknown).as_ref(), of(Unknown).as_ref()));
}

/// What is behind things that some rule makes true.
fn behind(changes: usize, rules: &[fn(&BTreeSet<usize>) -> bool]) -> (Vec<Vec<usize>>, usize) {
    let all: BTreeSet<usize> = (0..changes).collect();
    let ends: Vec<(bool, bool)> = rules.iter().map(|rule| (rule(&BTreeSet::new()), rule(&all))).collect();
    let mut meshes = 0;
    let found = search(changes, &ends, &mut |wanted| {
        meshes += 1;
        rules.iter().map(|rule| rule(wanted)).collect()
    });
    (found.into_iter().map(|of| of.into_iter().collect()).collect(), meshes)
}

#[test]
fn what_is_behind_a_difference_is_found() {
    let one: fn(&BTreeSet<usize>) -> bool = |with| with.contains(&3);
    let either: fn(&BTreeSet<usize>) -> bool = |with| with.contains(&1) || with.contains(&6);
    let both: fn(&BTreeSet<usize>) -> bool = |with| with.contains(&0) && with.contains(&7);
    let gone: fn(&BTreeSet<usize>) -> bool = |with| !with.contains(&5);
    let (found, _) = behind(8, &[one, either, both, gone]);
    assert_eq!(found, [vec![3], vec![1, 6], vec![0, 7], vec![5]]);
    assert_eq!(behind(1, &[|with| with.contains(&0)]), (vec![vec![0]], 0), "a single change needs no mesh");
    assert_eq!(behind(0, &[]).0, Vec::<Vec<usize>>::new());
}

#[test]
fn what_only_several_make_together_is_told_whole() {
    // Any two of three: none of them alone, and none is needed.
    let two: fn(&BTreeSet<usize>) -> bool = |with| with.iter().filter(|change| **change < 3).count() > 1;
    let (found, _) = behind(3, &[two]);
    assert_eq!(found, [vec![1, 2]], "the smallest group that was found");
}

#[test]
fn of_many_changes_few_meshes_are_made() {
    let (found, meshes) = behind(1_000, &[|with| with.contains(&617)]);
    assert_eq!(found, [vec![617]]);
    assert!(meshes < 50, "{meshes} meshes");
    let busy: fn(&BTreeSet<usize>) -> bool = |with| with.len() > 500;
    let (found, meshes) = behind(1_000, &[busy]);
    assert!(!found[0].is_empty() && meshes <= 256, "{meshes} meshes");
}

const MESH: &str = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
";

fn policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec: {{selector: {{matchLabels: {{app: cart}}}}, {spec}}}\n"
    )
}

fn objects(text: &str) -> Objects {
    from_text("mesh.yaml", text, &Options::default())
}

/// `gain peer port <- causes` of each row.
fn rows(before: &str, after: &str, target: &str, sources: &[&str]) -> Vec<String> {
    let changes = Changes::between(objects(before), objects(after));
    let given = SettingsOverride::default();
    let compared = Compared { changes: &changes, given: &given, against: None };
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    let request = Request::default();
    let asked =
        Asked { scope: Scope::Target(target), sources: &sources, namespace: "shop", request: &request };
    let said = |row: &DiffRow| {
        let who = row.peer.identity.clone().unwrap_or_else(|| {
            let class = serde_json::to_string(&row.peer.class).unwrap().replace('"', "");
            format!("{class} {}", row.peer.addresses.join(","))
        });
        let causes: Vec<_> = row.caused_by.iter().map(|of| format!("{} {}", of.change, of.subject)).collect();
        format!("{} {} {} <- {}", row.gain.as_str(), who.trim(), row.port, causes.join(", "))
    };
    diff(compared, &asked).unwrap().body.rows.iter().map(said).collect()
}

#[test]
fn other_identities_are_compared_by_what_both_sides_tell_apart() {
    let before = format!("{MESH}{}", policy("p", "rules: [{from: [{source: {namespaces: ['a*']}}]}]"));
    let after = format!("{MESH}{}", policy("p", "rules: [{from: [{source: {namespaces: ['ab*']}}]}]"));
    assert_eq!(
        rows(&before, &after, "deploy/cart:80", &[]),
        ["lost spiffe://cluster.local/ns/a*/sa/* 80 <- modified AuthorizationPolicy/shop/p"],
        "those of ab* fare as before"
    );
}

#[test]
fn outside_is_compared_block_by_block() {
    let before = format!("{MESH}{}", policy("p", "rules: [{from: [{source: {ipBlocks: [10.0.0.0/9]}}]}]"));
    let after = format!("{MESH}{}", policy("p", "rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]"));
    let rows = rows(&before, &after, "deploy/cart:80", &["outside"]);
    assert_eq!(
        rows,
        ["changed outside 80 <- modified AuthorizationPolicy/shop/p"],
        "it depends on the address"
    );
    let all = self::rows(&before, &after, "deploy/cart:80", &[]);
    let gained: Vec<&String> = all.iter().filter(|row| row.contains("outside")).collect();
    assert_eq!(gained, ["gained outside 10.128.0.0/9 80 <- modified AuthorizationPolicy/shop/p"], "{all:?}");
}

#[test]
fn what_is_on_one_side_only_is_gained_or_lost() {
    let new = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: job, namespace: shop}
spec: {template: {metadata: {labels: {app: job}}, spec: {serviceAccountName: job, containers: [{name: c}]}}}
";
    let with = format!("{MESH}{new}");
    let job = "spiffe://cluster.local/ns/shop/sa/job";
    assert_eq!(
        rows(MESH, &with, "deploy/cart:80", &[]),
        [format!("gained {job} 80 <- added deploy/shop/job")]
    );
    assert_eq!(
        rows(&with, MESH, "deploy/cart:80", &[]),
        [format!("lost {job} 80 <- removed deploy/shop/job")]
    );
    let denied = policy("d", "action: DENY, rules: [{}]");
    let (before, after) = (format!("{MESH}{denied}"), format!("{with}{denied}"));
    assert_eq!(
        rows(&before, &after, "deploy/cart:80", &[]),
        [""; 0],
        "a new workload that is denied changes nothing"
    );
    let target = rows(MESH, &with, "deploy/job", &["deploy/web"]);
    assert_eq!(target, ["gained spiffe://cluster.local/ns/shop/sa/web * <- added deploy/shop/job"]);
}

#[test]
fn what_decides_otherwise_is_no_change() {
    let before = format!("{MESH}{}", policy("a", "action: DENY, rules: [{}]"));
    let after = format!("{MESH}{}", policy("b", "action: DENY, rules: [{}]"));
    assert_eq!(rows(&before, &after, "deploy/cart:80", &[]), [""; 0]);
}

#[test]
fn what_is_unknown_on_both_sides_is_a_gap_and_no_row() {
    let broken = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                  metadata: {name: broken, namespace: shop}\nspec: {rules: 7}\n";
    let before = format!("{MESH}{broken}");
    let after = format!("{before}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: other}}\n");
    let changes = Changes::between(objects(&before), objects(&after));
    let compared = Compared { changes: &changes, given: &SettingsOverride::default(), against: None };
    let request = Request::default();
    let scope = Scope::Target("deploy/cart:80");
    let asked = Asked { scope, sources: &[], namespace: "shop", request: &request };
    let Answer { body, evidence } = diff(compared, &asked).unwrap();
    assert_eq!((body.rows.len(), evidence.gaps.len()), (0, 1));
    let mended = format!("{MESH}{}", policy("broken", "rules: [{}]"));
    let rows = rows(&before, &mended, "deploy/cart:80", &["deploy/web"]);
    assert_eq!(
        rows,
        ["changed spiffe://cluster.local/ns/shop/sa/web 80 <- modified AuthorizationPolicy/shop/broken"]
    );
}
