use super::super::test_objects::snapshot;

fn at(spec_and_status: &str, address: &str) -> Option<String> {
    let yaml = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: x, namespace: a}}\n{spec_and_status}"
    );
    snapshot(&yaml).entry_at(address.parse().unwrap()).map(|entry| entry.to_string())
}

#[test]
fn a_service_entry_has_the_addresses_that_it_says() {
    let known = Some("ServiceEntry/a/x".to_owned());
    for (entry, address, found) in [
        ("spec: {addresses: [10.96.77.1]}", "10.96.77.1", true),
        ("spec: {addresses: [10.96.77.1]}", "10.96.77.2", false),
        ("spec: {addresses: [10.96.77.0/24]}", "10.96.77.2", true),
        ("spec: {addresses: ['fd00::/16']}", "fd00::7", true),
        ("spec: {addresses: [not an address]}", "10.96.77.1", false),
        ("spec: {hosts: [x.example]}\nstatus: {addresses: [{value: 240.240.0.1}]}", "240.240.0.1", true),
        ("spec: {hosts: [x.example]}\nstatus: {addresses: [{value: 240.240.0.1}]}", "240.240.0.2", false),
        // Nothing says yet what istiod allocates.
        ("spec: {hosts: [x.example], resolution: DNS}", "240.240.0.2", true),
        ("spec: {hosts: [x.example], resolution: DNS}", "2001:2::1", true),
        ("spec: {hosts: [x.example], resolution: DNS}", "10.0.0.1", false),
        ("spec: {hosts: [x.example], resolution: NONE}", "240.240.0.2", false),
        ("spec: {addresses: [10.0.0.9], endpoints: [{address: 10.9.9.9}]}", "10.9.9.9", true),
        // A host's name is looked up by whoever calls.
        ("spec: {addresses: [10.0.0.9], endpoints: [{address: x.example}]}", "10.9.9.9", false),
    ] {
        assert_eq!(at(entry, address), known.clone().filter(|_| found), "{entry} at {address}");
    }
}

#[test]
fn what_cannot_be_decoded_may_have_any_address() {
    for (kind, rest, found) in [
        ("v1\nkind: Pod", "spec: {hostNetwork: 'no'}\nstatus: {podIP: 10.0.0.9}", Some("pod/*")),
        ("networking.istio.io/v1\nkind: WorkloadEntry", "spec: {address: [x]}", Some("WorkloadEntry/*")),
        ("networking.istio.io/v1\nkind: ServiceEntry", "spec: {addresses: 7}", Some("ServiceEntry/*")),
        ("v1\nkind: Service", "spec: {ports: 7}", Some("svc/*")),
        ("v1\nkind: ServiceAccount", "metadata: 7", None),
    ] {
        let yaml = format!("apiVersion: {kind}\nmetadata: {{name: x, namespace: a}}\n{rest}");
        let entry = snapshot(&yaml).entry_at("10.0.0.9".parse().unwrap());
        assert_eq!(entry.map(|entry| entry.to_string()).as_deref(), found, "{yaml}");
    }
}
