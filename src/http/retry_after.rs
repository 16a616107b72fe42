//! Reads how long a receiver asks to be left alone (`Retry-After`, RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{self, HeaderMap};

/// How long to wait after a 429 whose `Retry-After` is missing or cannot be read.
pub(super) const DEFAULT: Duration = Duration::from_secs(1);
/// The longest time that a receiver is believed to mean. Whatever asks for more, such as a proxy that answers in its
/// place, would keep every failure unsaid for that long.
const LONGEST: Duration = Duration::from_hours(1);

/// A whole number of seconds, which is all that Slack documents (<https://docs.slack.dev/apis/web-api/rate-limits/>). An hour
/// at most; `None` where there is no such number.
pub(super) fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let digits = text(headers)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| {
        // Digits are only refused where the number is too large for its type.
        let seconds = digits.parse().unwrap_or(u64::MAX);
        Duration::from_secs(seconds).min(LONGEST)
    })
}

/// A number of seconds or a date, in any of the forms of HTTP; a date that is over counts as no time. An hour at most.
pub(super) fn seconds_or_date(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    seconds(headers).or_else(|| {
        let date = httpdate::parse_http_date(text(headers)?).ok()?;
        let left = date.duration_since(now).unwrap_or_default();
        Some(left.min(LONGEST))
    })
}

fn text(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::RETRY_AFTER)?;
    value.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::{seconds, seconds_or_date};

    fn headers(value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_bytes(value).unwrap())])
    }

    /// In seconds, as Slack's clients read it.
    fn p(value: &[u8]) -> Option<u64> {
        seconds(&headers(value)).map(|asked| asked.as_secs())
    }

    /// In seconds, as machines' clients read it ten seconds before 2015-10-21 07:28 UTC.
    fn d(value: &str) -> Option<u64> {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_470);
        seconds_or_date(&headers(value.as_bytes()), now).map(|asked| asked.as_secs())
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_up_to_an_hour() {
        assert_eq!(
            [p(b"0"), p(b" 30 "), p(b"3600")],
            [Some(0), Some(30), Some(3_600)]
        );
        for long in ["3601", "18446744073709551615", "99999999999999999999999"] {
            assert_eq!(p(long.as_bytes()), Some(3_600), "{long}");
            assert_eq!(d(long), Some(3_600), "{long}");
        }
    }

    #[test]
    fn any_other_retry_after_is_none() {
        assert_eq!(seconds(&HeaderMap::new()), None);
        for other in ["", "-1", "+5", "1.5", "soon", "\u{661}"] {
            assert_eq!([p(other.as_bytes()), d(other)], [None, None], "{other}");
        }
        assert_eq!(p(b"\xff"), None);
        assert_eq!(p(b"Wed, 21 Oct 2015 07:28:00 GMT"), None);
    }

    #[test]
    fn a_machine_may_ask_by_a_date() {
        for date in [
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "Wednesday, 21-Oct-15 07:28:00 GMT",
            "Wed Oct 21 07:28:00 2015",
        ] {
            assert_eq!(d(date), Some(10), "{date}");
        }
        assert_eq!(d("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0));
        assert_eq!(d("Thu, 21 Oct 2055 07:28:00 GMT"), Some(3_600));
        assert_eq!(d("30"), Some(30));
    }
}
