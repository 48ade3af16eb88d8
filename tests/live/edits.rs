//! What would be: edits of what a cluster has, and what they change. Nothing is written there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mesh_testkit::test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::asking::{Asked, ask, endpoint, little_mesh, member, plain, policy, principal, ready};
use crate::{namespace, shared, stdout};

const DB: &str = "svc/edited/db:5432";
const CLIENT: [&str; 3] = [DB, "--from", "pod/edited-away/client"];
const WEB: [&str; 3] = [DB, "--from", "pod/edited/web"];
const OLD: [&str; 3] = [DB, "--from", "pod/edited-old/old"];

/// The little mesh, and `old` in a namespace outside of it.
fn mesh() -> &'static TestCluster {
    static MESH: OnceLock<()> = OnceLock::new();
    MESH.get_or_init(|| {
        little_mesh(shared(), "edited");
        shared().create(&namespace("edited-old"));
        shared().create(&plain(member("edited-old", "old")));
        ready(shared(), "edited-old", "old");
        endpoint(shared(), "edited", "db");
    });
    shared()
}

/// Who asks: the same in all tests here, so that the audit log tells what was done.
fn editor() -> PathBuf {
    mesh().kubeconfig("editor", &["system:masters"])
}

fn asked(question: &[&str], edits: &[&str]) -> Asked {
    ask(&editor(), &[question, edits, &["-o", "json"]].concat())
}

/// Files to lay over the cluster.
struct Overlays(tempfile::TempDir);

impl Overlays {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, object: &Value) -> String {
        let path = self.path(name);
        std::fs::write(&path, object.to_string()).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// The policy of `db` with other callers.
fn admits(callers: &[String]) -> Value {
    let rule = json!({ "from": [{ "source": { "principals": callers } }] });
    policy("edited", "web-alone", "db", &json!({ "action": "ALLOW", "rules": [rule] }))
}

const BY_POLICY: &str = "allowed authorization AllowMatched AuthorizationPolicy edited/web-alone";
const REFUSED: &str = "denied authorization NoAllowMatched";

#[test]
fn a_cluster_is_judged_as_it_would_be() {
    let overlays = Overlays::new();
    let wider = admits(&[
        principal("edited", "web"),
        principal("edited-away", "client"),
        principal("edited-old", "old"),
    ]);
    let wider = overlays.file("wider.json", &wider);
    assert_eq!(asked(&CLIENT, &[]).decision(), REFUSED);
    let would = asked(&CLIENT, &["--overlay", &wider]);
    assert_eq!(would.decision(), BY_POLICY);
    let answer = would.json();
    let codes: Vec<&Value> =
        answer["assumptions"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert!(codes.contains(&&json!("MESH0922")), "{codes:?}");

    let without = ["--without", "AuthorizationPolicy/edited/web-alone"];
    assert_eq!(asked(&CLIENT, &without).decision(), "allowed authorization NoPolicy");
    let missing = asked(&CLIENT, &["--without", "AuthorizationPolicy/edited/web-alon"]);
    assert_eq!(missing.error(), "error: no AuthorizationPolicy `web-alon` in namespace `edited`");
    assert!(missing.stderr.contains("web-alone"), "{}", missing.stderr);

    // A pod outside of the mesh has no identity for the policy; enrolled it would have.
    assert_eq!(asked(&OLD, &["--overlay", &wider]).decision(), REFUSED);
    let enrolled = asked(&OLD, &["--overlay", &wider, "--assume-ambient", "edited-old"]);
    assert_eq!(enrolled.decision(), BY_POLICY);
    assert!(enrolled.stdout.contains("MESH0920"), "{}", enrolled.stdout);
    assert_eq!(asked(&CLIENT, &[]).decision(), REFUSED);
}

/// What a list has of what changes: who, and by which edit.
fn changes(asked: &Asked, list: &str) -> Vec<(String, String)> {
    let answer = asked.json();
    let rows = answer[list].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(&row["peer"]["serviceAccount"]), row["causedBy"].to_string())).collect()
}

#[test]
fn what_an_edit_changes_decides_the_exit_status() {
    let overlays = Overlays::new();
    let wider = admits(&[principal("edited", "web"), principal("edited-away", "client")]);
    let wider = overlays.file("wider.json", &wider);
    let narrower = overlays.file("narrower.json", &admits(&[principal("edited", "nobody")]));
    let edit = |overlay: &str, more: &[&str]| {
        let question = [DB, "--from", "pod/edited-away/client", "--from", "pod/edited/web"];
        asked(&question, &[&["--diff", "--overlay", overlay], more].concat())
    };
    let widened = edit(&wider, &[]).exits(1);
    let [(account, cause)] = &changes(&widened, "gained")[..] else { panic!("{}", widened.stdout) };
    assert_eq!(account, "client");
    assert!(cause.contains("web-alone"), "{cause}");
    assert_eq!(changes(&widened, "lost"), []);
    let narrowed = edit(&narrower, &[]).exits(0);
    assert_eq!(changes(&narrowed, "gained"), []);
    assert_eq!(changes(&narrowed, "lost").len(), 1);
    for (overlay, fail_on, status) in
        [(&wider, "narrowed", 0), (&wider, "any", 1), (&narrower, "narrowed", 1), (&narrower, "any", 1)]
    {
        edit(overlay, &["--fail-on", fail_on]).exits(status);
    }

    // Neither edit alone lets the pod in that is outside of the mesh.
    let ambient = ["--diff", "--assume-ambient", "edited-old"];
    assert_eq!(changes(&asked(&OLD, &ambient).exits(0), "gained"), []);
    let old =
        overlays.file("old.json", &admits(&[principal("edited", "web"), principal("edited-old", "old")]));
    let both = asked(&OLD, &[&ambient[..], &["--overlay", &old]].concat()).exits(1);
    let [(account, cause)] = &changes(&both, "gained")[..] else { panic!("{}", both.stdout) };
    assert_eq!(account, "old");
    assert!(cause.contains("web-alone") && cause.contains("edited-old"), "{cause}");
}

/// Before and after are a cluster and what was kept of it: a bundle, or what kubectl printed.
#[test]
fn a_cluster_is_held_against_what_was_kept_of_it() {
    let (cluster, overlays) = (mesh(), Overlays::new());
    let bundle = overlays.path("kept.tar.gz");
    asked(&WEB, &["--save", &bundle]).exits(0);
    let folder = overlays.path("printed");
    std::fs::create_dir(&folder).unwrap();
    let kinds = "pods,namespaces,services,endpointslices,authorizationpolicies,configmaps";
    let printed = stdout(&cluster.kubectl(cluster.admin(), &["get", kinds, "-A", "-o", "yaml"]));
    std::fs::write(Path::new(&folder).join("all.yaml"), printed).unwrap();
    let question = [DB, "--from", "pod/edited-away/client", "--from", "pod/edited/web"];
    for old in [&bundle, &folder] {
        let against = |edits: &[&str]| asked(&question, &[&["--diff", "--against", old], edits].concat());
        let same = against(&[]).exits(0);
        for list in ["gained", "lost", "changed"] {
            assert_eq!(changes(&same, list), [], "{}", same.stdout);
        }
        let opened = against(&["--without", "AuthorizationPolicy/edited/web-alone"]).exits(1);
        let [(account, cause)] = &changes(&opened, "gained")[..] else { panic!("{}", opened.stdout) };
        assert_eq!(account, "client");
        assert!(cause.contains("web-alone"), "{cause}");
    }
}

#[test]
fn nothing_is_written() {
    let (cluster, overlays) = (mesh(), Overlays::new());
    let before = objects(cluster);
    let kubeconfig = cluster.kubeconfig("only-edits", &["system:masters"]);
    let overlay = overlays.file("open.json", &admits(&["*".to_owned()]));
    let bundle = overlays.path("kept.tar.gz");
    let without = ["--without", "pod/edited/web"];
    let question = |edits: &[&str]| ask(&kubeconfig, &[&CLIENT[..], edits].concat());
    question(&["--save", &bundle]).exits(1);
    question(&["--overlay", &overlay, "--assume-ambient", "edited-old"]).exits(0);
    question(&[&["--diff", "--overlay", &overlay][..], &without].concat()).exits(1);
    question(&["--diff", "--against", &bundle, "--without", "AuthorizationPolicy/edited/web-alone"]).exits(1);
    let log = cluster.audit_log();
    let own: Vec<_> = log.iter().filter(|event| event.user == "only-edits").collect();
    let verbs: BTreeSet<&str> = own.iter().map(|event| event.verb.as_str()).collect();
    assert_eq!(verbs, BTreeSet::from(["get", "list"]));
    assert!(own.len() > 40, "{}", own.len());
    assert_eq!(before, objects(cluster));
}

/// The versions of what the edits name.
fn objects(cluster: &TestCluster) -> Vec<Value> {
    let paths = [
        "/apis/security.istio.io/v1/namespaces/edited/authorizationpolicies/web-alone",
        "/api/v1/namespaces/edited/pods/web",
        "/api/v1/namespaces/edited-old",
        "/api/v1/namespaces/edited-old/pods/old",
    ];
    paths.map(|path| cluster.get(path).unwrap()["metadata"]["resourceVersion"].clone()).to_vec()
}
