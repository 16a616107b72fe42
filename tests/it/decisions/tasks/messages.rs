//! The messages that people get, whole: each in both languages as a snapshot, from which `docs/picture` draws it.

use chrono_tz::Asia;
use rollcall::core::decide::{MessageKind, thread_news};
use rollcall::core::fact::Fact;
use rollcall::core::reader::{AccountNames, Reader, RowLimit};
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::{News, Summary};
use rollcall::core::told::Told;
use rollcall::core::words::Language;
use rollcall::slack::message::{Message, TableForm};
use rollcall::slack::render::render;
use rollcall::slack::reply::reply;

use super::super::story::Story;
use super::super::{at, call, refused};
use super::{Known, add, scaled, seen, steady, story};

/// When all waiting is over.
const OVER: i64 = 3_600;

const NAMES: [&str; 20] = [
    "admin-console",
    "auth",
    "billing",
    "catalog-api",
    "chat-gateway",
    "email-sender",
    "feature-flags",
    "frontend",
    "image-resizer",
    "inventory-sync",
    "nestjs",
    "notification-worker",
    "order-api",
    "payment-gateway",
    "python-api",
    "recommendation",
    "report-builder",
    "search-indexer",
    "session-store",
    "webhook-relay",
];

/// A number of services, of which the first are those of a small team.
fn services(count: usize) -> Vec<String> {
    let teams = [
        "ads", "cart", "data", "feed", "growth", "maps", "media", "risk", "stock", "video",
    ];
    let parts = [
        "api", "cron", "gateway", "indexer", "ingest", "loader", "mailer", "proxy", "relay",
        "scorer", "stream", "sync", "web", "worker",
    ];
    let more = teams
        .iter()
        .flat_map(|team| parts.iter().map(move |part| format!("{team}-{part}")));
    let doubled = teams
        .iter()
        .flat_map(|team| parts.iter().map(move |part| format!("{team}-{part}-b")));
    let few = NAMES.iter().map(|name| (*name).to_owned());
    few.chain(more).chain(doubled).take(count).collect()
}

/// The roster of the schedule `morning` in the Terraform module's group.
fn morning(services: &[String]) -> Known {
    let Fact::Roster(mut roster) = super::super::roster([]) else {
        unreachable!("it is a roster");
    };
    roster.services = services.iter().map(|name| (name.clone(), 1)).collect();
    roster.group = Some("rollcall-dev".to_owned());
    Known::Fact(Fact::Roster(roster))
}

/// A service that is called a few seconds later than the one before, and comes up.
fn comes_up(number: usize, name: &str) -> [Known; 2] {
    let number = i64::try_from(number).unwrap();
    let called = 3 + number * 290 / 50 % 290;
    let took = if name == "billing" {
        252
    } else {
        31 + number * 37 % 150
    };
    let reached = called + took;
    [
        scaled(name, called, 1),
        steady(name, reached + 5, "1/1", reached),
    ]
}

fn all_up(count: usize) -> Vec<Known> {
    let services = services(count);
    let mut known = vec![morning(&services)];
    for (number, name) in services.iter().enumerate() {
        known.extend(comes_up(number, name));
    }
    known
}

/// All of 20 services come up but `frontend`.
fn one_failed() -> Vec<Known> {
    let services = services(20);
    let mut known = vec![morning(&services)];
    for (number, name) in services.iter().enumerate() {
        match name.as_str() {
            "frontend" => known.push(refused("frontend", 42).into()),
            name => known.extend(comes_up(number, name)),
        }
    }
    known
}

/// Of 263 services 8 are throttled, and 4 are not found.
fn many_failed() -> Vec<Known> {
    let services = services(263);
    let mut known = vec![morning(&services)];
    let throttled = [
        "feed-api",
        "feed-cron",
        "feed-gateway",
        "feed-indexer",
        "feed-ingest",
        "feed-loader",
        "maps-api",
        "maps-cron",
    ];
    let unknown = ["media-loader", "risk-mailer", "stock-proxy", "video-scorer"];
    for (number, name) in services.iter().enumerate() {
        match name.as_str() {
            name if throttled.contains(&name) => {
                let error = ("ThrottlingException", "Rate exceeded");
                known.push(call(Some(name), 7, Some(error)).into());
            }
            name if unknown.contains(&name) => known.push(refused(name, 9).into()),
            name => known.extend(comes_up(number, name)),
        }
    }
    known
}

/// None of 20 services is called, and ECS has none of them running.
fn nothing() -> Vec<Known> {
    let services = services(20);
    let looks = services.iter().map(|name| seen(name, 910, "0/0"));
    std::iter::once(morning(&services)).chain(looks).collect()
}

fn reader(language: Language) -> Reader {
    Reader {
        timezone: Asia::Seoul,
        language,
        rows: RowLimit::default(),
        accounts: AccountNames::NONE,
    }
}

fn all(snapshot: &WindowSnapshot<'_>) -> Vec<usize> {
    (0..snapshot.statuses.len()).collect()
}

/// Checks the first lines in English, and keeps the message in both languages.
fn check(name: &str, first: [&str; 2], say: impl Fn(Reader) -> Message) {
    for language in Language::ALL {
        let message = say(reader(language));
        let body = serde_json::to_value(&message).unwrap();
        if language == Language::English {
            assert_eq!(message.text.lines().next(), Some(first[0]));
            let blocks = body["blocks"].as_array().unwrap();
            let text = |block: usize| {
                let block = &blocks[block];
                block["text"]["text"]
                    .as_str()
                    .or(block["elements"][0]["text"].as_str())
                    .unwrap()
            };
            assert_eq!(text(0).trim_matches('*'), first[0]);
            assert!(text(1).starts_with(first[1]), "{}", text(1));
        }
        insta::with_settings!({
            snapshot_path => "../../../../docs/picture/messages",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_json_snapshot!(format!("{name}.{language}"), body);
        });
    }
}

fn summarized(known: &[Known], reader: Reader) -> Message {
    let summary = story(known).at(OVER, |snapshot| {
        Summary::new(snapshot, &all(snapshot), MessageKind::First, reader)
    });
    render(&summary, Some("<!here>"), TableForm::Table)
}

#[test]
fn everything_is_up() {
    check(
        "all-up",
        [
            "✅ dev · all 50 services up",
            "ECS Scheduled Scaling Summary · Mon 15 Jan 09:00~09:05 KST · slowest: billing, 4 min 12 s",
        ],
        |reader| summarized(&all_up(50), reader),
    );
}

#[test]
fn one_service_does_not_start() {
    check(
        "one-failed",
        [
            "❌ dev · frontend did not start · 19 of 20 up",
            "ECS Scheduled Scaling Summary · Mon 15 Jan 09:00~09:02 KST",
        ],
        |reader| summarized(&one_failed(), reader),
    );
}

#[test]
fn many_services_do_not_start() {
    check(
        "many-failed",
        [
            "❌ dev · 12 of 263 did not start · 8 throttled, 4 not found",
            "ECS Scheduled Scaling Summary",
        ],
        |reader| summarized(&many_failed(), reader),
    );
}

#[test]
fn nothing_starts() {
    check(
        "nothing",
        [
            "❌ dev · nothing started: 0 of 20 services called",
            "ECS Scheduled Scaling Summary",
        ],
        |reader| summarized(&nothing(), reader),
    );
}

/// `frontend` is called again at 09:19, by a retry, and comes up at 09:24.
fn recovered() -> Story {
    let again = [
        scaled("frontend", 1_180, 1),
        steady("frontend", 1_445, "1/1", 1_440),
    ];
    add(story(&one_failed()), 1_180, &again)
}

#[test]
fn a_service_recovers() {
    check(
        "recovered",
        [
            "✅ dev · recovered: frontend is up · now 20 of 20",
            "Update to Mon 15 Jan 09:00 KST (reported 09:11: 1 failed)",
        ],
        |reader| {
            let story = recovered();
            let report = story.told(660);
            assert_eq!(report.said_at, Some(at(660)));
            let summary = story.at(OVER, |snapshot| {
                let runs = all(snapshot);
                let is_it = |&index: &usize| snapshot.statuses[index].run.attempts.len() == 2;
                let changed: Vec<usize> = runs.into_iter().filter(is_it).collect();
                Summary::changes(snapshot, &changed, &report, reader)
            });
            assert!(summary.changes[0].ends_with(match reader.language {
                Language::English => "❌ service not found → ✅ 1/1 running at 09:24",
                Language::Korean => "❌ 서비스를 찾을 수 없음 → ✅ 1/1 실행 중 (09:24)",
            }));
            render(&summary, Some("<!here>"), TableForm::Table)
        },
    );
}

/// A bot's message at a moment.
fn live(seconds: i64, has_ended: bool, reader: Reader) -> Message {
    let mut known = one_failed();
    // What ECS has not said yet, and what was not called yet.
    known.retain(|known| match known {
        Known::Fact(Fact::UpdateService(call)) => call.event_time <= at(seconds),
        Known::Fact(_) => true,
        Known::Answer(asked_at, _) => *asked_at <= seconds,
    });
    let summary = story(&known).at(seconds, |snapshot| {
        Summary::live(
            snapshot,
            &all(snapshot),
            MessageKind::First,
            has_ended,
            reader,
        )
    });
    render(&summary, None, TableForm::Table)
}

#[test]
fn a_live_message_goes_through_its_stages() {
    let subtitle = "ECS Scheduled Scaling Summary · Mon 15 Jan 09:00";
    check("live-1", ["⏳ dev · 0 of 20 up", subtitle], |reader| {
        live(30, false, reader)
    });
    check(
        "live-2",
        ["⏳ dev · 10 of 20 up · 1 failed", subtitle],
        |reader| live(200, false, reader),
    );
    check(
        "live-3",
        ["❌ dev · frontend did not start · 19 of 20 up", subtitle],
        |reader| live(OVER, true, reader),
    );
}

#[test]
fn a_thread_hears_of_a_failure_and_of_its_recovery() {
    let news = |story: &Story, replied: &mut Told, reader: Reader| {
        story.at(OVER, |snapshot| {
            let news = thread_news(snapshot, &all(snapshot), replied, true).unwrap();
            for &index in &news.failed {
                let one = &snapshot.statuses[index];
                replied.tell(one.subject, one.run, &one.status);
            }
            reply(&News::of(snapshot, &news, reader), Some("<!here>"))
        })
    };
    let failed = |replied: &mut Told, reader| news(&story(&one_failed()), replied, reader);
    check(
        "thread-1",
        [
            "❌ dev · frontend did not start",
            "*frontend*: service not found in cluster dev",
        ],
        |reader| failed(&mut Told::default(), reader),
    );
    let mut replied = Told::default();
    failed(&mut replied, reader(Language::English));
    let said = news(&recovered(), &mut replied, reader(Language::English));
    assert_eq!(said.text, "✅ dev · recovered: frontend is up");
}
