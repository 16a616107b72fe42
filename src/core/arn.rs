//! Reads the names of clusters, services, tasks and task definitions, which callers write as a short name, as an ARN of
//! the old form or as one of the new form.
//!
//! Pure. Nothing here fails: a text that is no ARN counts as a name, and a part that an ARN does not hold is `None`.

use crate::core::fact::{ClusterId, ServiceId, TaskId};

/// `arn:PARTITION:ecs:REGION:ACCOUNT:RESOURCE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// Such as `service/dev/nestjs`.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let is_arn = parts.next() == Some("arn");
        let (_partition, _service) = (parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        is_arn.then_some(Self {
            region,
            account,
            resource,
        })
    }

    /// The cluster in `KIND/CLUSTER/NAME`; the old form is `KIND/NAME`.
    pub(crate) fn cluster(&self) -> Option<&'a str> {
        let (_kind, path) = self.resource.split_once('/')?;
        path.split_once('/')
            .and_then(|(cluster, _)| non_empty(cluster))
    }
}

/// Whether a text is the id of an account: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account that an ARN names.
pub(crate) fn account(text: &str) -> Option<&str> {
    let account = Arn::parse(text)?.account;
    is_account(account).then_some(account)
}

/// The service that an ARN names. An ARN of the old form does not hold the cluster, so `cluster_arn` names it.
pub(crate) fn service_id(service_arn: &str, cluster_arn: Option<&str>) -> Option<ServiceId> {
    let arn = Arn::parse(service_arn)?;
    Some(cluster_of(&arn, cluster_arn)?.service(last_segment(arn.resource).to_owned()))
}

/// The task that an ARN names; `cluster_arn` as for [`service_id`].
pub(crate) fn task_id(task_arn: &str, cluster_arn: Option<&str>) -> Option<TaskId> {
    let arn = Arn::parse(task_arn)?;
    Some(TaskId {
        id: last_segment(arn.resource).to_owned(),
        cluster: cluster_of(&arn, cluster_arn)?,
    })
}

/// The cluster that a cluster's ARN names.
#[cfg(feature = "cli")]
pub(crate) fn cluster_id(cluster_arn: &str) -> Option<ClusterId> {
    let arn = Arn::parse(cluster_arn)?;
    Some(ClusterId {
        name: last_segment(arn.resource).to_owned(),
        region: arn.region.to_owned(),
        account: arn.account.to_owned(),
    })
}

fn cluster_of(arn: &Arn<'_>, cluster_arn: Option<&str>) -> Option<ClusterId> {
    let name = cluster_arn
        .and_then(non_empty)
        .map(last_segment)
        .or(arn.cluster())?;
    Some(ClusterId {
        name: name.to_owned(),
        region: arn.region.to_owned(),
        account: arn.account.to_owned(),
    })
}

/// A text of AWS with its ARNs shortened to what matters: `service/dev/api`, and of a role that EventBridge Scheduler
/// assumed the role's name without the random session.
pub(crate) fn shortened(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("arn:") {
        let (before, from) = rest.split_at(start);
        short.push_str(before);
        let is_end =
            |character: char| character.is_whitespace() || "\"'(),;<>[]`".contains(character);
        let end = from.find(is_end).unwrap_or(from.len());
        let (arn, after) = from.split_at(end);
        // A full stop or a colon behind an ARN belongs to the sentence.
        let bare = arn.trim_end_matches(['.', ':']);
        short.push_str(Arn::parse(bare).map_or(bare, |arn| resource(arn.resource)));
        short.push_str(&arn[bare.len()..]);
        rest = after;
    }
    short + rest
}

fn resource(resource: &str) -> &str {
    let Some(role) = resource.strip_prefix("assumed-role/") else {
        return resource;
    };
    let is_random =
        |session: &str| session.len() == 32 && session.bytes().all(|byte| byte.is_ascii_hexdigit());
    match role.rsplit_once('/') {
        Some((role, session)) if is_random(session) => role,
        _ => role,
    }
}

/// The service that a denial names as the resource that its caller may not change: ECS may record such a call without
/// its parameters.
pub(crate) fn denied_service(message: &str) -> Option<ServiceId> {
    let (_, from) = message.split_once("on resource: ")?;
    let arn = from.split_whitespace().next()?;
    let is_service = Arn::parse(arn)?.resource.starts_with("service/");
    is_service.then(|| service_id(arn, None)).flatten()
}

/// The family of a task definition, which may be written with its revision or as an ARN.
pub(crate) fn family(task_definition: &str) -> &str {
    let name = last_segment(task_definition);
    name.split_once(':').map_or(name, |(family, _)| family)
}

/// The name at the end of an ARN or a path.
pub(crate) fn last_segment(text: &str) -> &str {
    text.rsplit('/')
        .find(|segment| !segment.is_empty())
        .unwrap_or(text)
}

pub(crate) fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{denied_service, shortened};

    const DENIAL: &str = "User: arn:aws:sts::111122223333:assumed-role/dev-ecs-scheduler/453d3dc9ec76e26640ac574311d83a6a is not \
        authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:ap-northeast-2:111122223333:service/dev/api because";

    #[test]
    fn arns_are_shortened_to_what_matters() {
        for (text, expected) in [
            (
                DENIAL,
                "User: dev-ecs-scheduler is not authorized to perform: ecs:UpdateService on resource: service/dev/api because",
            ),
            ("(arn:aws-cn:iam::111122223333:role/web).", "(role/web)."),
            (
                "by arn:aws:sts::111122223333:assumed-role/Admin/jane@example.com.",
                "by Admin/jane@example.com.",
            ),
            ("arn:x and learn:ing", "arn:x and learn:ing"),
            ("", ""),
        ] {
            assert_eq!(shortened(text), expected);
        }
    }

    #[test]
    fn a_denial_names_its_service() {
        let service = denied_service(DENIAL).unwrap();
        assert_eq!([&*service.name, &*service.cluster], ["api", "dev"]);
        for other in [
            "Rate exceeded",
            "on resource: arn:aws:iam::111122223333:role/web because",
            "on resource: *",
        ] {
            assert_eq!(denied_service(other), None, "{other}");
        }
    }
}
