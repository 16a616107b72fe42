//! What AWS refuses and what keeps tasks from running, in English.

use crate::core::refusal::Refusal;
use crate::core::trouble::TroubleKind as Kind;
use crate::core::words::Entry;

/// The words for an error that the dictionary knows.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) const fn refusal(refusal: Refusal) -> Entry {
    let (words, brief, advice) = match refusal {
        Refusal::ServiceNotFound => (
            "service not found",
            "not found",
            "No such service in this cluster: correct the name in its schedule, or remove the schedule.",
        ),
        Refusal::ServiceNotActive => (
            "service not active",
            "not active",
            "The service was deleted or is draining: create it again, or remove its schedule.",
        ),
        Refusal::ClusterNotFound => (
            "cluster not found",
            "cluster not found",
            "No such cluster in this Region: correct the cluster in its schedule.",
        ),
        Refusal::PassRoleDenied => (
            "iam:PassRole denied",
            "iam:PassRole denied",
            "Allow the calling role `iam:PassRole` on the roles that the service uses.",
        ),
        Refusal::RunTaskDenied => (
            "ecs:RunTask denied",
            "ecs:RunTask denied",
            "Allow the calling role `ecs:RunTask` on this task definition, and check boundaries and SCPs.",
        ),
        Refusal::UpdateDenied => (
            "access denied",
            "denied",
            "Allow the calling role `ecs:UpdateService` on this service, and check boundaries and SCPs.",
        ),
        Refusal::Unauthorized => (
            "not authorized",
            "not authorized",
            "Allow the calling role `ecs:UpdateService` on this service.",
        ),
        Refusal::Throttled => (
            "throttled",
            "throttled",
            "Widen the flexible time window: ECS takes a burst of 50, then 5 a second.",
        ),
        Refusal::RequestLimit => (
            "throttled",
            "throttled",
            "Widen the flexible time window: too many calls came at once.",
        ),
        Refusal::DaemonService => (
            "daemon service",
            "daemon services",
            "A daemon service has no desired count: remove its schedule.",
        ),
        Refusal::InvalidParameter => (
            "invalid value",
            "with an invalid value",
            "ECS refused a value: compare the schedule's input with the service's type and limits.",
        ),
        Refusal::InactiveTaskDefinition => (
            "task definition inactive",
            "with an inactive task definition",
            "Register the task definition again, or let the service or the schedule name an active one.",
        ),
        Refusal::Client => (
            "refused by ECS",
            "refused by ECS",
            "ECS refused the request: check that the schedule's input is valid for this service.",
        ),
        Refusal::Server => (
            "fault of ECS",
            "lost to a fault of ECS",
            "ECS had a fault of its own: retry, and look at the AWS Health Dashboard.",
        ),
        Refusal::Unavailable => (
            "ECS unavailable",
            "lost as ECS was unavailable",
            "ECS had a fault of its own: retry, and look at the AWS Health Dashboard.",
        ),
        Refusal::Internal => (
            "fault of AWS",
            "lost to a fault of AWS",
            "AWS had a fault of its own: retry, and look at the AWS Health Dashboard.",
        ),
        Refusal::NamespaceNotFound => (
            "namespace not found",
            "without their namespace",
            "The Cloud Map namespace of Service Connect is gone: restore it or update the service.",
        ),
        Refusal::PlatformUnknown => (
            "unknown platform version",
            "with an unknown platform version",
            "This Fargate platform version does not exist: correct it on the service.",
        ),
        Refusal::PlatformIncompatible => (
            "platform version does not fit",
            "on an unfit platform version",
            "The task definition needs another Fargate platform version.",
        ),
        Refusal::Unsupported => (
            "not supported",
            "not supported",
            "ECS does not support this in this Region or with this launch type.",
        ),
        Refusal::ExpiredToken => (
            "credentials expired",
            "with expired credentials",
            "The caller's credentials had expired: sign in again.",
        ),
        Refusal::UnknownClient => (
            "credentials not valid",
            "with invalid credentials",
            "The caller's credentials are not valid: was the role deleted or recreated?",
        ),
    };
    Entry {
        words,
        brief,
        advice,
    }
}

/// The words for what keeps tasks from running.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) const fn trouble(kind: Kind) -> Entry {
    let (words, advice) = match kind {
        Kind::NoFargateCapacity => (
            "no Fargate capacity",
            "Fargate had no capacity in these zones: add subnets in other zones; ECS keeps trying.",
        ),
        Kind::FargateVcpuQuotaReached => (
            "Fargate vCPU quota reached",
            "Ask for a higher Fargate vCPU quota in Service Quotas, or start fewer tasks at once.",
        ),
        Kind::TaskQuotaReached => (
            "task quota reached",
            "Ask for a higher quota in Service Quotas, or start fewer tasks at once.",
        ),
        Kind::TaskLargerThanTheQuota => (
            "task larger than the quota",
            "Ask for a higher quota in Service Quotas, or make the task smaller.",
        ),
        Kind::RoleCannotBeAssumed => (
            "role cannot be assumed",
            "Do the task's roles exist, and do they trust ecs-tasks.amazonaws.com?",
        ),
        Kind::NoInstancesInTheCluster => (
            "no instances in the cluster",
            "The cluster has no container instances: scale up its Auto Scaling group before the services.",
        ),
        Kind::NoInstanceWithEnoughCpu => (
            "no instance with enough CPU",
            "Add container instances or larger ones, or ask for less CPU in the task definition.",
        ),
        Kind::NoInstanceWithEnoughMemory => (
            "no instance with enough memory",
            "Add container instances or larger ones, or ask for less memory in the task definition.",
        ),
        Kind::PortAlreadyInUse => (
            "port already in use",
            "Every instance has that host port in use: use dynamic ports, or add instances.",
        ),
        Kind::NoFreeNetworkInterface => (
            "no free network interface",
            "The instances hold no more network interfaces: turn on awsvpcTrunking, or add instances.",
        ),
        Kind::NoInstanceWithAFreeGpu => (
            "no instance with a free GPU",
            "Add container instances with GPUs.",
        ),
        Kind::NoInstanceFitsAttribute => (
            "no instance fits (attribute)",
            "No instance has an attribute that the task needs: compare subnets, agent version, log driver.",
        ),
        Kind::NoInstanceFitsConstraint => (
            "no instance fits (constraint)",
            "No instance meets the placement constraint: correct it, or add instances that do.",
        ),
        Kind::ContainerAgentDisconnected => (
            "container agent disconnected",
            "Restart the ECS agent on the instance, or replace the instance.",
        ),
        Kind::NoInstanceInTheseZones => (
            "no instance in these zones",
            "The task's subnets are in other zones than the instances: correct one or the other.",
        ),
        Kind::InstanceNotInTheCluster => (
            "instance not in the cluster",
            "The container instance is deregistered or was never there: start the task on another one.",
        ),
        Kind::NoInstanceFits => (
            "no instance fits",
            "Add container instances: none has room for the task, or what it needs.",
        ),
        Kind::NoInstanceWithEnoughRoom => (
            "no instance with enough room",
            "Add container instances, or ask for less in the task definition.",
        ),
        Kind::TaskCannotBePlacedInternally => (
            "task cannot be placed",
            "Often a subnet in a zone that Fargate does not support: check the service's subnets.",
        ),
        Kind::TaskCannotBePlaced => (
            "task cannot be placed",
            "Read the service's events: capacity, quotas and placement constraints decide where a task may run.",
        ),
        Kind::ContainerHealthChecksFail => (
            "container health checks fail",
            "Read the container's log: is the check's command right, and its start period long enough?",
        ),
        Kind::UnhealthyInVpcLattice => (
            "unhealthy in VPC Lattice",
            "Check the VPC Lattice target group's health check and the security groups.",
        ),
        Kind::HealthChecksFail => (
            "health checks fail",
            "Check the target group's path, port and codes, the security groups and the grace period.",
        ),
        Kind::UnhealthyInCloudMap => (
            "unhealthy in Cloud Map",
            "Service discovery has an unhealthy task: read its log, and check its health check.",
        ),
        Kind::HealthUnknown => (
            "health unknown",
            "ECS cannot tell how the service is: look at its events and the AWS Health Dashboard.",
        ),
        Kind::ImageForAnotherArchitecture => (
            "image for another architecture",
            "Build the image for the task's CPU architecture, or set runtimePlatform to the image's.",
        ),
        Kind::ImagePullRateLimit => (
            "image pull rate limit",
            "The registry limits pulls: copy the image to ECR, or pull as a signed-in user.",
        ),
        Kind::NoDiskSpaceForTheImage => (
            "no disk space for the image",
            "Enlarge the task's ephemeral storage, or free the instance's disk.",
        ),
        Kind::ImageCannotBePulledAccess => (
            "image cannot be pulled (access)",
            "Does the repository exist, and may the task's execution role pull from it?",
        ),
        Kind::ImageNotFound => (
            "image not found",
            "Correct the image's name or tag, or push it: did a lifecycle policy expire it?",
        ),
        Kind::RegistryNotReachable => (
            "registry not reachable",
            "The subnet needs a way to the registry: a NAT gateway, a public IP or VPC endpoints (ECR, S3).",
        ),
        Kind::ImageCannotBePulled => (
            "image cannot be pulled",
            "Check the image's name, the execution role, and the subnet's way to the registry.",
        ),
        Kind::NoFreeAddressInTheSubnet => (
            "no free address in the subnet",
            "The subnet has no free IP address: add subnets to the service, or a larger one.",
        ),
        Kind::NetworkInterfaceCameTooLate => (
            "network interface came too late",
            "EC2 took too long to attach a network interface, and ECS tries again: check the subnet and quotas.",
        ),
        Kind::NoNetworkInterface => (
            "no network interface",
            "EC2 refused a network interface: read its error; check subnets, security groups, quotas.",
        ),
        Kind::SecretCannotBeDecrypted => (
            "secret cannot be decrypted",
            "Allow the task's execution role kms:Decrypt on the secret's key.",
        ),
        Kind::NoSignInToEcr => (
            "no sign-in to ECR",
            "The execution role needs ecr:GetAuthorizationToken, the subnet a way to ECR (NAT or endpoints).",
        ),
        Kind::SecretsCannotBeReadSsm => (
            "secrets cannot be read (SSM)",
            "Does the parameter exist, may the execution role read it, has the subnet a way to SSM?",
        ),
        Kind::SecretsCannotBeRead => (
            "secrets cannot be read",
            "Does the secret exist, may the execution role read it, has the subnet a way to it?",
        ),
        Kind::EfsCannotBeMounted => (
            "EFS cannot be mounted",
            "Check mount targets, their security groups (port 2049), and the task role's EFS permissions.",
        ),
        Kind::LogCannotBeWrittenTo => (
            "log cannot be written to",
            "Does the log group exist, may the execution role write to it, has the subnet a way to it?",
        ),
        Kind::EnvironmentFileUnreadable => (
            "environment file unreadable",
            "Does the file exist in S3, may the execution role read it, has the subnet a way to S3?",
        ),
        Kind::TaskCannotBeSetUp => (
            "task cannot be set up",
            "Check the execution role, and the subnet's way to AWS (NAT gateway or VPC endpoints, DNS).",
        ),
        Kind::OutOfMemory => (
            "out of memory",
            "A container used more memory than it has: raise its limit, or find the leak.",
        ),
        Kind::ContainerCannotStart => (
            "container cannot start",
            "The runtime refused the container: check its command, user, mounts and memory.",
        ),
        Kind::ContainerCannotBeCreated => (
            "container cannot be created",
            "The runtime refused the container: check its name, its mounts and the instance's disk.",
        ),
        Kind::VolumeCannotBeMounted => (
            "volume cannot be mounted",
            "Check that the volume exists, and the network and role that lead to it.",
        ),
        Kind::ContainerStartedTooSlowly => (
            "container started too slowly",
            "The container did not start or stop in time: look at its size, its command, the instance's load.",
        ),
        Kind::ContainerRuntimeInTrouble => (
            "container runtime in trouble",
            "The container runtime failed: replace the instance; on Fargate, ECS tries again.",
        ),
        Kind::ContainerExited => (
            "container exited",
            "A container's process ended: read the task's log.",
        ),
        Kind::InternalErrorOfEcs => (
            "internal error of ECS",
            "ECS had a fault of its own and tries again: look at the AWS Health Dashboard.",
        ),
        Kind::SpotCapacityWasTakenBack => (
            "Spot capacity was taken back",
            "Fargate Spot may interrupt at any time: run what must stay up on FARGATE as well.",
        ),
        Kind::ItsInstanceWasTerminated => (
            "its instance was terminated",
            "The container instance went away: does its Auto Scaling group scale down first?",
        ),
        Kind::ItsInstanceWasDeregistered => (
            "its instance was deregistered",
            "Somebody deregistered the container instance while the task ran on it.",
        ),
        Kind::DeploymentRolledBack => (
            "deployment rolled back",
            "The new version's tasks did not come up: look at the service's stopped tasks.",
        ),
        Kind::DeploymentFailed => (
            "deployment failed",
            "Tasks did not come up often enough: look at the service's stopped tasks.",
        ),
        Kind::DeploymentCannotProceed => (
            "deployment cannot proceed",
            "minimumHealthyPercent or maximumPercent leaves no room for a single task: change it.",
        ),
        Kind::CloudMapThrottlesEcs => (
            "Cloud Map throttles ECS",
            "Too many changes at once: ECS goes on more slowly; widen the flexible time window.",
        ),
        Kind::EcsIsThrottled => (
            "ECS is throttled",
            "Too many changes at once: ECS goes on more slowly; widen the flexible time window.",
        ),
        Kind::ProtectedFromScaleIn => (
            "protected from scale-in",
            "Scale-in protection keeps tasks until they end it: look at what they are doing.",
        ),
        Kind::NotRegisteredInCloudMap => (
            "not registered in Cloud Map",
            "Check the service discovery service, and that ECS's service-linked role may use it.",
        ),
        Kind::NotRegisteredForTraffic => (
            "not registered for traffic",
            "ECS could not register the task: check the target group and ECS's service-linked role.",
        ),
        Kind::TaskCannotBeStarted => (
            "task cannot be started",
            "Read the service's events: a role, a subnet, a security group or a setting is wrong.",
        ),
        Kind::NoSuchService => (
            "no such service",
            "It was deleted after the call: create it again, or remove its schedule.",
        ),
        Kind::TasksKeepFailingToStart => (
            "tasks keep failing to start",
            "ECS retries ever more slowly: look at the reasons of the service's stopped tasks.",
        ),
    };
    Entry {
        words,
        brief: words,
        advice,
    }
}
