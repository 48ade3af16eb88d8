use super::*;
use crate::snapshot::test_objects::objects;
use crate::snapshot::{MeshSnapshot, SettingsOverride};

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, resourceVersion: '1', managedFields: [{manager: a}]}
spec: {ports: [{port: 80}]}
status: {loadBalancer: {}}
";

fn pod(name: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, ownerReferences: \
         [{{controller: true, kind: StatefulSet, name: cart}}]}}\nstatus: {{podIP: {address}}}\n"
    )
}

fn said(before: &str, after: &str) -> Vec<String> {
    let all = Changes::between(objects(before), objects(after)).all;
    all.iter()
        .map(|change| match &change.unit {
            Unit::Object(object) => format!("{:?} {object}", change.how),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn what_nobody_reads_is_no_difference() {
    let other = SERVICE.replace("'1'", "'2'").replace("manager: a", "manager: b");
    assert_eq!(said(SERVICE, &other), [""; 0]);
    let port = SERVICE.replace("port: 80", "port: 81");
    assert_eq!(said(SERVICE, &port), ["Modified svc/shop/cart"]);
    assert_eq!(said("", SERVICE), ["Added svc/shop/cart"]);
    assert_eq!(said(SERVICE, ""), ["Removed svc/shop/cart"]);
}

#[test]
fn pods_change_with_their_owner() {
    let (before, after) = (pod("cart-0", "10.0.0.1"), pod("cart-1", "10.0.0.2"));
    assert_eq!(said(&before, &after), ["Modified sts/shop/cart"]);
    let changes = Changes::between(objects(&before), objects(&after));
    let names = |wanted: &BTreeSet<Unit>| {
        let snapshot = MeshSnapshot::build(changes.with(wanted), &SettingsOverride::default());
        snapshot.workloads.iter().map(|of| of.reference.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&BTreeSet::new()), ["cart-0"]);
    assert_eq!(names(&changes.all.iter().map(|of| of.unit.clone()).collect()), ["cart-1"]);
}

#[test]
fn a_change_is_told_where_it_is_written() {
    let after = format!("{}{SERVICE}", pod("x", "10.0.0.1"));
    let change = Changes::between(objects(SERVICE), objects(&after.replace("80", "81"))).all;
    let service =
        change.iter().find(|of| of.how == How::Modified && of.unit != change[0].unit).or(change.last());
    let place = service.unwrap().location.as_ref().unwrap();
    assert_eq!((&*place.file, place.line), ("test.yaml", 7));
}
