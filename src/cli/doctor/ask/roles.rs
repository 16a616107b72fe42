//! What IAM's simulator says of the roles.

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};

use super::{Action, Ask, cannot};
use crate::cli::doctor::seen::{Granted, Looked, Need};

/// How many resources one simulation is given.
const RESOURCES_OF_A_REQUEST: usize = 25;

impl Ask {
    /// Which of a role's needs its policies refuse, the boundary and the organization's policies among them.
    pub(in crate::cli) async fn simulate(&self, need: &Need) -> Looked<Granted> {
        let mut granted = Granted::default();
        for resources in need.resources.chunks(RESOURCES_OF_A_REQUEST) {
            let ask = self.iam.simulate_principal_policy();
            let actions = need.actions.iter().map(|&action| action.to_owned());
            let results: Result<Vec<_>, _> = ask
                .policy_source_arn(&need.role_arn)
                .set_action_names(Some(actions.collect()))
                .set_resource_arns(Some(resources.to_vec()))
                .set_context_entries(Some(need.context.iter().map(entry).collect()))
                .into_paginator()
                .items()
                .send()
                .try_collect()
                .await;
            let results = results.map_err(cannot(Action::SimulatePrincipalPolicy))?;
            for result in results {
                granted.take(&result);
            }
        }
        Ok(granted)
    }
}

fn entry((key, value): &(&'static str, String)) -> ContextEntry {
    ContextEntry::builder()
        .context_key_name(*key)
        .context_key_type(ContextKeyTypeEnum::String)
        .context_key_values(value)
        .build()
}

impl Granted {
    /// Where several resources were asked about, each has a result of its own below that of the action.
    fn take(&mut self, result: &EvaluationResult) {
        let mut count = |resource: &str, decision: &PolicyEvaluationDecisionType| {
            if *decision == PolicyEvaluationDecisionType::Allowed {
                self.allowed += 1;
            } else {
                let refused = (result.eval_action_name.clone(), resource.to_owned());
                self.refused.push(refused);
            }
        };
        let resources = result.resource_specific_results();
        for resource in resources {
            count(
                &resource.eval_resource_name,
                &resource.eval_resource_decision,
            );
        }
        if resources.is_empty() {
            let resource = result.eval_resource_name.as_deref().unwrap_or("*");
            count(resource, &result.eval_decision);
        }
    }
}
