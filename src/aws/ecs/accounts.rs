//! The clients of ECS of each account: those of the function's own account use its own credentials, those of another account
//! the credentials of a role there, which the SDK assumes at the first request and again before they expire.
//!
//! Asking about a cluster of another account by its ARN is of no use without such a role: ECS has no policies of its own, so it
//! refuses every caller of another account.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_applicationautoscaling as autoscaling;
use aws_sdk_ecs as ecs;
use aws_sdk_ecs::config::SharedCredentialsProvider;
use tokio::sync::OnceCell;

use super::request::Failure;
use crate::core::fact::{ApiError, ClusterId};
use crate::core::observation::NO_READER_ROLE;

/// Which accounts ECS can be asked in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EcsAccess {
    /// The function's own account, where it is known. Without it every account that has no role is asked with the function's
    /// own credentials.
    pub own_account: Option<String>,
    /// The ARNs of roles that the function assumes to ask ECS, by the twelve digits of their accounts.
    pub roles: BTreeMap<String, String>,
}

/// Whether a request may be made: it may until AWS refuses it for lack of a permission.
#[derive(Debug, Default)]
pub(super) struct Permission {
    is_denied: AtomicBool,
}

impl Permission {
    pub(super) fn is_given(&self) -> bool {
        !self.is_denied.load(Ordering::Relaxed)
    }

    /// Notes a failure. Logs once that the permission is missing, if that is the failure.
    pub(super) fn note(&self, failure: &Failure, what: &str) {
        if failure.is_denied() && !self.is_denied.swap(true, Ordering::Relaxed) {
            tracing::warn!("the function may not ask {what}; going on without");
        }
    }
}

/// The clients of one account, and what its role turned out not to be allowed.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) ecs: ecs::Client,
    pub(super) autoscaling: autoscaling::Client,
    pub(super) may_list_tasks: Permission,
    pub(super) may_see_targets: Permission,
}

impl Account {
    fn new(config: &SdkConfig) -> Self {
        Self {
            ecs: ecs::Client::new(config),
            autoscaling: autoscaling::Client::new(config),
            may_list_tasks: Permission::default(),
            may_see_targets: Permission::default(),
        }
    }
}

/// The clients of all accounts.
#[derive(Debug)]
pub(super) struct Accounts {
    config: SdkConfig,
    own_account: Option<String>,
    own: Account,
    /// By account: the role's ARN, and the clients once they were needed.
    others: BTreeMap<String, (String, OnceCell<Account>)>,
}

impl Accounts {
    pub(super) fn new(config: SdkConfig, access: EcsAccess) -> Self {
        let others = access.roles.into_iter();
        let others = others.map(|(account, role)| (account, (role, OnceCell::new())));
        Self {
            own: Account::new(&config),
            own_account: access.own_account,
            others: others.collect(),
            config,
        }
    }

    /// The clients to ask about a cluster with.
    ///
    /// # Errors
    /// Where the cluster is in another account, and no role of that account is configured.
    pub(super) async fn of(&self, cluster: &ClusterId) -> Result<&Account, ApiError> {
        if let Some((role, clients)) = self.others.get(&cluster.account) {
            return Ok(clients.get_or_init(|| self.assuming(role)).await);
        }
        match &self.own_account {
            Some(own) if *own != cluster.account => Err(ApiError {
                code: NO_READER_ROLE.to_owned(),
                message: Some("no role to ask ECS in this account is configured".to_owned()),
            }),
            _ => Ok(&self.own),
        }
    }

    /// Clients that assume a role. Building them asks AWS nothing.
    async fn assuming(&self, role: &str) -> Account {
        let credentials = AssumeRoleProvider::builder(role)
            .session_name("rollcall")
            .configure(&self.config)
            .build()
            .await;
        let credentials = SharedCredentialsProvider::new(credentials);
        let config = self.config.to_builder();
        Account::new(&config.credentials_provider(credentials).build())
    }
}
