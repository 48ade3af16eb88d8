//! An API server that goes away and comes back.

use std::time::{Duration, Instant};

use mesh_testkit::test_cluster::{Fault, FaultyProxy, ISTIO, Options, Rule, TestCluster};

use crate::asking::{Asked, ask, command, enrolled, placed};

const QUESTION: [&str; 5] = ["pod/shop/db:80", "-o", "json", "--request-timeout", "5s"];

#[test]
fn a_server_that_stops_in_the_middle_is_told() {
    let cluster = TestCluster::start(&Options { kwok: false, ..Options::default() });
    cluster.install_istio_crds(ISTIO);
    cluster.create(&enrolled("shop"));
    cluster.create(&placed("shop", "db", "10.0.0.1"));
    let reader = cluster.kubeconfig("reader", &["system:masters"]);
    ask(&reader, &QUESTION).exits(0);

    // Everything but the policies is answered before it stops.
    let late = Rule::always("/authorizationpolicies", Fault::Delay(Duration::from_secs(3)));
    let proxy = FaultyProxy::start(&cluster, "slow", &["system:masters"], vec![late]);
    let asking = command(proxy.kubeconfig(), &QUESTION)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while !proxy.requests().iter().any(|request| request.contains("/authorizationpolicies")) {
        assert!(Instant::now() < end, "{:?}", proxy.requests());
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.stop_api_server();
    let output = asking.wait_with_output().unwrap();
    let asked = Asked {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: Duration::ZERO,
    };
    println!("stopped in the middle: {:?}\n{}", asked.status, asked.stderr);
    let asked = asked.exits(3);
    // Another trust domain is refused whatever policies say.
    let allowed: Vec<_> = asked.verdicts().into_iter().filter(|(_, verdict)| verdict == "allowed").collect();
    assert!(allowed.is_empty(), "{allowed:?}");

    let asked = ask(&reader, &QUESTION);
    println!("stopped: {:.1} s\n{}", asked.took.as_secs_f64(), asked.stderr);
    assert!(asked.error().contains(&cluster.server()["https://".len()..]), "{}", asked.stderr);
    assert!(asked.stderr.contains("\nhint: "), "{}", asked.stderr);
    cluster.start_api_server();
    ask(&reader, &QUESTION).exits(0);
}
