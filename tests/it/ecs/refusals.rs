//! What is noted when ECS does not answer, and that nothing secret is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollcall::core::observation::Answer;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{
    AMPLE, SECRET_KEY, SESSION_TOKEN, dev, failed, look, seen, services, texts, with_running,
};
use crate::support::ecs::{FakeEcs, Reply};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What one look is answered, and what rollcall writes meanwhile.
fn watched(fake: &FakeEcs, count: usize) -> (Vec<Answer>, String) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let answers = tracing::subscriber::with_default(subscriber, || {
        look(fake, &services(&dev(), count), AMPLE)
    });
    let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (answers, written)
}

const DENIED: &str = "User: arn:aws:sts::123456789012:assumed-role/rollcall/rollcall is not authorized to perform: \
                      ecs:DescribeServices";

#[test]
fn who_may_not_ask_asks_once() {
    let fake = FakeEcs::answering(|_| Reply::Error("AccessDeniedException", DENIED));
    let (answers, written) = watched(&fake, 25);

    assert_eq!(failed(&answers), [("dev", "AccessDeniedException")]);
    assert_eq!((answers.len(), fake.requests().len()), (1, 1));
    let warning = "cannot see how dev in ap-northeast-2 is: AccessDeniedException";
    assert_eq!(written.matches(warning).count(), 1, "{written}");
    assert_eq!(written.lines().count(), 1, "{written}");
}

#[test]
fn another_cluster_is_asked_all_the_same() {
    let fake = FakeEcs::answering(|asked| {
        if asked.body["cluster"]
            .as_str()
            .is_some_and(|arn| arn.ends_with("/dev"))
        {
            Reply::Error("ClusterNotFoundException", "Cluster not found.")
        } else {
            with_running(2)(asked)
        }
    });
    let mut wanted = services(&dev(), 15);
    let mut prod = dev();
    "prod".clone_into(&mut prod.name);
    wanted.services.extend(services(&prod, 15).services);
    let answers = look(&fake, &wanted, AMPLE);

    assert_eq!(failed(&answers), [("dev", "ClusterNotFoundException")]);
    assert_eq!(seen(&answers).len(), 15);
    assert_eq!(fake.asked("DescribeServices").len(), 1 + 2);
}

#[test]
fn what_was_learned_before_a_failure_is_kept() {
    let fake = FakeEcs::answering(|asked| {
        let is_second = asked.operation == "DescribeServices"
            && texts(&asked.body["services"]).contains(&"service-010");
        if is_second {
            Reply::Error("InvalidParameterException", "")
        } else {
            with_running(2)(asked)
        }
    });
    let answers = look(&fake, &services(&dev(), 25), AMPLE);

    assert_eq!(failed(&answers), [("dev", "InvalidParameterException")]);
    assert_eq!(seen(&answers).len(), 10);
    assert_eq!(fake.asked("DescribeServices").len(), 2);
}

#[test]
fn what_passes_is_tried_again() {
    for trouble in [
        || Reply::Error("ThrottlingException", "Rate exceeded"),
        || Reply::Close,
    ] {
        let count = AtomicUsize::new(0);
        let fake = FakeEcs::answering(move |asked| {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                trouble()
            } else {
                with_running(2)(asked)
            }
        });
        let (answers, written) = watched(&fake, 1);
        assert_eq!((seen(&answers).len(), answers.len()), (1, 1));
        assert_eq!(written, "");
    }
}

#[test]
fn what_does_not_pass_is_given_up() {
    let fake = FakeEcs::answering(|_| Reply::Error("ThrottlingException", "Rate exceeded"));
    let (answers, _) = watched(&fake, 25);
    assert_eq!(failed(&answers), [("dev", "ThrottlingException")]);
    assert_eq!(fake.requests().len(), 3);

    let fake = FakeEcs::answering(|_| Reply::Close);
    let (answers, _) = watched(&fake, 25);
    assert_eq!(failed(&answers), [("dev", "DispatchFailure")]);
    assert_eq!(fake.requests().len(), 3);
}

#[test]
fn a_hang_ends_at_the_deadline() {
    let fake = FakeEcs::answering(|_| Reply::Hang);
    let started = std::time::Instant::now();
    let answers = look(&fake, &services(&dev(), 25), Duration::from_secs(1));

    let taken = started.elapsed();
    assert!(taken >= Duration::from_millis(900), "{taken:?}");
    assert!(taken < Duration::from_secs(2), "{taken:?}");
    assert_eq!(failed(&answers), [("dev", "Timeout")]);
    assert_eq!((answers.len(), fake.requests().len()), (1, 1));
}

#[test]
fn nothing_is_asked_after_the_deadline() {
    let fake = FakeEcs::answering(|_| Reply::Hang);
    let answers = look(&fake, &services(&dev(), 25), Duration::ZERO);
    assert_eq!((answers.len(), fake.requests().len()), (0, 0));
}

#[test]
fn an_answer_without_the_service_is_not_asked_for_for_ever() {
    let fake = FakeEcs::answering(|asked| match asked.operation.as_str() {
        "DescribeServices" => Reply::Answer(json!({"services": [], "failures": []})),
        _ => with_running(2)(asked),
    });
    let answers = look(&fake, &services(&dev(), 3), AMPLE);
    assert_eq!(failed(&answers), [("dev", "NoAnswer")]);
}

#[test]
fn credentials_stay_secret() {
    // As AWS answers who signs wrongly: with all that should have been signed.
    const QUOTING: &str = "The request signature we calculated does not match the signature you provided.\n\n\
                           The Canonical String for this request should have been\n'POST\n/\n\n\
                           x-amz-security-token:XSESSIONTOKENX\nXSECRETKEYX'";
    let fake = FakeEcs::answering(|_| Reply::Error("InvalidSignatureException", QUOTING));
    let (answers, written) = watched(&fake, 1);

    assert_eq!(failed(&answers), [("dev", "InvalidSignatureException")]);
    let noted = format!("{answers:?}");
    assert!(noted.contains("does not match"), "{noted}");
    for text in [noted, written] {
        assert!(
            !text.contains(SECRET_KEY) && !text.contains(SESSION_TOKEN),
            "{text}"
        );
    }
}
