//! Links to the consoles of ECS and of EventBridge Scheduler.
//!
//! Pure. AWS documents no addresses of its console. Those of ECS and of a schedule are widely linked to; that of a
//! schedule group follows their form and nobody has confirmed it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::core::fact::{ClusterId, ServiceId};

/// A link to something that can be mended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// Such as `Schedule`.
    pub label: &'static str,
    /// An `https` address.
    pub url: String,
}

/// Which characters are percent-encoded in a path: all that could end the link early or change where it leads.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// Names of schedules hold dots; two of them alone would lead elsewhere, but a schedule has no such name.
const ENCODED_SCHEDULE: &AsciiSet = &ENCODED.remove(b'.');

/// The address of a service in the ECS console of its partition.
pub(super) fn service(id: &ServiceId) -> Option<String> {
    let service = utf8_percent_encode(&id.name, ENCODED);
    let page = format!("services/{service}/health");
    ecs(&id.region, &id.cluster, &page)
}

/// The address of a cluster's list of services.
pub(super) fn cluster(cluster: &ClusterId) -> Option<String> {
    ecs(&cluster.region, &cluster.name, "services")
}

/// The address of a cluster's list of tasks.
pub(super) fn tasks(cluster: &ClusterId) -> Option<String> {
    ecs(&cluster.region, &cluster.name, "tasks")
}

/// The address of a schedule.
pub(super) fn schedule(region: &str, group: &str, name: &str) -> Option<String> {
    let group = utf8_percent_encode(group, ENCODED_SCHEDULE);
    let name = utf8_percent_encode(name, ENCODED_SCHEDULE);
    scheduler(region, &format!("schedules/{group}/{name}"))
}

/// The address of a schedule group.
pub(super) fn schedule_group(region: &str, group: &str) -> Option<String> {
    let group = utf8_percent_encode(group, ENCODED_SCHEDULE);
    scheduler(region, &format!("schedule-groups/{group}"))
}

/// The address of the list of a Region's schedules.
pub(super) fn schedules(region: &str) -> Option<String> {
    scheduler(region, "schedules")
}

fn ecs(region: &str, cluster: &str, page: &str) -> Option<String> {
    let cluster = utf8_percent_encode(cluster, ENCODED);
    let host = host(region)?;
    Some(format!(
        "https://{host}/ecs/v2/clusters/{cluster}/{page}?region={region}"
    ))
}

fn scheduler(region: &str, page: &str) -> Option<String> {
    let host = host(region)?;
    Some(format!(
        "https://{host}/scheduler/home?region={region}#{page}"
    ))
}

fn host(region: &str) -> Option<String> {
    let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || !region.bytes().all(is_label) {
        return None;
    }
    let domain = match region {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    Some(format!("{region}.{domain}"))
}

/// The name that the Terraform module gives the schedule of a service: a name over AWS's 64 characters is cut and ends
/// in a hash of the whole name.
pub(super) fn schedule_name(schedule: &str, service: &str) -> String {
    let name = format!("{schedule}.{service}");
    if name.chars().count() <= 64 {
        return name;
    }
    let start: String = name.chars().take(55).collect();
    let hash = hex::encode(Sha256::digest(&name));
    format!("{start}.{}", &hash[..8])
}
