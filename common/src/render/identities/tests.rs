use super::*;
use crate::render::Theme;
use crate::report::identities::{CertificateEntry, CertificateWord, DataPlaneWord, PolicyEntry, Way};
use crate::report::{API_VERSION, Metadata, SourceDescription};

fn naming(policy: &str, positive: bool, way: Way) -> PolicyEntry {
    PolicyEntry {
        policy: policy.to_owned(),
        action: "DENY",
        rule: 0,
        field: "rules[0].from[0].source.notPrincipals[0]".to_owned(),
        value: "td/ns/a/sa/web".to_owned(),
        positive,
        way,
        at_ztunnel: true,
        location: Some("p.yaml:3".to_owned()),
    }
}

fn account(trust_domain: &str, name: &str, workloads: &[&str]) -> IdentityEntry {
    IdentityEntry {
        identity: format!("spiffe://{trust_domain}/ns/a/sa/{name}"),
        namespace: "a".to_owned(),
        service_account: name.to_owned(),
        trust_domain: trust_domain.to_owned(),
        workloads: workloads.iter().map(|name| (*name).to_owned()).collect(),
        data_plane: (!workloads.is_empty()).then_some(DataPlaneWord::Ambient),
        certificate: CertificateEntry { state: CertificateWord::Unknown, not_after: None },
        policies: vec![naming("a/p", false, Way::Exact), naming("a/p", true, Way::Any)],
        may_create_pods: None,
    }
}

fn written(identities: Vec<IdentityEntry>, view: View, format: Format) -> String {
    let source = SourceDescription { kind: "files", names: Vec::new() };
    let envelope = Envelope {
        api_version: API_VERSION,
        kind: "IdentityReport",
        metadata: Metadata { generated_at: String::new(), source },
        assumptions: Vec::new(),
        gaps: Vec::new(),
        body: Identities { trust_domain: "td".to_owned(), identities, findings: None },
    };
    let look = Look { theme: Theme { color: false }, width: None, headers: true, sorted: false };
    let mut out = Vec::new();
    super::identities(&mut out, &envelope, view, format, look).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn accounts_in_a_table() {
    let table = written(
        vec![account("td", "web", &["deploy/a/web", "job/a/web"]), account("old", "web", &[])],
        View::Accounts,
        Format::Table,
    );
    let expected = "\
NAMESPACE   SERVICE ACCOUNT   WORKLOADS                DATA PLANE   CERTIFICATE   POLICIES
a           web               deploy/a/web,job/a/web   ambient      unknown       a/p
a           web (of old)      <none>                   <none>       unknown       a/p
";
    assert_eq!(table, expected);
}

#[test]
fn certificates_say_until_when() {
    let mut web = account("td", "web", &["deploy/a/web"]);
    let not_after = Some("2026-01-01T00:00:00Z".to_owned());
    web.certificate = CertificateEntry { state: CertificateWord::Available, not_after };
    web.may_create_pods = Some(vec!["User/ada".to_owned()]);
    let table = written(vec![web], View::Accounts, Format::Wide);
    let line = table.lines().nth(1).unwrap();
    assert!(line.contains("available until 2026-01-01T00:00:00Z"), "{line}");
    assert!(line.ends_with("spiffe://td/ns/a/sa/web   User/ada"), "{line}");
}

#[test]
fn rules_in_a_table() {
    let table = written(vec![account("td", "web", &[])], View::Policies, Format::Table);
    let cells = |line: &str| {
        line.split("   ").filter(|cell| !cell.is_empty()).nth(3).map(str::trim).map(str::to_owned)
    };
    let named: Vec<String> = table.lines().skip(1).filter_map(cells).collect();
    assert_eq!(named, ["not exact", "any"]);
}

#[test]
fn names_are_what_scripts_type() {
    let names =
        written(vec![account("td", "web", &[]), account("old", "web", &[])], View::Accounts, Format::Name);
    assert_eq!(names, "sa/a/web\nspiffe://old/ns/a/sa/web\n");
}

#[test]
fn text_from_elsewhere_is_escaped_in_every_view() {
    let mut web = account("td", "w\u{1b}[31m", &["deploy/a/\u{1b}b"]);
    web.policies.iter_mut().for_each(|entry| entry.value = "\u{1b}]0;x".to_owned());
    for view in [View::Accounts, View::Policies] {
        for format in [Format::Table, Format::Wide, Format::Csv, Format::Name] {
            let text = written(vec![web.clone()], view, format);
            assert!(!text.contains('\u{1b}'), "{view:?} {format:?}: {text}");
        }
    }
}
