use super::*;

/// A stream that takes nothing, such as /dev/full or a pipe that nobody reads.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PLAIN: Theme = Theme { color: false };

#[test]
fn hints_follow_the_error_and_both_are_harmless() {
    let mut out = Vec::new();
    let error = CliError::usage("no svc `a\u{1b}[2J`").hint("did you mean `b`?");
    error.write(&mut out, PLAIN).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, "error: no svc `a\\u{1b}[2J`\nhint: did you mean `b`?\n");
}

#[test]
fn an_error_that_cannot_be_told_is_no_second_one() {
    let told = CliError::usage("nothing is asked").hint("ask").write(&mut Full, PLAIN);
    assert_eq!(told.unwrap_err().kind(), io::ErrorKind::StorageFull);
}
