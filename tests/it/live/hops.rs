//! Timers that follow each other end at some time, loudly, and with what there is to tell.

use rollcall::ports::queue::MOST_HOPS;
use rollcall::slack::speaker::Speaker;
use rollcall::slack::webhook::{Webhook, WebhookUrl};

use super::{World, accepted, roster};

impl World {
    /// A world whose receiver cannot edit.
    fn of_a_webhook() -> Self {
        let mut world = Self::new();
        let url = WebhookUrl::parse(&world.workspace.webhook()).unwrap();
        world.speaker = Speaker::Webhook(Box::new(Webhook::new(url, None)));
        world
    }

    fn alarms(&self) -> usize {
        self.alarms.0.lock().unwrap().len()
    }
}

#[tokio::test]
async fn the_last_timer_of_a_chain_says_how_the_window_stands() {
    let mut world = World::of_a_webhook();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.learn(20, &[accepted("api", 10)]).await;
    world.hops = MOST_HOPS - 1;
    world.visit(30).await;
    assert_eq!(world.workspace.webhook_posts().len(), 0);
    assert_eq!((world.alarms(), world.metrics.timers_ended), (1, 0));

    world.learn(40, &[accepted("api", 10)]).await;
    world.hops = MOST_HOPS;
    world.visit(50).await;
    let posts = world.workspace.webhook_posts();
    let [post] = &posts[..] else {
        panic!("{posts:?}")
    };
    let text = post.to_string();
    assert!(text.contains("api") && text.contains("web"), "{text}");
    assert_eq!((world.alarms(), world.metrics.timers_ended), (1, 1));

    // Whoever comes after that finds nothing more to say.
    world.learn(60, &[accepted("api", 10)]).await;
    world.visit(70).await;
    assert_eq!(world.workspace.webhook_posts().len(), 1);
}

#[tokio::test]
async fn a_record_begins_a_new_chain() {
    let mut world = World::of_a_webhook();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    assert_eq!((world.alarms(), world.metrics.timers_ended), (1, 0));
}
