//! Labels, and selectors with everything that they can ask, drawn from few words so that they meet.

use serde_json::{Value, json};

use crate::Random;

/// Keys with their values.
pub(super) type Words = [(&'static str, [&'static str; 3]); 2];

/// Of pods.
pub(super) const OF_PODS: Words = [("app", ["ui", "api", "db"]), ("tier", ["front", "back", ""])];
/// Of namespaces.
pub(super) const OF_NAMESPACES: Words = [("team", ["red", "blue", "green"]), ("env", ["prod", "dev", ""])];

/// Labels of an object: of each key one value, or none.
pub(super) fn labels(random: &mut Random, words: &Words) -> Value {
    let mut labels = json!({});
    for (key, values) in words {
        if random.chance(75) {
            labels[*key] = json!(random.pick(values));
        }
    }
    labels
}

/// A selector; an empty one with this chance, in percent.
pub(super) fn selector(random: &mut Random, words: &Words, empty: usize) -> Value {
    if random.chance(empty) {
        return if random.chance(80) { json!({}) } else { json!({"matchLabels": {}}) };
    }
    let mut selector = json!({});
    let kinds = random.below(10);
    if kinds < 6 {
        let (key, values) = &words[random.below(words.len())];
        selector["matchLabels"] = json!({*key: random.pick(values)});
    }
    if kinds >= 5 {
        let count = 1 + random.below(5) / 4;
        selector["matchExpressions"] = Value::Array((0..count).map(|_| expression(random, words)).collect());
    }
    selector
}

fn expression(random: &mut Random, words: &Words) -> Value {
    let (key, values) = &words[random.below(words.len())];
    let some = |random: &mut Random| {
        let mut some = random.some(values, 2);
        some.push(random.pick(values));
        some.sort_unstable();
        some.dedup();
        some
    };
    match random.below(8) {
        0..3 => json!({"key": key, "operator": "In", "values": some(random)}),
        3..6 => json!({"key": key, "operator": "NotIn", "values": some(random)}),
        6 => json!({"key": key, "operator": "Exists"}),
        _ => json!({"key": key, "operator": "DoesNotExist"}),
    }
}
