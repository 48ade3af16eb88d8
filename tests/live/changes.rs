//! Objects that come and go while they are read.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::asking::{ask, enrolled, placed, policy};
use crate::shared;

const STABLE: usize = 20;

#[test]
fn what_is_there_all_the_time_is_always_counted() {
    let cluster = shared();
    cluster.create(&enrolled("moving"));
    let stable =
        |number: usize| placed("moving", &format!("stable-{number}"), &format!("10.8.0.{}", number + 1));
    cluster.create_all((0..STABLE).map(stable).collect());
    cluster.create(&policy(
        "moving",
        "stays",
        "stable-0",
        &json!({
            "action": "DENY", "rules": [{ "from": [{ "source": { "namespaces": ["nowhere"] } }] }],
        }),
    ));
    let reader = cluster.kubeconfig("mover", &["system:masters"]);
    let stop = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        let changing = scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                let pod = |number: usize| placed("moving", &format!("goes-{number}"), &format!("10.8.1.{}", number + 1));
                cluster.create_all((0..10).map(pod).collect());
                let deny = json!({ "action": "DENY", "rules": [{ "from": [{ "source": { "namespaces": ["none"] } }] }] });
                cluster.create(&policy("moving", "goes", "stable-0", &deny));
                for number in 0..10 {
                    let path = format!("/api/v1/namespaces/moving/pods/goes-{number}");
                    cluster.delete(&format!("{path}?gracePeriodSeconds=0"));
                }
                cluster.delete("/apis/security.istio.io/v1/namespaces/moving/authorizationpolicies/goes");
                rounds += 1;
            }
            rounds
        });
        let read = std::panic::catch_unwind(|| (0..30).for_each(|_| read_once(&reader)));
        stop.store(true, Ordering::Relaxed);
        let rounds = changing.join().unwrap();
        if let Err(panic) = read {
            std::panic::resume_unwind(panic);
        }
        rounds
    });
    println!("30 reads beside {rounds} rounds of changes");
    assert!(rounds > 0);
}

fn read_once(reader: &std::path::Path) {
    let asked = ask(reader, &["pod/moving/stable-0:80", "-o", "json"]).exits(0);
    let workloads = asked.workloads();
    let stable = workloads.iter().filter(|name| name.starts_with("pod/moving/stable-")).count();
    // All but the target.
    assert_eq!(stable, STABLE - 1, "{workloads:?}");
    let verdicts = asked.verdicts();
    let lasting =
        verdicts.iter().filter(|(who, _)| who.contains("/sa/stable-") || !who.starts_with("spiffe://"));
    let lasting: Vec<_> = lasting.collect();
    assert_eq!(lasting.len(), STABLE + 2, "{verdicts:?}");
    assert!(lasting.iter().all(|(_, verdict)| *verdict == "allowed"), "{verdicts:?}");
}
