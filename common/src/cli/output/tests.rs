use super::*;

#[test]
fn only_a_reader_that_went_away_is_no_failure() {
    assert!(unless_closed(Ok(())).is_ok());
    assert!(unless_closed(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
    assert!(unless_closed(Err(io::ErrorKind::StorageFull.into())).is_err());
}
