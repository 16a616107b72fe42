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
