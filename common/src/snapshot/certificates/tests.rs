use super::*;

fn held(states: &[(CertificateState, Option<&str>)]) -> Option<Certificate> {
    let identity = Identity::new("td", "a", "web");
    let mut all = Certificates::default();
    for (at, (state, not_after)) in states.iter().enumerate() {
        let node = format!("n{at}").into();
        let not_after = not_after.map(Name::from);
        all.add(identity.clone(), NodeCertificate { node, state: *state, not_after });
    }
    all.of(&identity)
}

#[test]
fn the_worst_state_and_the_first_expiry_count() {
    use CertificateState::{Available, Initializing, Unavailable, Unknown};
    let (early, late) = (Some("2026-01-01T00:00:00Z"), Some("2026-01-02T00:00:00Z"));
    let both = held(&[(Available, late), (Available, early)]).unwrap();
    assert_eq!((both.state, both.not_after.as_deref()), (Available, early));
    assert_eq!(held(&[(Available, late), (Unknown, None)]).unwrap().state, Unknown);
    assert_eq!(held(&[(Unknown, None), (Initializing, None)]).unwrap().state, Initializing);
    let worst = held(&[(Unavailable, None), (Available, late)]).unwrap();
    assert_eq!((worst.state, worst.not_after.as_deref()), (Unavailable, late));
}

#[test]
fn what_no_ztunnel_holds_is_none() {
    assert_eq!(held(&[]), None);
}
