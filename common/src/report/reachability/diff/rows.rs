//! From ways that differ to rows: parties that fare the same share one, and so do ports.

use std::collections::BTreeSet;

use crate::report::Facts;
use crate::report::reachability::row::{Class, Names, PeerEntry, Row};
use crate::snapshot::{Change, Changes, How, Unit};

use super::party::Party;
use super::side::{Answers, Side};
use super::{Cause, DiffRow, Way, effect};

/// The rows, in the order in which they are read: what became of them, the target, the peer.
pub(super) fn settled(
    old: &Side<'_>,
    new: &Side<'_>,
    ways: Vec<Way>,
    causes: Vec<BTreeSet<usize>>,
    changes: &Changes,
) -> Vec<DiffRow> {
    let causes = causes.into_iter().map(|of| of.into_iter().filter_map(|at| changes.all.get(at)));
    let with_causes: Vec<(Way, Vec<Cause>)> =
        ways.into_iter().zip(causes.map(|of| of.map(cause).collect())).collect();
    let mut rows: Vec<DiffRow> = Vec::new();
    for together in with_causes.chunk_by(|(a, _), (b, _)| (&a.target, &a.port) == (&b.target, &b.port)) {
        let Some((first, _)) = together.first() else { continue };
        let before = old.ask(&first.target, &first.port, &mut Facts::default());
        let after = new.ask(&first.target, &first.port, &mut Facts::default());
        let mut of_port: Vec<DiffRow> = Vec::new();
        for (way, caused_by) in together {
            if let Some(row) = row(way, caused_by.clone(), before.as_ref(), after.as_ref()) {
                merge_peers(&mut of_port, row);
            }
        }
        of_port.into_iter().for_each(|row| merge_ports(&mut rows, row));
    }
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    rows
}

fn row(
    way: &Way,
    caused_by: Vec<Cause>,
    before: Option<&Answers<'_, '_>>,
    after: Option<&Answers<'_, '_>>,
) -> Option<DiffRow> {
    let of = |answers: Option<&Answers<'_, '_>>| answers?.row(&way.party, &way.port);
    let (before, after) = (of(before), of(after));
    let mut peer = after.as_ref().or(before.as_ref())?.peer.clone();
    if let Party::Others(_) | Party::Foreign = way.party {
        peer.workloads = Names::default();
    }
    Some(DiffRow {
        gain: effect::gain(way.before.as_ref(), way.after.as_ref()),
        effect: effect::effect(way.before.as_ref(), way.after.as_ref()),
        target: way.target.clone(),
        peer,
        port: way.port.to_string(),
        before,
        after,
        caused_by,
    })
}

fn cause(change: &Change) -> Cause {
    let location = change.location.as_ref().map(|of| format!("{}:{}", of.file, of.line));
    let (kind, subject) = match (&change.unit, change.how) {
        (Unit::Ambient(namespace), _) => ("assumeAmbient", format!("ns/{namespace}")),
        (Unit::Istiod(flag), _) => ("assumeIstiod", (*flag).to_owned()),
        (Unit::Object(object), How::Added) => ("added", object.to_string()),
        (Unit::Object(object), How::Removed) => ("removed", object.to_string()),
        (Unit::Object(object), How::Modified | How::Assumed) => ("modified", object.to_string()),
    };
    Cause { change: kind, subject, location }
}

/// Workloads of one identity that fare the same share a row, and so do those without one.
fn merge_peers(rows: &mut Vec<DiffRow>, row: DiffRow) {
    let same = |known: &&mut DiffRow| {
        is_same(known, &row) && known.port == row.port && nobody(&known.peer) == nobody(&row.peer)
    };
    let joins = matches!(row.peer.class, Class::Identity | Class::NoIdentity);
    match rows.iter_mut().find(|known| joins && same(known)) {
        Some(known) => {
            let peers = [
                Some(&mut known.peer),
                known.before.as_mut().map(|of| &mut of.peer),
                known.after.as_mut().map(|of| &mut of.peer),
            ];
            for peer in peers.into_iter().flatten() {
                peer.workloads = peer.workloads.and(&row.peer.workloads);
            }
        }
        None => rows.push(row),
    }
}

fn merge_ports(rows: &mut Vec<DiffRow>, row: DiffRow) {
    match rows.iter_mut().find(|known| is_same(known, &row) && known.peer == row.peer) {
        Some(known) => {
            known.port.push(',');
            known.port.push_str(&row.port);
            let port = &known.port;
            known.before.iter_mut().chain(&mut known.after).for_each(|of| of.port.clone_from(port));
        }
        None => rows.push(row),
    }
}

/// Whether two rows say the same of their peers and ports.
fn is_same(a: &DiffRow, b: &DiffRow) -> bool {
    let answer = |row: &Option<Row>| {
        let plain = |row: &Row| Row { peer: nobody(&row.peer), port: String::new(), ..row.clone() };
        row.as_ref().map(plain)
    };
    (a.gain, a.effect, &a.target, &a.caused_by) == (b.gain, b.effect, &b.target, &b.caused_by)
        && answer(&a.before) == answer(&b.before)
        && answer(&a.after) == answer(&b.after)
}

/// A peer without its workloads.
fn nobody(peer: &PeerEntry) -> PeerEntry {
    PeerEntry { workloads: Names::default(), ..peer.clone() }
}

fn order(row: &DiffRow) -> impl Ord + '_ {
    (row.gain, &row.target, row.effect, &row.peer, &row.port)
}
