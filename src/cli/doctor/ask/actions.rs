//! The IAM actions that the doctor's questions take.

/// Declares the actions once: as an enum, by name, and as a list.
macro_rules! actions {
    ($($variant:ident = $name:literal,)*) => {
        /// An IAM action that a question takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::cli) enum Action { $($variant,)* }

        impl Action {
            /// All of them, in alphabetical order.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As policies write it.
            pub(in crate::cli) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    DescribeScalableTargets = "application-autoscaling:DescribeScalableTargets",
    DescribeTrails = "cloudtrail:DescribeTrails",
    GetEventSelectors = "cloudtrail:GetEventSelectors",
    GetTrailStatus = "cloudtrail:GetTrailStatus",
    LookupEvents = "cloudtrail:LookupEvents",
    DescribeAlarms = "cloudwatch:DescribeAlarms",
    DescribeTable = "dynamodb:DescribeTable",
    DescribeTimeToLive = "dynamodb:DescribeTimeToLive",
    DescribeServices = "ecs:DescribeServices",
    DescribeTaskDefinition = "ecs:DescribeTaskDefinition",
    DescribeRule = "events:DescribeRule",
    ListRuleNamesByTarget = "events:ListRuleNamesByTarget",
    ListTargetsByRule = "events:ListTargetsByRule",
    TestEventPattern = "events:TestEventPattern",
    SimulatePrincipalPolicy = "iam:SimulatePrincipalPolicy",
    GetFunctionConcurrency = "lambda:GetFunctionConcurrency",
    GetFunctionConfiguration = "lambda:GetFunctionConfiguration",
    GetFunctionRecursionConfig = "lambda:GetFunctionRecursionConfig",
    ListEventSourceMappings = "lambda:ListEventSourceMappings",
    GetSchedule = "scheduler:GetSchedule",
    ListScheduleGroups = "scheduler:ListScheduleGroups",
    ListSchedules = "scheduler:ListSchedules",
    ListSubscriptionsByTopic = "sns:ListSubscriptionsByTopic",
    GetQueueAttributes = "sqs:GetQueueAttributes",
    GetQueueUrl = "sqs:GetQueueUrl",
    GetParameter = "ssm:GetParameter",
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::Action;

    /// The policy for operators: exactly these actions, so that nobody allows too much or too little.
    #[test]
    fn the_documented_policy_allows_exactly_these() {
        let policy = include_str!("../../../../docs/operator-policy.json");
        let policy: Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let of = |sid: &str| -> Vec<&str> {
            let statement = statements.iter().find(|statement| statement["Sid"] == sid);
            let actions = statement.unwrap()["Action"].as_array().unwrap();
            actions
                .iter()
                .map(|action| action.as_str().unwrap())
                .collect()
        };
        let declared: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert!(declared.is_sorted(), "{declared:?}");
        assert_eq!(of("RollcallDoctor"), declared);
    }
}
