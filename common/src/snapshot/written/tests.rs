use crate::manifests::{Options, from_text};
use crate::model::{FieldPath, Kind, ResourceRef};
use crate::snapshot::{MeshSnapshot, SettingsOverride};

const TEXT: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: a}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: a}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: e, namespace: a}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: w, namespace: a}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: a}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: a}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: c, namespace: a}
";

#[test]
fn what_decides_is_found_where_it_was_written() {
    let objects = from_text("mesh.yaml", TEXT, &Options::default());
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    let line = |reference: &ResourceRef| {
        let origin = snapshot.origin_of(reference)?;
        snapshot.sources.locate(&origin, &FieldPath::default()).map(|location| location.line)
    };
    let names = [
        ("Pod", "p", 5),
        ("Service", "s", 9),
        ("Gateway", "g", 13),
        ("EnvoyFilter", "e", 17),
        ("WasmPlugin", "w", 21),
        ("VirtualService", "v", 25),
        ("HTTPRoute", "r", 29),
        ("CiliumNetworkPolicy", "c", 33),
    ];
    for (kind, name, expected) in names {
        let reference =
            |namespace: &str, name: &str| ResourceRef::new(Kind::from_wire(kind), namespace, name);
        assert_eq!(line(&reference("a", name)), Some(expected), "{kind}");
        assert_eq!(line(&reference("b", name)), None, "{kind}");
        assert_eq!(line(&reference("a", "other")), None, "{kind}");
    }
    assert_eq!(line(&ResourceRef::cluster(Kind::Namespace, "a")), Some(1));
    assert_eq!(line(&ResourceRef::cluster(Kind::Namespace, "b")), None);
}
