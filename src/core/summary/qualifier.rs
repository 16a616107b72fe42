//! Decides how much of cluster, Region and account stands before a service's name.
//!
//! Pure.

use crate::core::fact::{ClusterId, ServiceId};
use crate::core::reader::AccountNames;
use crate::core::runs::Subject;
use crate::core::snapshot::WindowSnapshot;

/// Which parts stand before a name: none where all services that the reader hears of share them.
pub(super) struct Qualifier {
    cluster: bool,
    region: bool,
    account: bool,
    accounts: AccountNames,
}

impl Qualifier {
    pub(super) fn of(snapshot: &WindowSnapshot<'_>, accounts: AccountNames) -> Self {
        let place = |subject: &Subject| match subject {
            Subject::Service(id) => Some(id.cluster_id()),
            Subject::Job(id) => Some(id.cluster.clone()),
            Subject::Unnamed(_) => None,
        };
        let subjects = snapshot.statuses.iter().map(|one| one.subject);
        let places: Vec<ClusterId> = subjects.filter_map(place).collect();
        let first = places.first();
        let differs = |is_same: fn(&ClusterId, &ClusterId) -> bool| {
            first.is_some_and(|first| places.iter().any(|other| !is_same(first, other)))
        };
        Self {
            cluster: differs(|one, other| one.name == other.name),
            region: differs(|one, other| one.region == other.region),
            account: differs(|one, other| one.account == other.account),
            accounts,
        }
    }

    pub(super) fn name(&self, id: &ServiceId) -> String {
        let parts = [
            (self.account, self.accounts.name(&id.account)),
            (self.region, &id.region),
            (self.cluster, &id.cluster),
            (true, &id.name),
        ];
        let shown: Vec<&str> = parts
            .into_iter()
            .filter(|(is_shown, _)| *is_shown)
            .map(|(_, part)| part)
            .collect();
        shown.join("/")
    }
}
