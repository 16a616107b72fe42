//! Asks all questions, one after the other, since what one answers is what the next is about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::ask::Ask;
use super::checks::{Target, calls, config, dead_letter_arns, needs, samples};
use super::seen::{
    Alarm, Ecs, Function, Granted, Looked, Mapping, Need, Parameter, Sample, Schedule, Seen,
    SlackSeen, name_of,
};
use crate::cli::progress::Progress;
use crate::config::{Config, EventsConfig, RoutesSource, SlackConfig, WebhookSource};
use crate::core::arn::Arn;
use crate::core::routes::Way;
use crate::machines::Address;
use crate::machines::http::BearerToken;
use crate::machines::signature::SigningSecrets;

/// What schedules are looked for.
pub(super) struct Wanted<'a> {
    /// The groups that the caller named; none to look for them.
    pub(super) groups: &'a [String],
    /// The group of the rosters.
    pub(super) roster_group: String,
}

/// How many steps a look has, for the progress bar.
const STEPS: u64 = 10;

/// All that AWS and Slack answer about a function and what surrounds it.
pub(super) async fn look(
    ask: &Ask,
    function: Function,
    wanted: Wanted<'_>,
    now: DateTime<Utc>,
) -> Seen {
    let progress = Progress::of_steps(STEPS);
    let at = |what: &str| {
        progress.step();
        progress.is_at(what);
    };
    let config = config(&function).ok();
    let name = function.name.clone();
    at("the function");
    let mappings = ask.mappings(&name).await;
    let mut seen = Seen {
        recursive_loop: ask.recursive_loop(&name).await,
        reserved_concurrency: ask.concurrency(&name).await,
        records_arn: mappings
            .as_ref()
            .ok()
            .and_then(|mappings| records(mappings, config.as_ref())),
        mappings,
        queues: BTreeMap::new(),
        rules: Ok(Vec::new()),
        samples: Vec::new(),
        trails: Ok(Vec::new()),
        groups: groups(ask, &name, wanted.groups).await,
        schedules: Ok(Vec::new()),
        rosters: Ok(Vec::new()),
        roster_group: wanted.roster_group,
        ecs: Ecs::default(),
        others: Ok(Vec::new()),
        table: None,
        parameters: Vec::new(),
        slack: None,
        grants: Vec::new(),
        alarms: Ok(Vec::new()),
        topics: BTreeMap::new(),
        function,
    };
    at("the schedules");
    seen.schedules = match &seen.groups {
        Ok(groups) => schedules(ask, groups).await,
        Err(why) => Err(why.clone()),
    };
    if config.as_ref().is_some_and(|config| config.table.is_some()) {
        seen.rosters = ask.schedules(&seen.roster_group).await;
    }
    at("what they call");
    seen.ecs = ecs(ask, &seen.schedules).await;
    at("the rules");
    if let Some(records) = &seen.records_arn {
        seen.rules = ask.rules(records).await;
    }
    seen.samples = matched(ask, &seen, now).await;
    at("the queues");
    queues(ask, &mut seen).await;
    at("CloudTrail");
    seen.trails = ask.trails().await;
    seen.others = ask.other_calls(now).await;
    at("the table");
    if let Some(table) = config.as_ref().and_then(|config| config.table.as_ref()) {
        seen.table = Some((table.name.clone(), ask.table(&table.name).await));
    }
    at("Slack");
    if let Some(config) = &config {
        (seen.parameters, seen.slack) = slack(ask, &config.slack).await;
        seen.parameters.extend(of_routes(ask, &config.routes).await);
        seen.parameters.extend(of_events(ask, &config.events).await);
    }
    at("the roles");
    seen.grants = grants(ask, &seen).await;
    at("the alarms");
    alarms(ask, &mut seen).await;
    seen
}

/// The queue of records: the one that the function sends its timers to, or the first that it reads.
fn records(mappings: &[Mapping], config: Option<&Config>) -> Option<String> {
    let own = config.and_then(|config| config.table.as_ref());
    let own = own.and_then(|table| table.queue_url.rsplit('/').next());
    let of_own = |mapping: &&Mapping| Some(name_of(&mapping.queue_arn)) == own;
    // Without a table the function reads its own queue alone; the schedules' dead-letter queues come second.
    let is_dead = |mapping: &&Mapping| mapping.queue_arn.ends_with("-dead");
    let chosen = mappings
        .iter()
        .find(of_own)
        .or_else(|| mappings.iter().find(|mapping| !is_dead(mapping)));
    chosen.map(|mapping| mapping.queue_arn.clone())
}

/// The groups that the caller named, or those that the Terraform modules name after the function. A group that has a group
/// of rosters of its own belongs to another function.
pub(in crate::cli) async fn groups(
    ask: &Ask,
    function: &str,
    wanted: &[String],
) -> Looked<Vec<String>> {
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let all = ask.groups(function).await?;
    let has_rosters = |group: &String| all.contains(&format!("{group}-rosters"));
    let is_ours = |group: &&String| {
        let is_named = *group == function || group.starts_with(&format!("{function}-"));
        is_named && !group.ends_with("-rosters") && (*group == function || !has_rosters(group))
    };
    Ok(all.iter().filter(is_ours).cloned().collect())
}

async fn schedules(ask: &Ask, groups: &[String]) -> Looked<Vec<Schedule>> {
    let mut all = Vec::new();
    for group in groups {
        all.extend(ask.schedules(group).await?);
    }
    Ok(all)
}

async fn ecs(ask: &Ask, schedules: &Looked<Vec<Schedule>>) -> Ecs {
    let mut ecs = Ecs::default();
    let (calls, _) = calls(schedules.as_deref().unwrap_or_default());
    let mut by_cluster: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in &calls {
        match &call.target {
            Target::Service { name, .. } => {
                by_cluster
                    .entry(call.cluster.clone())
                    .or_default()
                    .insert(name.clone());
            }
            Target::Job {
                task_definition, ..
            } => {
                if !ecs.task_definitions.contains_key(task_definition) {
                    let answer = ask.task_definition(task_definition).await;
                    ecs.task_definitions.insert(task_definition.clone(), answer);
                }
            }
        }
    }
    let mut all = Vec::new();
    for (cluster, names) in by_cluster {
        let names: Vec<String> = names.into_iter().collect();
        all.extend(names.iter().map(|name| (cluster.clone(), name.clone())));
        let services = ask.services(&cluster, &names).await;
        ecs.services.insert(cluster, services);
    }
    if !all.is_empty() {
        ecs.bounds = Some(ask.bounds(&all).await);
    }
    ecs
}

async fn matched(ask: &Ask, seen: &Seen, now: DateTime<Utc>) -> Vec<(Sample, Looked<bool>)> {
    let (Ok(schedules), Ok(rules)) = (&seen.schedules, &seen.rules) else {
        return Vec::new();
    };
    let (calls, _) = calls(schedules);
    let account = Arn::parse(&seen.function.arn).map_or("", |arn| arn.account);
    let mut matched = Vec::new();
    for sample in samples(&calls, &ask.region, account, now) {
        let is_matched = ask.is_matched(&sample.event, rules).await;
        matched.push((sample, is_matched));
    }
    matched
}

/// The queues that feed the function, and then the dead-letter queues of all that was met.
async fn queues(ask: &Ask, seen: &mut Seen) {
    let mut wanted: BTreeSet<String> = seen
        .mappings
        .iter()
        .flatten()
        .map(|mapping| mapping.queue_arn.clone())
        .collect();
    wanted.extend(dead_letter_arns(seen).into_iter().map(str::to_owned));
    while let Some(arn) = wanted.pop_first() {
        let queue = ask.queue(&arn).await;
        let redrive = queue
            .as_ref()
            .ok()
            .and_then(|queue| queue.as_ref()?.redrive.clone());
        seen.queues.insert(arn, queue);
        wanted.extend(
            redrive
                .map(|redrive| redrive.target_arn)
                .filter(|arn| !seen.queues.contains_key(arn)),
        );
    }
}

async fn grants(ask: &Ask, seen: &Seen) -> Vec<(Need, Looked<Granted>)> {
    let partition = seen.function.arn.split(':').nth(1).unwrap_or("aws");
    let account = Arn::parse(&seen.function.arn).map_or("", |arn| arn.account);
    let mut grants = Vec::new();
    for need in needs(seen, partition, account, &ask.region) {
        let granted = ask.simulate(&need).await;
        grants.push((need, granted));
    }
    grants
}

async fn slack(ask: &Ask, config: &SlackConfig) -> (Vec<Parameter>, Option<SlackSeen>) {
    let webhook = match config {
        SlackConfig::Webhook(source) => Some(source),
        SlackConfig::Bot { fallback, .. } => fallback.as_ref(),
    };
    let mut parameters = Vec::new();
    let mut add = |variable, found: Option<(String, _)>| {
        parameters.extend(found.map(|(name, state)| Parameter {
            variable,
            name,
            state,
        }));
    };
    if let Some(source) = webhook {
        add("SLACK_WEBHOOK_PARAMETER", ask.webhook(source).await);
    }
    let SlackConfig::Bot { bot, .. } = config else {
        return (parameters, None);
    };
    let (token, found) = ask.token(&bot.token).await;
    add("SLACK_BOT_TOKEN_PARAMETER", found);
    let slack = match token {
        Some(token) => Some(ask.slack(bot, token).await),
        None => None,
    };
    (parameters, slack)
}

/// The parameters of routes: their own, and those of their webhooks.
async fn of_routes(ask: &Ask, source: &RoutesSource) -> Vec<Parameter> {
    let (routes, own) = ask.routes(source).await;
    let mut parameters: Vec<Parameter> = own
        .map(|(name, state)| Parameter {
            variable: "ROLLCALL_ROUTES_PARAMETER",
            name,
            state,
        })
        .into_iter()
        .collect();
    let ways = routes.receivers().into_iter();
    let webhooks: BTreeSet<String> = ways
        .filter_map(|receiver| match receiver.settings.way {
            Some(Way::Webhook(name)) => Some(name),
            _ => None,
        })
        .collect();
    for name in webhooks {
        let found = ask.webhook(&WebhookSource::Parameter(name)).await;
        parameters.extend(found.map(|(name, state)| Parameter {
            variable: "a route",
            name,
            state,
        }));
    }
    parameters
}

/// The parameters of machines that are told.
async fn of_events(ask: &Ask, events: &EventsConfig) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut add = |variable, found: Option<(String, _)>| {
        parameters.extend(found.map(|(name, state)| Parameter {
            variable,
            name,
            state,
        }));
    };
    if let Some(http) = &events.http {
        let address = ask.secret(&http.address, Address::parse).await;
        add("ROLLCALL_EVENTS_URL_PARAMETER", address);
        let secrets = ask.secret(&http.secrets, SigningSecrets::parse).await;
        add("ROLLCALL_EVENTS_SECRET_PARAMETER", secrets);
        if let Some(token) = &http.token {
            let token = ask.secret(token, BearerToken::parse).await;
            add("ROLLCALL_EVENTS_TOKEN_PARAMETER", token);
        }
    }
    if let Some(heartbeat) = &events.heartbeat {
        let heartbeat = ask.secret(heartbeat, Address::parse).await;
        add("ROLLCALL_HEARTBEAT_URL_PARAMETER", heartbeat);
    }
    parameters
}

/// The alarms of this function, its queues and its schedules. Another function's name may begin with this one's.
async fn alarms(ask: &Ask, seen: &mut Seen) {
    let mut watched: BTreeSet<String> = seen
        .queues
        .keys()
        .map(|arn| name_of(arn).to_owned())
        .collect();
    watched.insert(seen.function.name.clone());
    watched.extend(seen.groups.iter().flatten().cloned());
    let is_ours = |alarm: &Alarm| alarm.watches.iter().any(|name| watched.contains(name));
    seen.alarms = ask.alarms(&format!("{}-", seen.function.name)).await;
    if let Ok(alarms) = &mut seen.alarms {
        alarms.retain(is_ours);
    }
    let topics: BTreeSet<String> = seen
        .alarms
        .iter()
        .flatten()
        .flat_map(|alarm| alarm.actions.iter())
        .filter(|action| action.contains(":sns:"))
        .cloned()
        .collect();
    for topic in topics {
        let confirmed = ask.subscriptions(&topic).await;
        seen.topics.insert(topic, confirmed);
    }
}
