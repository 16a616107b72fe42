//! What Korean messages say of overrides.

use chrono::TimeDelta;

use super::Korean;
use crate::core::overrides::Direction;
use crate::core::words::overrides::{Days, Kept, OverrideWords, hours};

/// `12월 25일(금)`, or `12월 24일(목)~12월 25일(금)`.
fn when(days: &Days) -> String {
    if days.first == days.last {
        days.first.clone()
    } else {
        format!("{}~{}", days.first, days.last)
    }
}

fn duration(time: TimeDelta) -> String {
    match hours(time) {
        (0, minutes) => format!("{minutes}분"),
        (hours, 0) => format!("{hours}시간"),
        (hours, minutes) => format!("{hours}시간 {minutes}분"),
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

impl OverrideWords for Korean {
    fn services(&self, count: usize) -> String {
        format!("서비스 {count}개")
    }

    fn stays_up(&self, environment: &str, until: &str, instead_of: &str, of: &str) -> String {
        format!("{environment}: {instead_of} 대신 {until}까지 계속 실행{of}")
    }

    fn moved(&self, environment: &str, moves: &[String], of: &str) -> String {
        format!("{environment}: {}{of}", moves.join(", "))
    }

    fn moved_run(&self, schedule: &str, to: &str, from: &str) -> String {
        format!("{schedule} 실행을 {from} 대신 {to}에")
    }

    fn skipped(&self, environment: &str, schedules: &str, days: &Days, of: &str) -> String {
        let when = when(days);
        match days.runs {
            1 => format!("{environment}: {when} {schedules} 실행을 건너뜀{of}"),
            runs => format!("{environment}: {when} {schedules} 실행 {runs}회를 건너뜀{of}"),
        }
    }

    fn goes(
        &self,
        environment: &str,
        direction: Direction,
        at: Option<&str>,
        until: &str,
        of: &str,
    ) -> String {
        let at = at.map_or_else(|| "지금".to_owned(), |at| format!("{at}에"));
        match direction {
            Direction::Up => format!("{environment}: {at} 시작해 {until}까지 실행{of}"),
            Direction::Down => format!("{environment}: {at} 중지해 {until}까지 멈춤{of}"),
        }
    }

    fn says(&self, by: &str, reason: Option<&str>) -> String {
        format!(" · 요청: {by}{}", because(reason))
    }

    fn runs_at(&self, environment: &str, schedules: &str, time: &str) -> String {
        format!("{environment}: {schedules} 스케줄이 예정대로 {time}에 실행됨")
    }

    fn runs_on(&self, environment: &str, schedules: &str, days: &Days) -> String {
        format!(
            "{environment}: {} {schedules} 스케줄이 예정대로 실행됨",
            when(days)
        )
    }

    fn applies_again(&self, environment: &str) -> String {
        format!("{environment}: 다시 스케줄대로 실행됨")
    }

    fn taken_back(&self, by: &str, made_by: Option<&str>) -> String {
        match made_by {
            Some(made_by) => format!(" · {by} 님이 {made_by} 님의 변경을 취소"),
            None => format!(" · {by} 님이 변경을 취소"),
        }
    }

    fn was_kept(&self, environment: &str, kept: &Kept<'_>) -> String {
        let Kept {
            of,
            by,
            direction,
            is_done,
            time,
            reason,
        } = *kept;
        let (time, because) = (duration(time), because(reason));
        let (kept, done) = match direction {
            Direction::Up => ("더 실행", "중지됨"),
            Direction::Down => ("더 멈춤", "실행됨"),
        };
        let done = if is_done {
            format!(" {done}")
        } else {
            String::new()
        };
        format!("{environment}{of}{done} · {by} 님 요청으로 {time} {kept}{because}")
    }
}
