use super::{Glob, Matcher, Outcome, Route, RouteSettings, Routes, Traits, Way};

fn glob(text: &str) -> Glob {
    Glob::parse(text).expect("a pattern")
}

fn route(name: &str, matcher: Matcher) -> Route {
    Route {
        name: name.to_owned(),
        matcher,
        is_continued: false,
        settings: RouteSettings::default(),
        routes: Vec::new(),
    }
}

/// The routes of the issue that asked for routes: `pay`, `search` which continues, and `oncall` for what failed.
fn example() -> Routes {
    let labels = [("team".to_owned(), glob("search"))];
    Routes::new(vec![
        route(
            "pay",
            Matcher {
                cluster: Some(glob("pay-*")),
                ..Matcher::default()
            },
        ),
        Route {
            is_continued: true,
            ..route(
                "search",
                Matcher {
                    labels: labels.into(),
                    ..Matcher::default()
                },
            )
        },
        route(
            "oncall",
            Matcher {
                outcome: Some(Outcome::Failed),
                ..Matcher::default()
            },
        ),
    ])
}

fn names(routes: &Routes, places: impl IntoIterator<Item = usize>) -> String {
    let receivers = routes.receivers();
    let name = |place: usize| receivers[place].name.unwrap_or("default");
    places.into_iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_route_that_matches_takes_it_unless_it_continues() {
    let routes = example();
    let search = [("team".to_owned(), "search".to_owned())].into();
    let of = |cluster, labels, outcome| {
        let traits = Traits {
            cluster: Some(cluster),
            labels,
            outcome,
            ..Traits::default()
        };
        names(&routes, routes.receivers_of(&traits))
    };
    assert_eq!(of("pay-dev", None, None), "pay");
    assert_eq!(of("pay-dev", Some(&search), None), "pay");
    assert_eq!(of("dev", Some(&search), None), "search");
    assert_eq!(of("dev", None, None), "default");
    assert_eq!(of("dev", None, Some(Outcome::Succeeded)), "default");
    assert_eq!(of("dev", None, Some(Outcome::Failed)), "default oncall");
    assert_eq!(of("pay-dev", None, Some(Outcome::Failed)), "pay oncall");
}

#[test]
fn a_route_of_a_route_takes_what_it_matches_and_inherits_what_it_does_not_set() {
    let mut pay = route(
        "pay",
        Matcher {
            cluster: Some(glob("pay-*")),
            ..Matcher::default()
        },
    );
    pay.settings.way = Some(Way::Channel("C0PAY".to_owned()));
    pay.settings.label = Some("payments".to_owned());
    let mut ledger = route(
        "ledger",
        Matcher {
            service: Some(glob("ledger")),
            ..Matcher::default()
        },
    );
    ledger.settings.way = Some(Way::Webhook("/rollcall/ledger".to_owned()));
    pay.routes = vec![ledger];
    let routes = Routes::new(vec![pay, route("rest", Matcher::default())]);
    let of = |service| {
        let traits = Traits {
            cluster: Some("pay-dev"),
            service: Some(service),
            ..Traits::default()
        };
        names(&routes, routes.receivers_of(&traits))
    };
    assert_eq!(of("ledger"), "ledger");
    assert_eq!(of("api"), "pay");
    let receivers = routes.receivers();
    assert_eq!(receivers[2].settings.label.as_deref(), Some("payments"));
    assert_eq!(
        receivers[2].settings.way,
        Some(Way::Webhook("/rollcall/ledger".to_owned()))
    );
    assert_eq!(names(&routes, 0..4), "default pay ledger rest");
}

#[test]
fn calls_without_a_service_go_to_every_route_of_their_cluster() {
    let routes = Routes::new(vec![
        route(
            "api",
            Matcher {
                service: Some(glob("api")),
                ..Matcher::default()
            },
        ),
        route(
            "pay",
            Matcher {
                cluster: Some(glob("pay-*")),
                ..Matcher::default()
            },
        ),
        route(
            "web",
            Matcher {
                cluster: Some(glob("web")),
                ..Matcher::default()
            },
        ),
        route(
            "search",
            Matcher {
                labels: [("team".to_owned(), glob("search"))].into(),
                ..Matcher::default()
            },
        ),
        route(
            "oncall",
            Matcher {
                outcome: Some(Outcome::Failed),
                ..Matcher::default()
            },
        ),
    ]);
    let of = |cluster| {
        let traits = Traits {
            cluster: Some(cluster),
            ..Traits::default()
        };
        names(&routes, routes.receivers_that_may(&traits))
    };
    // Whatever the service is, pay or a route before it takes it, so that nobody after it is concerned.
    assert_eq!(of("pay-dev"), "api pay");
    assert_eq!(of("web"), "api web");
    // The service may be api, have the label, or be one that no route takes.
    assert_eq!(of("shared"), "default api search");
}

#[test]
fn a_route_that_takes_all_calls_of_its_cluster_leaves_them_to_others_where_it_continues() {
    let of_cluster = || Matcher {
        cluster: Some(glob("pay-*")),
        ..Matcher::default()
    };
    let of_label = Matcher {
        labels: [("team".to_owned(), glob("search"))].into(),
        ..Matcher::default()
    };
    let traits = Traits {
        cluster: Some("pay-dev"),
        ..Traits::default()
    };
    let heard = |first: Route| {
        let routes = Routes::new(vec![first, route("search", of_label.clone())]);
        names(&routes, routes.receivers_that_may(&traits))
    };
    assert_eq!(heard(route("pay", of_cluster())), "pay");
    let continued = Route {
        is_continued: true,
        ..route("pay", of_cluster())
    };
    assert_eq!(heard(continued), "pay search");
    // What a route of it takes for sure is not for the route itself.
    let nested = |matcher: Matcher| Route {
        routes: vec![route("ledger", matcher)],
        ..route("pay", of_cluster())
    };
    assert_eq!(heard(nested(of_cluster())), "ledger");
    assert_eq!(heard(nested(of_label.clone())), "pay ledger");
}

#[test]
fn patterns_are_those_of_names() {
    let fits = |pattern: &str, name: &str| Glob::parse(pattern).expect(pattern).matches(name);
    assert!(fits("pay-*", "pay-dev") && !fits("pay-*", "payments"));
    assert!(fits("*", "group/name") && fits("a?c", "abc") && fits("{pay,web}-*", "web-dev"));
    assert!(fits("dev", "dev") && !fits("dev", "dev2") && !fits("Dev", "dev"));
    for wrong in ["", "a[b]", "{a", "a}", "{a,{b}}", "a\\b", "!a"] {
        assert_eq!(Glob::parse(wrong), None, "{wrong}");
    }
}
