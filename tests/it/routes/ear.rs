//! A receiver in memory: a webhook or a bot, with its troubles.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rollcall::core::notice::Notice;
use rollcall::core::report::Bookmark;
use rollcall::core::status::Severity;
use rollcall::core::summary::{News, Summary};
use rollcall::core::window::WindowKey;
use rollcall::ports::notifier::{Channel, Delivery, Notifier, NotifyError};
use tokio::time::Instant;

use super::world::Ending;

/// For how many seconds at most a visit may wait for somebody who does not answer.
pub const PATIENCE: i64 = 10;

/// What is wrong with a receiver while it is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No connection can be opened.
    Refusing,
    /// It takes the message, and its answer is lost.
    AnswerLost,
    /// It does not answer until the time is over.
    Hanging,
    /// It asks not to be called for ten minutes.
    Limiting,
}

impl Trouble {
    pub const ALL: [Self; 4] = [
        Self::Refusing,
        Self::AnswerLost,
        Self::Hanging,
        Self::Limiting,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Refusing => "refusing",
            Self::AnswerLost => "answer lost",
            Self::Hanging => "hanging",
            Self::Limiting => "limiting",
        }
    }
}

/// What a receiver took in.
#[derive(Debug, Clone)]
pub struct Heard {
    /// In seconds since the window's start.
    pub at: i64,
    pub rows: BTreeMap<String, Ending>,
    pub is_post: bool,
}

/// A receiver.
#[derive(Debug)]
pub struct Ear {
    pub name: String,
    pub is_bot: bool,
    /// Its trouble, from and until when, in seconds since the window's start.
    pub down: Option<(Trouble, i64, i64)>,
    pub clock: Rc<Cell<i64>>,
    pub heard: RefCell<Vec<Heard>>,
}

impl Ear {
    /// Whether it reads one message that is edited. Who asks for failures is told at the end, bot or not.
    pub fn follows(&self) -> bool {
        self.is_bot && self.name != "route:oncall"
    }

    /// How each service stands, as far as it heard.
    pub fn knows(&self) -> BTreeMap<String, Ending> {
        let heard = self.heard.borrow();
        if self.follows() {
            // The message shows what it was edited to last.
            let rows = heard.last().map(|heard| heard.rows.clone());
            return rows.unwrap_or_default();
        }
        heard.iter().flat_map(|heard| heard.rows.clone()).collect()
    }

    /// Everything that it was told, in order.
    pub fn tellings(&self) -> Vec<(String, Ending)> {
        let heard = self.heard.borrow();
        heard.iter().flat_map(|heard| heard.rows.clone()).collect()
    }

    /// Takes a message in, or not.
    async fn take<T>(
        &self,
        summary: &Summary,
        is_post: bool,
        result: T,
        deadline: Instant,
    ) -> Delivery<T> {
        let now = self.clock.get();
        let down = self
            .down
            .filter(|(_, from, to)| (*from..*to).contains(&now));
        let trouble = down.map(|(trouble, ..)| trouble);
        if matches!(trouble, None | Some(Trouble::AnswerLost)) {
            self.heard.borrow_mut().push(Heard {
                at: now,
                rows: rows(summary),
                is_post,
            });
        }
        let error = fail(trouble, &self.clock, deadline).await;
        Delivery {
            result: error.map_or(Ok(result), Err),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }
}

/// What somebody with this trouble answers to a request that has until `deadline`.
pub async fn fail(
    trouble: Option<Trouble>,
    clock: &Cell<i64>,
    deadline: Instant,
) -> Option<NotifyError> {
    Some(match trouble? {
        Trouble::Refusing => NotifyError::Transport("refused".to_owned()),
        Trouble::AnswerLost => NotifyError::Unanswered("lost".to_owned()),
        Trouble::Limiting => NotifyError::RateLimited {
            retry_after: Duration::from_mins(10),
        },
        Trouble::Hanging => {
            let_others_go_on().await;
            // What is left is a little less than what was given, in whole seconds.
            let left = deadline.duration_since(Instant::now()).as_secs() + 1;
            clock.set(clock.get() + i64::try_from(left).unwrap());
            NotifyError::Unanswered("no answer".to_owned())
        }
    })
}

/// Whoever is told at the same time has its turn first.
async fn let_others_go_on() {
    let mut is_second = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut is_second, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn rows(summary: &Summary) -> BTreeMap<String, Ending> {
    let rows = summary.rows.iter();
    rows.map(|row| {
        let ending = match row.status.severity {
            Severity::Good => Ending::Accepted,
            Severity::Waiting => Ending::Open,
            _ if row.status.words.contains("missing") || row.status.words.contains("never") => {
                Ending::Missing
            }
            _ => Ending::Refused,
        };
        // The receiver of several teams reads their names with their clusters.
        let name = row.service.rsplit('/').next().unwrap_or_default();
        (name.to_owned(), ending)
    })
    .collect()
}

impl Notifier for &Ear {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        self.take(summary, true, (), deadline).await
    }

    async fn tell(&self, _: &Notice, _: Instant) -> Delivery {
        unreachable!("nobody makes an override here")
    }

    fn live(&self) -> Option<&impl Channel> {
        self.is_bot.then_some(*self)
    }
}

impl Channel for Ear {
    async fn post(
        &self,
        _: &WindowKey,
        start: DateTime<Utc>,
        summary: &Summary,
        deadline: Instant,
    ) -> Delivery<Bookmark> {
        let bookmark = Bookmark(start.to_rfc3339());
        self.take(summary, true, bookmark, deadline).await
    }

    async fn edit(&self, _: &Bookmark, summary: &Summary, deadline: Instant) -> Delivery {
        self.take(summary, false, (), deadline).await
    }

    async fn reply(&self, _: &Bookmark, _: &News, _: Instant) -> Delivery {
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }

    async fn list(&self, _: &Bookmark, _: &Summary, _: usize, _: Instant) -> Delivery {
        unreachable!("every message shows all of its rows")
    }

    async fn announce(&self, _: &WindowKey, _: &Notice, _: Instant) -> Delivery {
        unreachable!("nobody makes an override here")
    }

    async fn has_announced(
        &self,
        _: &WindowKey,
        _: &Notice,
        _: Instant,
    ) -> Result<bool, NotifyError> {
        unreachable!("nobody makes an override here")
    }

    async fn find(
        &self,
        key: &WindowKey,
        _: Instant,
    ) -> Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError> {
        let heard = self.heard.borrow();
        let is_posted = heard.iter().any(|heard| heard.is_post);
        let found = is_posted.then(|| (key.start, Bookmark(key.start.to_rfc3339())));
        Ok(found.into_iter().collect())
    }
}
