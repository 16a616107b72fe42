//! What EventBridge says of the rules that send to the queue.

use aws_sdk_eventbridge::types::RuleState;

use super::{Action, Ask, cannot};
use crate::cli::doctor::seen::{Looked, Rule};

impl Ask {
    /// The rules that have the queue as a target.
    pub(in crate::cli) async fn rules(&self, queue_arn: &str) -> Looked<Vec<Rule>> {
        let mut names = Vec::new();
        let mut next = None;
        loop {
            let ask = self
                .events
                .list_rule_names_by_target()
                .target_arn(queue_arn);
            let page = ask.set_next_token(next).send().await;
            let page = page.map_err(cannot(Action::ListRuleNamesByTarget))?;
            names.extend(page.rule_names.into_iter().flatten());
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let mut rules = Vec::new();
        for name in names {
            rules.push(self.rule(name, queue_arn).await?);
        }
        Ok(rules)
    }

    async fn rule(&self, name: String, queue_arn: &str) -> Looked<Rule> {
        let rule = self.events.describe_rule().name(&name).send().await;
        let rule = rule.map_err(cannot(Action::DescribeRule))?;
        let targets = self.events.list_targets_by_rule().rule(&name).send().await;
        let targets = targets.map_err(cannot(Action::ListTargetsByRule))?.targets;
        let mut targets = targets.into_iter().flatten();
        let target = targets.find(|target| target.arn == queue_arn);
        Ok(Rule {
            arn: rule.arn.unwrap_or_default(),
            is_enabled: rule.state != Some(RuleState::Disabled),
            pattern: rule.event_pattern.unwrap_or_default(),
            dead_letter_arn: target
                .and_then(|target| target.dead_letter_config)
                .and_then(|config| config.arn),
            name,
        })
    }

    /// Whether an event matches one of the rules that are enabled.
    pub(in crate::cli) async fn is_matched(&self, event: &str, rules: &[Rule]) -> Looked<bool> {
        let enabled = rules.iter().filter(|rule| rule.is_enabled);
        for rule in enabled.filter(|rule| !rule.pattern.is_empty()) {
            let ask = self.events.test_event_pattern().event(event);
            let answer = ask.event_pattern(&rule.pattern).send().await;
            if answer.map_err(cannot(Action::TestEventPattern))?.result {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
