//! What the real function makes of machines that ask to be left alone, or do not finish their answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::AMPLE;
use super::events::{FIRST, function, numbers};
use crate::support::event::fixture;
use crate::support::slack::{FakeSlack, Reply};

/// A machine's answer that asks to be left alone.
fn asking(status: u16, retry_after: &str) -> Reply {
    Reply::Answer {
        status,
        body: "",
        header: Some(("retry-after", retry_after.to_owned())),
    }
}

#[test]
fn a_machine_that_asks_for_no_pause_is_called_no_sooner_than_the_back_off_allows() {
    for retry_after in ["0", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let (slack, machine) = (
            FakeSlack::answering([Reply::ok()]),
            FakeSlack::answering([asking(429, retry_after)]),
        );
        let address = machine.webhook();
        let mut function = function(
            &slack,
            &[
                ("ROLLCALL_EVENTS_URL", &address),
                ("ROLLCALL_EVENTS_SECRET", FIRST),
            ],
        );
        function.invoke(&fixture("all-succeeded.json"), Duration::from_secs(5));
        function.stop();
        // Half a second, one and two, and a second is kept for the end: more requests than these would be a flood.
        let posts = machine.posts();
        assert!(
            (2..=4).contains(&posts.len()),
            "{retry_after}: {}",
            posts.len()
        );
        let waits = posts.windows(2).map(|two| two[1].at - two[0].at);
        for (wait, least) in waits.zip([500, 1_000, 2_000]) {
            assert!(
                wait >= Duration::from_millis(least),
                "{retry_after}: {wait:?}"
            );
        }
    }
}

#[test]
fn a_machine_that_asks_for_a_pause_is_left_alone_also_by_the_next_invocation() {
    // A date that is over an hour away for as long as anybody runs this.
    for (status, retry_after) in [
        (503, "60"),
        (429, "Tue, 19 Jan 2100 03:14:07 GMT"),
        (503, "Tue, 19 Jan 2100 03:14:07 GMT"),
    ] {
        let (slack, machine) = (
            FakeSlack::answering([Reply::ok()]),
            FakeSlack::answering([asking(status, retry_after)]),
        );
        let mut function = function(
            &slack,
            &[
                ("ROLLCALL_EVENTS_URL", &machine.webhook()),
                ("ROLLCALL_EVENTS_SECRET", FIRST),
            ],
        );
        for _ in 0..2 {
            function.invoke(&fixture("all-succeeded.json"), AMPLE);
        }
        machine.only_post();
        assert_eq!(slack.posts().len(), 2);
        let output = function.stop();
        assert!(output.contains("retry after"), "{output}");
    }
}

/// A server that says 200 at once, and goes on sending the body for as long as it lives.
struct Dripping {
    address: SocketAddr,
    /// The connections, which end with the server.
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Dripping {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<Mutex<Vec<TcpStream>>>::default();
        let held = Arc::downgrade(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Some(held), Ok(mut stream)) = (held.upgrade(), stream) else {
                    return;
                };
                let mut request = [0; 8_192];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
                held.lock().unwrap().push(stream);
            }
        });
        Self {
            address,
            connections,
        }
    }
}

impl Drop for Dripping {
    /// One more connection lets the thread see that it is over.
    fn drop(&mut self) {
        self.connections = Arc::default();
        let _ = TcpStream::connect(self.address);
    }
}

#[test]
fn a_confirmation_counts_before_its_body_has_arrived() {
    let (slack, machine, heartbeat) = (
        FakeSlack::answering([Reply::ok()]),
        Dripping::start(),
        Dripping::start(),
    );
    let mut function = function(
        &slack,
        &[
            (
                "ROLLCALL_EVENTS_URL",
                &format!("http://{}", machine.address),
            ),
            ("ROLLCALL_EVENTS_SECRET", FIRST),
            (
                "ROLLCALL_HEARTBEAT_URL",
                &format!("http://{}", heartbeat.address),
            ),
        ],
    );
    let started = Instant::now();
    function.invoke(&fixture("all-succeeded.json"), AMPLE);
    assert!(started.elapsed() < Duration::from_secs(3));
    let output = function.stop();
    assert_eq!(numbers(&output)["EventsSent"], 1, "{output}");
    for server in [machine, heartbeat] {
        assert_eq!(server.connections.lock().unwrap().len(), 1);
    }
}
