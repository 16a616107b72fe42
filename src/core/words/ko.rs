//! Korean. Particles that depend on the last sound of a name, such as 이 and 가, are avoided after names.

mod dictionary;
mod overrides;

use std::borrow::Cow;

use chrono::{DateTime, Datelike, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::{Aim, Entry, Words, caller_and_role};
use crate::core::fact::{Action, ActionKind};
use crate::core::refusal::Refusal;
use crate::core::status::{Kind, Severity};
use crate::core::trouble::TroubleKind;

pub(super) struct Korean;

/// What services are that did as they were asked.
fn state(aim: Aim) -> &'static str {
    match aim {
        Aim::Up => "실행 중",
        Aim::Down => "중지됨",
        Aim::Restarted => "재시작됨",
        Aim::AsAsked => "요청대로",
        Aim::Accepted => "호출 수락됨",
    }
}

/// What services did not do that are not as they were asked.
fn failure(aim: Aim) -> &'static str {
    match aim {
        Aim::Up => "시작 실패",
        Aim::Down => "중지 실패",
        Aim::Restarted => "재시작 실패",
        Aim::AsAsked | Aim::Accepted => "실패",
    }
}

impl Words for Korean {
    fn headings(&self) -> [&'static str; 3] {
        ["서비스", "동작", "상태"]
    }

    fn action(&self, action: Action) -> String {
        let kind = match action.kind {
            ActionKind::ScaleUp => "스케일 업",
            ActionKind::ScaleDown => "스케일 다운",
            ActionKind::NoChange => "변경 없음",
            ActionKind::Restart => "재시작",
            ActionKind::Update => "업데이트",
        };
        match action.desired_count {
            Some(count) => format!("{kind} (→ {count})"),
            None => kind.to_owned(),
        }
    }

    fn run_task(&self, count: i64) -> String {
        match count {
            1 => "태스크 실행".to_owned(),
            count => format!("태스크 실행 ({count})"),
        }
    }

    fn several(&self) -> &'static str {
        "여러 동작"
    }

    fn more(&self, count: usize) -> String {
        format!("… 외 {count}개")
    }

    fn unknown(&self) -> &'static str {
        "(알 수 없음)"
    }

    fn mark_word(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Bad => "오류",
            Severity::Warn => "경고",
            Severity::Waiting => "대기",
            Severity::Good => "정상",
        }
    }

    fn accepted(&self) -> &'static str {
        "호출 수락됨"
    }

    fn awaited(&self) -> &'static str {
        "호출 대기 중"
    }

    fn called_again(&self) -> &'static str {
        "다시 호출됨"
    }

    fn never_called(&self) -> &'static str {
        "호출되지 않음"
    }

    fn missing(&self) -> &'static str {
        "누락"
    }

    fn record_not_read(&self) -> &'static str {
        "기록을 읽지 못함"
    }

    fn not_read(&self) -> &'static str {
        "읽지 못함"
    }

    fn after_attempts(&self, words: &str, attempts: usize) -> String {
        match words {
            "" => format!("{attempts}번 시도"),
            words => format!("{words}, {attempts}번 시도"),
        }
    }

    fn calls(&self, count: usize, words: &str) -> String {
        format!("호출 {count}건 {words}")
    }

    fn reached(&self, running: i64, took: Option<&str>) -> String {
        let took = took.map_or_else(String::new, |took| format!(" ({took})"));
        match running {
            0 => format!("중지됨{took}"),
            _ => format!("{running}/{running} 실행 중{took}"),
        }
    }

    fn recordless(&self, running: i64) -> String {
        self.reached(running, Some("CloudTrail 기록 없음"))
    }

    fn starting(&self, running: i64, desired: i64) -> String {
        format!("{running}/{desired} 시작 중")
    }

    fn settling(&self, running: i64) -> String {
        format!("{running}/{running} 실행 중, 아직 안정되지 않음")
    }

    fn stopping(&self, running: i64, desired: i64) -> String {
        match desired {
            0 => format!("{running}개 아직 실행 중"),
            _ => format!("{running}/{desired} 중지 중"),
        }
    }

    fn late(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String {
        match after {
            Some(after) if after < TimeDelta::minutes(1) => {
                format!("{} 뒤 {running}/{desired}", self.duration(after))
            }
            Some(after) => format!("{}분 뒤 {running}/{desired}", after.num_minutes()),
            None => format!("{running}/{desired} 실행 중"),
        }
    }

    fn changed(&self, running: i64, desired: i64, asked: i64) -> String {
        match (running, desired) {
            (0, 0) => format!("중지됨, 스케줄 요청은 {asked}개"),
            (running, desired) if running == desired => {
                format!("{running}개 실행 중, 스케줄 요청은 {asked}개")
            }
            _ => format!("{running}/{desired} 실행 중, 스케줄 요청은 {asked}개"),
        }
    }

    fn tasks_do_not_run(&self) -> &'static str {
        "태스크가 실행되지 않음"
    }

    fn started(&self) -> &'static str {
        "시작됨"
    }

    fn working(&self, ended: usize, of: usize) -> String {
        match ended {
            0 => "실행 중".to_owned(),
            _ => format!("{of}개 중 {ended}개 종료"),
        }
    }

    fn finished(&self, took: Option<TimeDelta>) -> String {
        match took {
            None => "종료 코드 0".to_owned(),
            Some(took) => format!("종료 코드 0 ({})", self.duration(took)),
        }
    }

    fn error_code<'a>(&self, code: &'a str) -> Cow<'a, str> {
        match code.strip_prefix("exit code ") {
            Some(code) => format!("종료 코드 {code}").into(),
            None => code.into(),
        }
    }

    fn with_code(&self, words: &str, code: &str) -> String {
        format!("{words} ({})", self.error_code(code))
    }

    fn duration(&self, duration: TimeDelta) -> String {
        let seconds = duration.num_seconds().max(0);
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        match (hours, minutes) {
            (0, 0) => format!("{seconds}초"),
            (0, _) => format!("{minutes}분 {}초", seconds % 60),
            _ => format!("{hours}시간 {minutes}분"),
        }
    }

    fn day(&self, time: DateTime<Tz>) -> String {
        let weekday = match time.weekday() {
            Weekday::Mon => "월",
            Weekday::Tue => "화",
            Weekday::Wed => "수",
            Weekday::Thu => "목",
            Weekday::Fri => "금",
            Weekday::Sat => "토",
            Weekday::Sun => "일",
        };
        format!("{}월 {}일({weekday})", time.month(), time.day())
    }

    fn counted(&self, count: usize, kind: Kind, severity: Severity) -> String {
        let word = match (kind, severity) {
            (Kind::Succeeded, _) => "성공",
            (Kind::Running, _) => "실행 중",
            (Kind::Stopped, _) => "중지됨",
            (Kind::Accepted, _) => "호출 수락됨",
            (Kind::Finished, _) => "완료",
            (Kind::Started, _) => "시작됨",
            (Kind::Working, _) => "아직 실행 중",
            (Kind::Starting, Severity::Bad) => "제시간에 시작되지 않음",
            (Kind::Starting, Severity::Warn) => "안정되지 않음",
            (Kind::Starting, _) => "시작 중",
            (Kind::Stopping, Severity::Warn | Severity::Bad) => "제시간에 중지되지 않음",
            (Kind::Stopping, _) => "중지 중",
            (Kind::Changed, _) => "변경됨",
            (Kind::Failed, _) => "실패",
            (Kind::Missing, Severity::Warn) => "기록을 읽지 못함",
            (Kind::Missing, _) => "호출되지 않음",
            (Kind::Pending, _) => "대기 중",
            (Kind::Resolved, _) => "해결됨",
        };
        format!("{word} {count}")
    }

    fn total(&self, parts: &str) -> String {
        format!("합계: {parts}")
    }

    fn jobs_total(&self, parts: &str, is_runs: bool) -> String {
        let of = if is_runs { "작업 실행" } else { "작업" };
        format!("{of}: {parts}")
    }

    fn called(&self, count: usize, all: usize) -> String {
        format!("{all}개 중 {count}개 호출됨")
    }

    fn missing_among(&self, missing: usize, calls: usize, label: &str) -> String {
        format!("{missing}개 누락, 서비스 이름이 없는 {label} 호출 {calls}건에 포함된 것으로 보임")
    }

    fn nameless(&self, calls: usize, label: &str) -> String {
        format!("서비스 이름이 없는 {label} 호출 {calls}건")
    }

    fn refused(&self) -> &'static str {
        "거부"
    }

    fn all(&self, aim: Aim, count: usize) -> String {
        match (aim, count) {
            (Aim::Accepted, 1) => "호출 1건 수락됨".to_owned(),
            (Aim::Accepted, _) => format!("호출 {count}건 모두 수락됨"),
            (_, 1) => format!("서비스 1개 {}", state(aim)),
            _ => format!("서비스 {count}개 모두 {}", state(aim)),
        }
    }

    fn part(&self, aim: Aim, count: usize, all: usize) -> String {
        format!("{all}개 중 {count}개 {}", state(aim))
    }

    fn so_far(&self, aim: Aim, count: usize) -> String {
        format!("현재까지 {count}개 {}", state(aim))
    }

    fn failed(&self, aim: Aim, names: &[String]) -> String {
        format!("{} {}", self.and(names), failure(aim))
    }

    fn failed_of(&self, aim: Aim, count: usize, all: usize) -> String {
        format!("{all}개 중 {count}개 {}", failure(aim))
    }

    fn failed_count(&self, count: usize) -> String {
        format!("{count}개 실패")
    }

    fn not_as_asked(&self, count: usize) -> String {
        format!("{count}개 요청과 다름")
    }

    fn labelled(&self, count: usize, label: &str) -> String {
        format!("{label} {count}개")
    }

    fn nothing(&self, aim: Aim, all: usize) -> String {
        let what = match aim {
            Aim::Up => "아무것도 시작되지 않음",
            Aim::Down => "아무것도 중지되지 않음",
            Aim::Restarted => "아무것도 재시작되지 않음",
            Aim::AsAsked | Aim::Accepted => "아무 일도 없었음",
        };
        format!("{what}: 서비스 {all}개 중 0개 호출됨")
    }

    fn moved_note(&self) -> &'static str {
        "여기 있던 내용은 다른 곳에서 담당하므로 그쪽에 알립니다."
    }

    fn nothing_known(&self) -> &'static str {
        "보고할 호출 없음"
    }

    fn are(&self, aim: Aim, names: &[String]) -> String {
        match names {
            [_] | [_, _] => format!("{} {}", self.and(names), state(aim)),
            _ => format!("{}개 {}", names.len(), state(aim)),
        }
    }

    fn recovered(&self, what: &str) -> String {
        format!("복구됨: {what}")
    }

    fn now(&self, count: usize, all: usize) -> String {
        format!("현재 {all}개 중 {count}개")
    }

    fn all_jobs(&self, count: usize) -> String {
        match count {
            1 => "작업 1개 정상".to_owned(),
            _ => format!("작업 {count}개 모두 정상"),
        }
    }

    fn part_jobs(&self, count: usize, all: usize) -> String {
        format!("작업 {all}개 중 {count}개 정상")
    }

    fn failed_jobs(&self, names: &[String], all: usize) -> String {
        match names {
            [_] | [_, _] => format!("작업 {} 실패", self.and(names)),
            _ => format!("작업 {all}개 중 {}개 실패", names.len()),
        }
    }

    fn and(&self, names: &[String]) -> String {
        names.join(", ")
    }

    fn title(&self) -> &'static str {
        "ECS 예약 스케일링 요약"
    }

    fn slowest(&self, name: &str, took: TimeDelta) -> String {
        format!("가장 느림: {name}, {}", self.duration(took))
    }

    fn update_to(&self, period: &str, reported: Option<(&str, &str)>) -> String {
        match reported {
            None => format!("{period} 요약의 변경 사항"),
            Some((clock, totals)) => {
                format!("{period} 요약의 변경 사항 ({clock} 보고: {totals})")
            }
        }
    }

    fn change(&self, name: &str, before: &str, after: &str, at: Option<&str>) -> String {
        let at = at.map_or_else(String::new, |clock| format!(" ({clock})"));
        format!("{name}: {before} → {after}{at}")
    }

    fn was_failed(&self) -> &'static str {
        "실패"
    }

    fn recovered_heading(&self) -> &'static str {
        "복구됨"
    }

    fn refusal(&self, refusal: Refusal) -> Entry {
        dictionary::refusal(refusal)
    }

    fn trouble(&self, kind: TroubleKind) -> Entry {
        dictionary::trouble(kind)
    }

    fn in_cluster(&self, words: &str, cluster: &str) -> String {
        format!("클러스터 {cluster}에서 {words}")
    }

    fn never_called_seen(&self, seen: Option<i64>) -> String {
        match seen {
            None => "호출되지 않음".to_owned(),
            Some(seen) => format!("호출되지 않음, ECS의 원하는 개수는 {seen}"),
        }
    }

    fn called_by(&self, caller: &str, count: Option<i64>, clock: &str) -> String {
        let count = count.map_or_else(String::new, |count| format!(" 개수 {count}로"));
        format!("; {clock}에 {}{count} 호출", self.by(caller))
    }

    fn late_reason(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String {
        let after = after.map_or_else(String::new, |after| {
            format!("호출 {} 뒤 ", self.duration(after))
        });
        match (running, desired) {
            (running, 0) => format!("{after}{running}개 아직 실행 중"),
            (running, desired) if running > desired => {
                format!("{after}{desired}개가 아니라 {running}개 아직 실행 중")
            }
            (running, desired) if running == desired => {
                format!("{after}{running}개 실행 중이지만 안정되지 않음")
            }
            _ => format!("{after}{desired}개 중 {running}개 실행 중"),
        }
    }

    fn late_label(&self, running: i64, desired: i64) -> &'static str {
        match running.cmp(&desired) {
            std::cmp::Ordering::Less => "제시간에 시작되지 않음",
            std::cmp::Ordering::Equal => "안정되지 않음",
            std::cmp::Ordering::Greater => "제시간에 중지되지 않음",
        }
    }

    fn changed_reason(&self, desired: i64, asked: i64, who: &str) -> String {
        format!("ECS의 원하는 개수는 {desired}, 스케줄 요청은 {asked}: {who}")
    }

    fn changed_label(&self) -> &'static str {
        "다른 개수"
    }

    fn set_by(&self, caller: &str, clock: &str) -> String {
        format!("{clock}에 {caller} 설정")
    }

    fn set_by_nobody_known(&self) -> &'static str {
        "누가 설정했는지 기록이 없음"
    }

    fn bound(&self, is_minimum: bool, bound: i64) -> String {
        let than = if is_minimum { "이상" } else { "이하" };
        format!("{bound}개 {than}")
    }

    fn kept(&self, bound: &str) -> String {
        format!("Application Auto Scaling이 {bound}로 유지함")
    }

    fn unkept_reason(&self) -> &'static str {
        "기록이 DLQ에 있을 수 있음"
    }

    fn among(&self, names: &str) -> String {
        format!("대상은 아마 {names}")
    }

    fn by(&self, caller: &str) -> String {
        format!("호출자 {caller}")
    }

    fn caller(&self, caller: &str) -> String {
        match caller_and_role(caller) {
            (who, Some(role)) => format!("{who}({role})"),
            ("unknown caller", None) => "알 수 없는 호출자".to_owned(),
            (who, None) => who.to_owned(),
        }
    }

    fn job(&self, name: &str) -> String {
        format!("{name} (작업)")
    }

    fn and_more(&self, names: &str, more: usize) -> String {
        format!("{names} 외 {more}개")
    }

    fn more_reasons(&self, count: usize, reasons: usize) -> String {
        format!("… 외 {count}개, 다른 이유 {reasons}가지")
    }

    fn correct_name(&self, schedule: &str) -> String {
        format!("스케줄 {schedule}의 서비스 이름을 고치거나 스케줄을 지우세요.")
    }

    fn never_called_advice(&self) -> &'static str {
        "스케줄이 활성화되어 있는지, 그 역할을 맡을 수 있는지 확인하세요."
    }

    fn nothing_advice(&self) -> &'static str {
        "차례로 확인하세요: 스케줄이 활성화되어 있는지, 역할을 쓸 수 있는지, CloudTrail 추적이 기록 중인지."
    }

    fn unkept_advice(&self) -> &'static str {
        "DLQ의 메시지를 대기열로 되돌리세요: aws sqs start-message-move-task."
    }

    fn starting_advice(&self) -> &'static str {
        "서비스 이벤트와 중지된 태스크를 보세요."
    }

    fn stopping_advice(&self) -> &'static str {
        "실행 중인 태스크는 비용이 듭니다. 긴 중지 제한 시간이나 축소 보호 때문인지 확인하세요."
    }

    fn changed_advice(&self) -> &'static str {
        "다른 개수를 설정한 쪽이 스케줄보다 우선합니다. 하나로 맞추세요."
    }

    fn bounds_advice(&self) -> &'static str {
        "Application Auto Scaling의 예약된 작업이 같은 시각에 한도를 바꾸게 하세요."
    }

    fn exit_advice(&self) -> &'static str {
        "태스크 로그를 보세요. 프로세스가 오류로 끝났습니다."
    }

    fn schedule_link(&self) -> &'static str {
        "스케줄"
    }

    fn schedules_link(&self) -> &'static str {
        "스케줄 목록"
    }

    fn group_link(&self) -> &'static str {
        "스케줄 그룹"
    }

    fn cluster_link(&self) -> &'static str {
        "클러스터"
    }

    fn service_link(&self) -> &'static str {
        "서비스"
    }

    fn tasks_link(&self) -> &'static str {
        "태스크"
    }

    fn harmless_note(&self, calls: usize) -> String {
        format!(
            "서비스 이름 없이 거부된 호출 {calls}건이 있었지만, 예정된 호출은 모두 수락되었습니다."
        )
    }

    fn bounds_note(&self, services: &str) -> String {
        format!(
            "⚠️ Application Auto Scaling이 다음 조정 때 스케줄을 되돌릴 수 있습니다. 유지하는 한도: {services}."
        )
    }

    fn bounds_brief(&self, count: usize) -> String {
        format!("Auto Scaling이 {count}개를 되돌릴 수 있음")
    }

    fn undone(&self, name: &str, bound: &str, asked: i64) -> String {
        format!("{name} ({bound}, 요청은 {asked}개)")
    }

    fn callers_note(&self, callers: &str, others: usize) -> String {
        match others {
            0 => format!("호출자: {callers}."),
            more => format!("호출자: {callers} 외 {more}명."),
        }
    }

    fn accepted_nameless_note(&self, calls: usize) -> String {
        format!("수락된 호출 {calls}건에 서비스 이름이 없습니다.")
    }

    fn silenced_note(&self) -> &'static str {
        "알림을 끈 시간대이므로, 호출되지 않은 서비스는 보고하지 않습니다."
    }

    fn undecodable_note(&self, messages: usize) -> String {
        format!("⚠️ 메시지 {messages}건을 해독하지 못했습니다. DLQ를 보세요.")
    }

    fn undecodable_brief(&self, messages: usize) -> String {
        format!("읽지 못한 메시지 {messages}건")
    }

    fn working_note(&self, jobs: usize) -> String {
        format!(
            "마지막으로 ECS에 물었을 때 작업 {jobs}개가 아직 실행 중이었습니다. 그 결과는 더 따라가지 않습니다."
        )
    }

    fn unobserved_note(&self, about: Option<&str>, codes: &str) -> String {
        match about {
            None => format!(
                "⚠️ 태스크가 실행되는지 ECS에 물을 수 없었습니다({codes}). 호출이 수락된 것만 확인되었습니다."
            ),
            Some(names) => format!(
                "⚠️ ECS에 물을 수 없었습니다({codes}): {names}. 호출이 수락된 것만 확인되었습니다."
            ),
        }
    }

    fn unasked_about_note(&self, names: &str) -> String {
        format!(
            "해당 계정의 역할이 설정되지 않아 ECS에 묻지 않았습니다: {names}. 호출이 수락된 것만 확인되었습니다."
        )
    }

    fn unobserved_brief(&self) -> &'static str {
        "ECS에 물을 수 없었음"
    }

    fn unasked_note(&self) -> &'static str {
        "✅는 ECS가 호출을 수락했다는 뜻입니다. 태스크가 실행되는지는 묻지 않았습니다."
    }

    fn partial_note(&self) -> &'static str {
        "⚠️ 일부만 표시: 이 시간대의 로그에 접근할 수 없어 한 배치만 보여 줍니다."
    }

    fn partial_brief(&self) -> &'static str {
        "일부만 표시"
    }

    fn fallback_note(&self, reason: &str) -> String {
        format!(
            "⚠️ Slack이 봇을 거부하여({reason}) 웹훅으로 보내며, 이 메시지는 편집되지 않습니다."
        )
    }

    fn all_rows(&self, page: usize, pages: usize) -> String {
        match pages {
            1 => "전체 서비스:".to_owned(),
            _ => format!("전체 서비스 ({page}/{pages}):"),
        }
    }
}
