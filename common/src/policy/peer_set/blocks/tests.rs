use super::*;

fn blocks(written: &[&str]) -> Blocks {
    Blocks::new(&written.iter().map(|net| Block::new(net.parse().unwrap())).collect::<Vec<_>>())
}

fn at(blocks: &Blocks, address: &str) -> usize {
    blocks.position(address.parse().unwrap())
}

fn cover(blocks: &Blocks, positions: &[usize]) -> Vec<String> {
    blocks.cover(positions).iter().map(ToString::to_string).collect()
}

#[test]
fn without_blocks_there_is_one_range() {
    let none = blocks(&[]);
    assert_eq!((none.len(), none.divide()), (1, false));
    assert_eq!(at(&none, "10.0.0.1"), at(&none, "fd00::1"));
    assert_eq!(cover(&none, &[0]), [""; 0]);
}

#[test]
fn bounds_cut_each_family_by_itself() {
    let some = blocks(&["10.0.0.0/8", "10.1.0.0/16", "fd00::/8"]);
    // Before 10/8, in it before 10.1/16, 10.1/16, in 10/8 behind it, behind 10/8; before fd00::/8, in it, behind.
    assert_eq!(some.len(), 8);
    let positions = ["9.0.0.0", "10.0.9.9", "10.1.2.3", "10.2.0.0", "11.0.0.0", "::1", "fd12::1", "fe80::1"];
    assert_eq!(positions.map(|address| at(&some, address)), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(some.inside(&Block::new("10.0.0.0/8".parse().unwrap())), 1..4);
}

#[test]
fn everything_of_a_family_leaves_the_other_alone() {
    let all = blocks(&["0.0.0.0/0"]);
    assert_eq!(all.len(), 2);
    assert_eq!(all.inside(&Block::new("0.0.0.0/0".parse().unwrap())), 0..1);
    assert_ne!(at(&all, "255.255.255.255"), at(&all, "::"));
    assert_eq!(cover(&all, &[1]), ["::/0"]);
}

#[test]
fn mapped_addresses_are_ipv4() {
    let some = blocks(&["10.0.0.0/8", "::ffff:10.0.0.0/104"]);
    assert_eq!(at(&some, "::ffff:10.0.0.1"), at(&some, "10.0.0.1"));
    assert_eq!(some.inside(&Block::new("::ffff:10.0.0.0/104".parse().unwrap())), 0..0);
    assert!(!blocks(&["::ffff:10.0.0.0/104"]).divide());
}

#[test]
fn neighbours_are_covered_together() {
    let some = blocks(&["10.0.0.0/9", "10.128.0.0/9"]);
    assert_eq!(cover(&some, &[1, 2]), ["10.0.0.0/8"]);
    assert_eq!(cover(&some, &[1]), ["10.0.0.0/9"]);
    assert_eq!(cover(&some, &[0, 3]).first().map(String::as_str), Some("0.0.0.0/5"));
    assert_eq!(cover(&some, &[0, 1, 2, 3, 4]), [""; 0]);
}

#[test]
fn an_example_is_in_its_range() {
    let some = blocks(&["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"]);
    for position in 0..some.len() {
        let example = some.example(position).unwrap();
        assert_eq!(some.position(example), position, "{example}");
    }
}
