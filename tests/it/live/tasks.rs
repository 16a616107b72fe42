//! A live message goes on until tasks run.

use rollcall::config::DEFAULT_WAIT_POLICY;

use super::{World, accepted, roster};

fn world() -> World {
    let mut world = World::new();
    world.policy = DEFAULT_WAIT_POLICY;
    world
}

impl World {
    fn runs(&self, service: &str, running: i64) {
        let mut tasks = self.ecs.0.lock().unwrap();
        tasks.insert(service.to_owned(), (running, 1));
    }

    fn rows(&self) -> Vec<String> {
        let message = self.workspace.only_message();
        let blocks = message.arguments["blocks"].as_array().unwrap();
        let table = blocks.iter().find(|block| block["type"] == "table");
        let rows = table.unwrap()["rows"].as_array().unwrap().clone();
        let text =
            |row: &serde_json::Value, cell: usize| row[cell]["text"].as_str().unwrap().to_owned();
        rows[1..]
            .iter()
            .map(|row| format!("{} {}", text(row, 0), text(row, 2)))
            .collect()
    }
}

#[tokio::test]
async fn a_row_goes_from_starting_to_running() {
    let mut world = world();
    world.runs("api", 0);
    world.runs("web", 1);
    world
        .learn(
            60,
            &[
                roster(&["api", "web"]),
                accepted("api", 10),
                accepted("web", 20),
            ],
        )
        .await;
    world.visit(60).await;
    assert_eq!(
        world.rows(),
        ["api ⏳ 0/1 starting", "web ⏳ 1/1 running, not steady yet"]
    );
    assert_eq!(world.last_alarm(), 90);

    world.runs("api", 1);
    world.visit(90).await;
    assert_eq!(
        world.rows(),
        [
            "api ⏳ 1/1 running, not steady yet",
            "web ✅ 1/1 running (≤ 40 s)"
        ]
    );
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("⏳ dev · 1 of 2 up")
    );

    world.visit(150).await;
    assert_eq!(
        world.rows(),
        [
            "api ✅ 1/1 running (≤ 1 min 20 s)",
            "web ✅ 1/1 running (≤ 40 s)"
        ]
    );
    let title = world.workspace.only_message().title().to_owned();
    assert!(title.starts_with("✅ dev · both services up"), "{title}");

    // Nothing is left to look at.
    world.visit(900).await;
    let calls = ["chat.postMessage", "chat.update", "chat.update"];
    assert_eq!(world.workspace.calls(), calls);
    assert!(world.workspace.replies().is_empty());
}

#[tokio::test]
async fn who_does_not_come_up_in_time_is_told_in_the_thread() {
    let mut world = world();
    world.runs("api", 0);
    world
        .learn(30, &[roster(&["api"]), accepted("api", 10)])
        .await;
    for seconds in [30, 60, 120, 240, 480, 610] {
        world.visit(seconds).await;
    }
    assert_eq!(world.rows(), ["api ❌ 0/1 after 10 min"]);
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("❌ dev · api did not start")
    );
    let replies = world.workspace.replies();
    assert_eq!(replies.len(), 1);
    let text = replies[0].text();
    assert!(
        text.contains("0 of 1 running 10 min 0 s after the call"),
        "{text}"
    );
}
