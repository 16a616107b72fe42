//! Reads one series of pages of CloudTrail's event history, newest first.

use crate::aws::error::RequestError;

/// So many pages of 50 events are read of a series at most: half an hour at two requests a second.
const MOST_PAGES: usize = 4_000;

/// An event of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// When the call was made, in seconds since 1970.
    pub(super) time: i64,
    /// CloudTrail's record, as JSON.
    pub(super) record: String,
}

/// An answer of CloudTrail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// At most 50, and none at times although more pages follow.
    pub(super) events: Vec<Event>,
    /// What to ask for the next page with; `None` on the last page.
    pub(super) next: Option<String>,
}

/// Why a series could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum SeriesError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("CloudTrail answers with the same page again and again")]
    Repeated,
    #[error("there are more than {} events; narrow --since and --until", MOST_PAGES * 50)]
    TooLong,
    #[error("cannot keep what was read in a temporary file: {0}")]
    Io(#[from] std::io::Error),
}

/// Gives every event of a series to `take`, page by page; `ask` gets the page that a token stands for.
pub(super) async fn read(
    mut ask: impl AsyncFnMut(Option<String>) -> Result<Page, RequestError>,
    mut take: impl FnMut(Vec<Event>) -> std::io::Result<()>,
) -> Result<(), SeriesError> {
    let mut token: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = ask(token.clone()).await?;
        take(page.events)?;
        match page.next {
            None => return Ok(()),
            next if next == token => return Err(SeriesError::Repeated),
            next => token = next,
        }
    }
    Err(SeriesError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(next: impl Fn(usize) -> Option<String>) -> (usize, Result<(), SeriesError>) {
        let mut asked = 0;
        let ask = async |_| {
            asked += 1;
            Ok(Page {
                events: Vec::new(),
                next: next(asked),
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let outcome = runtime.block_on(read(ask, |_| Ok(())));
        (asked, outcome)
    }

    #[test]
    fn ends_with_the_last_page_although_pages_are_empty() {
        let (asked, outcome) = outcome(|page| (page < 7).then(|| page.to_string()));
        assert!(outcome.is_ok());
        assert_eq!(asked, 7);
    }

    #[test]
    fn a_series_without_an_end_is_given_up() {
        let (asked, outcome) = outcome(|page| Some(page.to_string()));
        assert!(matches!(outcome, Err(SeriesError::TooLong)));
        assert_eq!(asked, MOST_PAGES);
    }

    #[test]
    fn a_page_that_names_itself_as_the_next_is_given_up() {
        let (asked, outcome) = outcome(|_| Some("again".to_owned()));
        assert!(matches!(outcome, Err(SeriesError::Repeated)));
        assert_eq!(asked, 2);
    }
}
