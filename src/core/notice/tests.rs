//! How overrides are worded.

use chrono::{DateTime, Utc};

use super::{Notice, ended};
use crate::core::overrides::{Change, Direction, Kind, Override, Phase};
use crate::core::reader::Reader;
use crate::core::words::Language;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A run of 20 services that comes at one time instead of at another.
fn moved(schedule: &str, from: Option<&str>, to: Option<&str>) -> Change {
    Change {
        schedule: schedule.to_owned(),
        from: from.map(time),
        to: to.map(time),
        services: None,
        calls: 20,
        direction: None,
        is_job: false,
    }
}

/// Something that kim asked for at 17:30 in Seoul, until 22:00.
fn asked(kind: Kind, changes: Vec<Change>) -> Override {
    Override {
        id: "k3x9p2ab".to_owned(),
        phase: Phase::Began,
        kind,
        environment: "dev".to_owned(),
        by: "kim".to_owned(),
        made_by: None,
        reason: None,
        scheduled_time: time("2024-01-15T08:30:00Z"),
        created_at: time("2024-01-15T08:29:00Z"),
        until: time("2024-01-15T13:00:00Z"),
        zone: "Asia/Seoul".to_owned(),
        account: "111122223333".to_owned(),
        region: "ap-northeast-2".to_owned(),
        changes,
    }
}

fn evening() -> Change {
    moved(
        "evening",
        Some("2024-01-15T09:00:00Z"),
        Some("2024-01-15T13:00:00Z"),
    )
}

fn line_at(one: &Override, at: DateTime<Utc>) -> String {
    let reader = Reader::english(chrono_tz::Asia::Seoul);
    let notice = Notice::of(one, "dev", at, reader);
    notice.map_or_else(|| "nothing".to_owned(), |notice| notice.line)
}

fn line(one: &Override) -> String {
    line_at(one, one.scheduled_time)
}

#[test]
fn an_extension_names_both_times_and_whose_wish_it_is() {
    let mut one = asked(Kind::Extend, vec![evening()]);
    let plain = "⏰ dev stays up until 22:00 instead of 18:00 (20 services), says kim";
    assert_eq!(line(&one), plain);
    one.reason = Some(" \n".to_owned());
    assert_eq!(line(&one), plain);
    one.reason = Some("demo".to_owned());
    assert_eq!(line(&one), format!("{plain}: demo"));
    one.changes[0].services = Some(vec!["web".to_owned(), "api".to_owned()]);
    assert_eq!(
        line(&one),
        "⏰ dev stays up until 22:00 instead of 18:00 (api, web), says kim: demo"
    );
    one.changes[0].services = Some(["a", "b", "c", "d"].map(str::to_owned).to_vec());
    assert!(line(&one).contains("(4 services)"), "{}", line(&one));
}

#[test]
fn a_time_of_another_day_or_another_zone_says_so() {
    let mut one = asked(Kind::Extend, vec![evening()]);
    one.changes[0].to = Some(time("2024-01-15T17:00:00Z"));
    assert_eq!(
        line(&one),
        "⏰ dev stays up until Tue 16 Jan 02:00 instead of Mon 15 Jan 18:00 (20 services), says kim"
    );
    let line = |one: &Override| {
        let notice = Notice::of(
            one,
            "dev",
            one.scheduled_time,
            Reader::english(chrono_tz::UTC),
        );
        notice.unwrap().line
    };
    one.changes = vec![evening()];
    let seoul = "⏰ dev stays up until 22:00 KST instead of 18:00 KST (20 services), says kim";
    assert_eq!(line(&one), seoul);
    one.zone = "Moon/Crater".to_owned();
    let unknown = "⏰ dev stays up until 13:00 instead of 09:00 (20 services), says kim";
    assert_eq!(line(&one), unknown);
}

#[test]
fn runs_that_move_differently_are_listed_and_a_later_morning_keeps_nothing_up() {
    let late = moved(
        "reports",
        Some("2024-01-15T09:30:00Z"),
        Some("2024-01-15T13:30:00Z"),
    );
    let one = asked(Kind::Extend, vec![evening(), late]);
    assert_eq!(
        line(&one),
        "⏰ dev: evening at 22:00 instead of 18:00, reports at 22:30 instead of 18:30 (40 services), says kim"
    );
    let mut one = asked(Kind::Extend, vec![evening()]);
    one.changes[0].direction = Some(Direction::Up);
    assert_eq!(
        line(&one),
        "⏰ dev: evening at 22:00 instead of 18:00 (20 services), says kim"
    );
    one.phase = Phase::Ended;
    assert_eq!(line(&one), "⏰ dev was kept down by kim for 4 h");
}

#[test]
fn a_job_keeps_nothing_up_and_a_run_of_another_day_does_not_either() {
    let mut job = asked(Kind::Extend, vec![evening()]);
    job.changes[0].schedule = "report".to_owned();
    job.changes[0].is_job = true;
    assert_eq!(
        line(&job),
        "⏰ dev: report at 22:00 instead of 18:00, says kim"
    );
    job.phase = Phase::Ended;
    assert_eq!(line(&job), "nothing");

    let mut monday = asked(Kind::Extend, vec![evening()]);
    monday.scheduled_time = time("2024-01-12T10:30:00Z");
    assert_eq!(
        line(&monday),
        "⏰ dev: evening at Mon 15 Jan 22:00 instead of 18:00 (20 services), says kim"
    );
}

#[test]
fn skipped_runs_are_counted_between_their_days() {
    let morning = |day: u8| moved("morning", Some(&format!("2024-01-{day}T00:00:00Z")), None);
    let mut one = asked(Kind::Skip, vec![morning(25)]);
    one.reason = Some("holiday".to_owned());
    assert_eq!(
        line(&one),
        "⏰ dev: morning on Thu 25 Jan is skipped (20 services), says kim: holiday"
    );
    one.changes = vec![morning(26), morning(25)];
    assert_eq!(
        line(&one),
        "⏰ dev: morning from Thu 25 Jan to Fri 26 Jan: 2 runs are skipped (20 services), says kim: holiday"
    );
    one.phase = Phase::Cancelled;
    assert_eq!(
        line(&one),
        "⏰ dev: morning from Thu 25 Jan to Fri 26 Jan runs as scheduled, kim took the override back"
    );
    one.phase = Phase::Ended;
    assert_eq!(line(&one), "nothing");
}

#[test]
fn who_starts_or_stops_says_until_when() {
    let now = moved("morning", None, Some("2024-01-15T08:30:00Z"));
    let mut one = asked(
        Kind::Up,
        vec![
            now.clone(),
            moved("evening", None, Some("2024-01-15T13:00:00Z")),
        ],
    );
    assert_eq!(
        line(&one),
        "⏰ dev goes up now until 22:00 (20 services), says kim"
    );
    let late = line_at(&one, time("2024-01-15T10:00:00Z"));
    assert_eq!(
        late,
        "⏰ dev goes up from 17:30 until 22:00 (20 services), says kim"
    );
    one.phase = Phase::Cancelled;
    one.by = "lee".to_owned();
    one.made_by = Some("kim".to_owned());
    assert_eq!(
        line(&one),
        "⏰ dev: the schedules apply again, lee took kim's override back"
    );
    let mut one = asked(Kind::Down, vec![now]);
    one.until = time("2024-01-22T00:00:00Z");
    assert_eq!(
        line(&one),
        "⏰ dev goes down now until Mon 22 Jan 09:00 (20 services), says kim"
    );
}

#[test]
fn who_takes_it_back_in_time_hears_when_the_run_comes() {
    let mut one = asked(Kind::Extend, vec![evening()]);
    one.phase = Phase::Cancelled;
    one.by = "lee".to_owned();
    one.made_by = Some("kim".to_owned());
    assert_eq!(
        line(&one),
        "⏰ dev: evening runs at 18:00 as scheduled, lee took kim's override back"
    );
    // The run of 18:00 is over then.
    one.scheduled_time = time("2024-01-15T11:00:00Z");
    assert_eq!(
        line(&one),
        "⏰ dev: the schedules apply again, lee took kim's override back"
    );
}

#[test]
fn the_end_says_for_how_long_and_is_down_only_where_that_is_known() {
    let mut one = asked(Kind::Extend, vec![evening()]);
    one.phase = Phase::Ended;
    one.reason = Some("demo".to_owned());
    let reader = Reader::english(chrono_tz::Asia::Seoul);
    assert_eq!(line(&one), "⏰ dev was kept up by kim for 4 h: demo");
    assert_eq!(
        ended(&one, "dev", true, reader).unwrap(),
        "⏰ dev is down, kept up by kim for 4 h: demo"
    );
    one.changes[0].to = Some(time("2024-01-15T10:30:00Z"));
    assert_eq!(line(&one), "⏰ dev was kept up by kim for 1 h 30 min: demo");
    one.changes[0].to = one.changes[0].from;
    assert_eq!(line(&one), "nothing");
}

#[test]
fn korean_readers_read_korean() {
    let korean = Reader {
        language: Language::Korean,
        ..Reader::english(chrono_tz::Asia::Seoul)
    };
    let line = |one: &Override| {
        Notice::of(one, "dev", one.scheduled_time, korean)
            .unwrap()
            .line
    };
    let mut one = asked(Kind::Extend, vec![evening()]);
    one.reason = Some("demo".to_owned());
    assert_eq!(
        line(&one),
        "⏰ dev: 18:00 대신 22:00까지 계속 실행 (서비스 20개) · 요청: kim (demo)"
    );
    one.phase = Phase::Ended;
    assert_eq!(line(&one), "⏰ dev · kim 님 요청으로 4시간 더 실행 (demo)");
    assert_eq!(
        ended(&one, "dev", true, korean).unwrap(),
        "⏰ dev 중지됨 · kim 님 요청으로 4시간 더 실행 (demo)"
    );
    one.phase = Phase::Cancelled;
    one.by = "lee".to_owned();
    one.made_by = Some("kim".to_owned());
    assert_eq!(
        line(&one),
        "⏰ dev: evening 스케줄이 예정대로 18:00에 실행됨 · lee 님이 kim 님의 변경을 취소"
    );
}
