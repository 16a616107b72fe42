//! Redacts what ECS answered, as exported windows hold it: in a form without names of fields.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Redactor;
use crate::core::fact::{ClusterId, ServiceId, TaskId};
use crate::core::observation::{Observations, Seen, ServiceObservation};

impl Redactor {
    /// Observations, redacted as [`Redactor::redact`] does it with records.
    #[must_use]
    pub fn observations(&mut self, observations: Observations) -> Observations {
        let mut redacted = Observations::default();
        for (id, runs) in observations.services {
            let runs = runs.into_iter();
            let runs = runs.map(|(time, seen)| (time, Box::new(self.seen(*seen))));
            let runs = runs.collect();
            redacted.services.insert(self.service(&id), runs);
        }
        for (id, mut task) in observations.tasks {
            let id = TaskId {
                cluster: self.cluster(&id.cluster),
                id: self.name("task", &id.id),
            };
            task.last = task.last.and_then(|state| self.typed(&state));
            redacted.tasks.insert(id, task);
        }
        for failure in observations.failures.into_values() {
            if let Some(failure) = self.typed(&failure) {
                redacted.fail(failure);
            }
        }
        redacted
    }

    fn seen(&mut self, mut seen: ServiceObservation) -> ServiceObservation {
        for remark in &mut seen.remarks {
            remark.text = self.text(&remark.text);
        }
        if let Some(Seen::State(state)) = &mut seen.seen {
            if let Some(rollout) = &mut state.rollout {
                rollout.reason = rollout.reason.take().map(|reason| self.text(&reason));
            }
            if let Some(trouble) = &mut state.trouble {
                trouble.text = self.text(&trouble.text);
            }
        }
        seen
    }

    fn service(&mut self, id: &ServiceId) -> ServiceId {
        let cluster = ClusterId {
            name: id.cluster.clone(),
            region: id.region.clone(),
            account: id.account.clone(),
        };
        self.cluster(&cluster)
            .service(self.name("service", &id.name))
    }

    fn cluster(&mut self, id: &ClusterId) -> ClusterId {
        ClusterId {
            name: self.name("cluster", &id.name),
            region: super::arn::region(&mut self.names, &id.region),
            account: self.name("account", &id.account),
        }
    }

    /// A value whose fields have names. It comes back, since no field is dropped that it cannot do without.
    fn typed<T: Serialize + DeserializeOwned>(&mut self, value: &T) -> Option<T> {
        let value = serde_json::to_value(value).ok()?;
        serde_json::from_value(self.redact(value)).ok()
    }
}
