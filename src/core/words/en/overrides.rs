//! What English messages say of overrides.

use chrono::TimeDelta;

use super::{English, plural};
use crate::core::overrides::Direction;
use crate::core::words::overrides::{Days, Kept, OverrideWords, hours};

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

/// `on Fri 25 Dec`, or `from Thu 24 Dec to Fri 25 Dec`.
fn when(days: &Days) -> String {
    if days.first == days.last {
        format!("on {}", days.first)
    } else {
        format!("from {} to {}", days.first, days.last)
    }
}

fn duration(time: TimeDelta) -> String {
    match hours(time) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

impl OverrideWords for English {
    fn services(&self, count: usize) -> String {
        plural(count, "service", "services")
    }

    fn stays_up(&self, environment: &str, until: &str, instead_of: &str, of: &str) -> String {
        format!("{environment} stays up until {until} instead of {instead_of}{of}")
    }

    fn moved(&self, environment: &str, moves: &[String], of: &str) -> String {
        format!("{environment}: {}{of}", moves.join(", "))
    }

    fn moved_run(&self, schedule: &str, to: &str, from: &str) -> String {
        format!("{schedule} at {to} instead of {from}")
    }

    fn skipped(&self, environment: &str, schedules: &str, days: &Days, of: &str) -> String {
        let when = when(days);
        match days.runs {
            1 => format!("{environment}: {schedules} {when} is skipped{of}"),
            runs => format!("{environment}: {schedules} {when}: {runs} runs are skipped{of}"),
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
        let word = word(direction);
        match at {
            None => format!("{environment} goes {word} now until {until}{of}"),
            Some(at) => format!("{environment} goes {word} from {at} until {until}{of}"),
        }
    }

    fn says(&self, by: &str, reason: Option<&str>) -> String {
        format!(", says {by}{}", because(reason))
    }

    fn runs_at(&self, environment: &str, schedules: &str, time: &str) -> String {
        format!("{environment}: {schedules} runs at {time} as scheduled")
    }

    fn runs_on(&self, environment: &str, schedules: &str, days: &Days) -> String {
        format!(
            "{environment}: {schedules} {} runs as scheduled",
            when(days)
        )
    }

    fn applies_again(&self, environment: &str) -> String {
        format!("{environment}: the schedules apply again")
    }

    fn taken_back(&self, by: &str, made_by: Option<&str>) -> String {
        match made_by {
            Some(made_by) => format!(", {by} took {made_by}'s override back"),
            None => format!(", {by} took the override back"),
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
        let (kept, time, because) = (word(direction), duration(time), because(reason));
        let opposite = match direction {
            Direction::Up => "down",
            Direction::Down => "up",
        };
        if is_done {
            format!("{environment}{of} is {opposite}, kept {kept} by {by} for {time}{because}")
        } else {
            format!("{environment}{of} was kept {kept} by {by} for {time}{because}")
        }
    }
}
