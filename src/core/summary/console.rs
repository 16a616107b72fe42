//! Links to the ECS console.
//!
//! Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::core::fact::{ClusterId, ServiceId};

/// Which characters are percent-encoded in a path: all that could end the link early or change where it leads.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The address of a service in the ECS console of its partition.
pub(super) fn service(id: &ServiceId) -> Option<String> {
    let service = utf8_percent_encode(&id.name, ENCODED);
    let page = format!("services/{service}/health");
    url(&id.region, &id.cluster, &page)
}

/// The address of a cluster's list of tasks.
pub(super) fn tasks(cluster: &ClusterId) -> Option<String> {
    url(&cluster.region, &cluster.name, "tasks")
}

fn url(region: &str, cluster: &str, page: &str) -> Option<String> {
    let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || !region.bytes().all(is_label) {
        return None;
    }
    let domain = match region {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    let cluster = utf8_percent_encode(cluster, ENCODED);
    Some(format!(
        "https://{region}.{domain}/ecs/v2/clusters/{cluster}/{page}?region={region}"
    ))
}
