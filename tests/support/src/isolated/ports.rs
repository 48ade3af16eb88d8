//! Ports of containers and of policies. A name means another number, or another protocol, in another pod.

use serde_json::{Value, json};

use crate::Random;

/// Numbers that are named on their own.
const NUMBERS: [u16; 6] = [53, 80, 5432, 8080, 9090, 15008];
/// From and to.
const RANGES: [(u16, u16); 5] = [(1, 1023), (80, 81), (8000, 8999), (5000, 65535), (9090, 9090)];
const NAMES: [&str; 4] = ["http", "metrics", "dns", "none-has-it"];
const PROTOCOLS: [&str; 5] = ["TCP", "TCP", "TCP", "UDP", "SCTP"];

/// Ports of a container: a name at most once, a number perhaps for several protocols.
pub(super) fn of_container(random: &mut Random) -> Value {
    let mut ports = Vec::new();
    if random.chance(85) {
        let number = [80, 8080, 8081][random.below(3)];
        ports.push(json!({"name": "http", "containerPort": number}));
    }
    if random.chance(50) {
        let protocol = random.pick(&["TCP", "TCP", "UDP"]);
        ports.push(json!({"name": "metrics", "containerPort": 9090, "protocol": protocol}));
    }
    if random.chance(30) {
        let protocol = random.pick(&["UDP", "UDP", "TCP", "SCTP"]);
        ports.push(json!({"name": "dns", "containerPort": 53, "protocol": protocol}));
    }
    if random.chance(40) {
        ports.push(json!({"containerPort": 5432}));
    }
    Value::Array(ports)
}

/// `ports` of a NetworkPolicy's rule.
pub(super) fn of_policy(random: &mut Random, names: bool) -> Value {
    Value::Array((0..=random.below(3)).map(|_| of_rule(random, names)).collect())
}

fn of_rule(random: &mut Random, names: bool) -> Value {
    let mut port = json!({});
    if random.chance(60) {
        port["protocol"] = json!(random.pick(&PROTOCOLS));
    }
    match random.below(10) {
        0 => {}
        1..3 => {
            let (start, end) = RANGES[random.below(RANGES.len())];
            port["port"] = json!(start);
            port["endPort"] = json!(end);
        }
        3..6 if names => port["port"] = json!(random.pick(&NAMES)),
        _ => port["port"] = json!(NUMBERS[random.below(NUMBERS.len())]),
    }
    port
}

/// `ports` of an AdminNetworkPolicy's rule.
pub(super) fn of_admin_policy(random: &mut Random, names: bool) -> Value {
    Value::Array((0..=random.below(3)).map(|_| of_admin_rule(random, names)).collect())
}

fn of_admin_rule(random: &mut Random, names: bool) -> Value {
    let mut protocol = json!({});
    if random.chance(70) {
        protocol["protocol"] = json!(random.pick(&PROTOCOLS));
    }
    match random.below(10) {
        0..3 if names => json!({"namedPort": random.pick(&NAMES)}),
        3..5 => {
            // The API wants the end above the start.
            let (start, end) = RANGES[random.below(RANGES.len() - 1)];
            protocol["start"] = json!(start);
            protocol["end"] = json!(end);
            json!({"portRange": protocol})
        }
        _ => {
            protocol["port"] = json!(NUMBERS[random.below(NUMBERS.len())]);
            json!({"portNumber": protocol})
        }
    }
}
