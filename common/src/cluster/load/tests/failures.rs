//! What a server refuses or does not answer, and what is told of it.

use super::*;

#[test]
fn servers_that_are_busy_are_asked_again_and_only_a_few_times() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let busy = server(move |path| {
        let answer = || {
            match counted.fetch_add(1, Ordering::SeqCst) {
            0 => "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
            1 => response("500 Internal Server Error", FORBIDDEN),
            _ => pods(&[pod("a", "1")], ""),
        }
        };
        path.starts_with("/api/v1/pods").then(answer)
    });
    assert_eq!(names(&read(&busy)), ["a/1"]);
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let down = server(|path| {
        path.starts_with("/api/v1/pods").then(|| response("503 Service Unavailable", FORBIDDEN))
    });
    let [(_, Why::Failed(error))] = &not_read(&read(&down), "pods")[..] else { panic!("pods were read") };
    assert_eq!(error, "the API server answered 503 Service Unavailable: you shall not");
}

/// A list that hangs is a gap; a server that hangs is an error; both come in time.
#[test]
fn what_hangs_is_told_in_time() {
    let hang = || {
        std::thread::sleep(Duration::from_secs(30));
        String::new()
    };
    let started = Instant::now();
    let timeout = Some(Duration::from_millis(1500));
    let slow = server(move |path| path.starts_with("/api/v1/pods").then(hang));
    let loaded = read_with(&slow, &everything(), timeout).unwrap();
    assert!(matches!(&not_read(&loaded, "pods")[..], [(_, Why::TimedOut(_))]));
    let dead = server(move |_| Some(hang()));
    let error = read_with(&dead, &everything(), timeout).unwrap_err();
    assert!(error.message.contains("did not answer within 1.5 s"), "{}", error.message);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn a_timeout_that_no_clock_reaches_is_none() {
    let server = server(|_| None);
    assert!(read_with(&server, &everything(), Some(Duration::MAX)).is_ok());
}

#[test]
fn credentials_that_are_refused_end_it() {
    let server =
        server(|path| path.starts_with("/api/v1/pods").then(|| response("401 Unauthorized", FORBIDDEN)));
    let error = read_with(&server, &everything(), None).unwrap_err();
    let expected = format!("the API server `http://{}` let nobody in: it was told no user", server.address);
    assert_eq!(error.message, expected);
}

#[test]
fn where_nothing_may_be_read_the_error_names_the_right() {
    let server = server(|_| Some(response("403 Forbidden", FORBIDDEN)));
    let error = read_with(&server, &everything(), None).unwrap_err();
    assert_eq!(error.message, "nothing could be read: you may not list any of what the question needs");
    let first = "ask for {apiGroups: [\"\"], resources: [\"pods\", \"namespaces\"], verbs: [\"list\"]} in a ClusterRole";
    assert_eq!(error.hints[0], first);
    let policies =
        "resources: [\"authorizationpolicies\", \"peerauthentications\"], verbs: [\"list\"]} in a Role of";
    assert!(error.hints.iter().any(|hint| hint.contains(policies)), "{:?}", error.hints);
}

/// Whoever may not act as somebody else may not do it for any list.
#[test]
fn who_may_not_act_as_somebody_else_is_told_that() {
    for verb in ["impersonate", "impersonate:user-info", "impersonate-on:user-info:list"] {
        let server = server(move |_| {
            let said = format!(
                r#"{{"kind":"Status","message":"users \"boss\" is forbidden: User \"me\" cannot {verb} resource \"users\" in API group \"\""}}"#
            );
            Some(response("403 Forbidden", &said))
        });
        let error = read_with(&server, &everything(), None).unwrap_err();
        assert!(error.message.contains(&format!("cannot {verb} resource")), "{}", error.message);
        assert!(error.hints[0].contains("verbs: [\"impersonate\"]"), "{:?}", error.hints);
    }
}

/// A slow server is not asked for what the first answers point at; that is told then.
#[test]
fn what_is_given_up_is_not_taken_for_read() {
    let server = server(|path| match path.split('?').next()? {
        "/api/v1/pods" => {
            std::thread::sleep(Duration::from_secs(30));
            None
        }
        "/api/v1/namespaces/istio-system/configmaps" => Some(ok(
            r#"{"kind":"ConfigMapList","metadata":{},"items":[{"metadata":{"name":"istio","namespace":"istio-system"},
                "data":{"mesh":"rootNamespace: policies"}}]}"#,
        )),
        _ => None,
    });
    let loaded = read_with(&server, &everything(), Some(Duration::from_millis(1500))).unwrap();
    let missing = not_read(&loaded, "authorizationpolicies.security.istio.io");
    let given_up =
        |(extent, why): &(String, Why)| extent.contains("`policies`") && matches!(why, Why::TimedOut(_));
    assert!(missing.iter().any(given_up), "{missing:?}");
}

/// What nobody asked for stands among what was not read, and is no reason.
#[test]
fn the_cause_of_no_answer_is_a_list_that_was_asked_for() {
    let server = server(|path| (path != "/apis").then(|| response("403 Forbidden", FORBIDDEN)));
    let needs = Needs::default().with(Topic::Nodes, Extent::all());
    let error = read_with(&server, &needs, None).unwrap_err();
    assert_eq!(error.message, "nothing could be read: you may not list any of what the question needs");
}
