//! The analyzer's programs, as tests/env/build makes them.

#![expect(clippy::indexing_slicing, reason = "objects that the generator made")]

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

use mesh_testkit::isolated;
use serde_json::{Value, json};

use super::{Answers, Subject};

/// Why there is no answer.
pub type Failure = Box<dyn std::error::Error>;

/// What the analyzer says of a mesh, each connection asked for by itself: its `list` adds up ports wrongly, and not
/// even the same from run to run (tests/oracle/README.md).
///
/// # Errors
/// When it cannot be run, or fails.
pub fn ask(programs: &Path, subject: &Subject) -> Result<Answers, Failure> {
    let folder = tempfile::tempdir()?;
    let spelled_out: Vec<Value> = subject.objects.iter().cloned().map(spell_out).collect();
    write_mesh(folder.path(), &spelled_out)?;
    let questions = questions(subject)?;
    let mut command = Command::new(programs.join("netpolicy-ask"));
    let output = command.arg(folder.path()).stdin(questions).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("seed {}: netpolicy-ask: {}: {said}", subject.seed, output.status).into());
    }
    let answers: Vec<bool> = output.stdout.iter().map(|answer| *answer == b'1').collect();
    let asked = subject.pairs().count() * subject.ports.len();
    if answers.len() != asked {
        return Err(format!("seed {}: {} answers to {asked} questions", subject.seed, answers.len()).into());
    }
    Ok(Answers::new(subject, &answers))
}

/// Writes a mesh as the one file of a folder.
///
/// # Errors
/// When it cannot be written.
pub fn write_mesh(folder: &Path, objects: &[Value]) -> std::io::Result<()> {
    std::fs::write(folder.join("mesh.json"), isolated::list(objects))
}

fn questions(subject: &Subject) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let mut text = String::new();
    for (from, to) in subject.pairs() {
        for port in &subject.ports {
            text.push_str(&format!("{from} {to} {port}\n"));
        }
    }
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// A protocol without a port means each of its ports. Asked about one connection, the analyzer forgets the protocol
/// then (netpol.go, `ruleConnsContain`); with the range written out it does not.
fn spell_out(mut object: Value) -> Value {
    if object["kind"] == "NetworkPolicy" {
        for direction in ["ingress", "egress"] {
            let rules = object["spec"][direction].as_array_mut().into_iter().flatten();
            let ports = rules.filter_map(|rule| rule.get_mut("ports")?.as_array_mut()).flatten();
            for port in ports.filter(|port| port.get("port").is_none()) {
                port["port"] = json!(1);
                port["endPort"] = json!(65535);
            }
        }
    }
    object
}
