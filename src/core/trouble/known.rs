//! The lines of the dictionary.
//!
//! The first line that fits counts, so special lines stand before general ones. ECS's texts contain names of services,
//! and a name must not look like trouble. So what a line looks for contains a space or a mark that no name has, or is a
//! word that only ECS uses. The texts come from the Amazon ECS Developer Guide (service event messages, stopped tasks
//! error messages, API failure reasons, service action events) and from the container agent.

use super::{Trouble, TroubleKind as Kind};

pub(super) const TROUBLES: &[Trouble] = &[
    // Placing a task: service events, native events, and the reasons of RunTask's failures.
    Trouble::new(
        "",
        &["capacity is unavailable at this time", "resource:fargate"],
        Kind::NoFargateCapacity,
    ),
    Trouble::new(
        "reached the limit on the number of",
        &["vcpu"],
        Kind::FargateVcpuQuotaReached,
    ),
    Trouble::new(
        "",
        &["reached the limit on the number of"],
        Kind::TaskQuotaReached,
    ),
    Trouble::new(
        "",
        &["configuration is above your limit"],
        Kind::TaskLargerThanTheQuota,
    ),
    Trouble::new(
        "",
        &["unable to assume the role", "unable to assume role"],
        Kind::RoleCannotBeAssumed,
    ),
    Trouble::new(
        "",
        &["no container instances were found"],
        Kind::NoInstancesInTheCluster,
    ),
    Trouble::new(
        "",
        &["insufficient cpu", "resource:cpu"],
        Kind::NoInstanceWithEnoughCpu,
    ),
    Trouble::new(
        "",
        &["insufficient memory", "resource:memory"],
        Kind::NoInstanceWithEnoughMemory,
    ),
    Trouble::new(
        "",
        &["already using a port", "resource:port"],
        Kind::PortAlreadyInUse,
    ),
    Trouble::new(
        "",
        &["insufficient eni", "resource:eni"],
        Kind::NoFreeNetworkInterface,
    ),
    Trouble::new(
        "",
        &["insufficient gpu", "resource:gpu"],
        Kind::NoInstanceWithAFreeGpu,
    ),
    Trouble::new(
        "",
        &["missing an attribute", "^attribute"],
        Kind::NoInstanceFitsAttribute,
    ),
    Trouble::new(
        "",
        &["placement constraint", "placement_constraint"],
        Kind::NoInstanceFitsConstraint,
    ),
    Trouble::new(
        "",
        &["error \"agent\"", "^agent"],
        Kind::ContainerAgentDisconnected,
    ),
    Trouble::new("", &["^location"], Kind::NoInstanceInTheseZones),
    Trouble::new(
        "",
        &["^inactive", "^missing"],
        Kind::InstanceNotInTheCluster,
    ),
    Trouble::new(
        "",
        &["no container instance met all of its requirements"],
        Kind::NoInstanceFits,
    ),
    Trouble::new(
        "",
        &["^resource:", "failure: resource:", "error \"resource:"],
        Kind::NoInstanceWithEnoughRoom,
    ),
    Trouble::new(
        "unable to place a task",
        &["internal error"],
        Kind::TaskCannotBePlacedInternally,
    ),
    Trouble::new(
        "",
        &["unable to place a task", "service_task_placement_failure"],
        Kind::TaskCannotBePlaced,
    ),
    // Health checks, which fail while a task runs.
    Trouble::new(
        "",
        &["failed container health checks"],
        Kind::ContainerHealthChecksFail,
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "is unhealthy in (vpc-lattice",
            "vpc_lattice_target_unhealthy",
        ],
        Kind::UnhealthyInVpcLattice,
    )
    .while_running(),
    Trouble::new(
        "",
        &["failed elb health checks", "is unhealthy in ("],
        Kind::HealthChecksFail,
    )
    .while_running(),
    Trouble::new(
        "",
        &["service_discovery_instance_unhealthy"],
        Kind::UnhealthyInCloudMap,
    )
    .while_running(),
    Trouble::new("", &["service_health_unknown"], Kind::HealthUnknown).while_running(),
    // Pulling an image.
    Trouble::new(
        "",
        &["exec format error"],
        Kind::ImageForAnotherArchitecture,
    ),
    Trouble::new(
        "cannotpull",
        &["matching manifest for", "matching platform"],
        Kind::ImageForAnotherArchitecture,
    ),
    Trouble::new(
        "cannotpull",
        &["toomanyrequests", "rate limit"],
        Kind::ImagePullRateLimit,
    ),
    Trouble::new(
        "cannotpull",
        &["no space left"],
        Kind::NoDiskSpaceForTheImage,
    ),
    Trouble::new(
        "cannotpull",
        &["denied", "not authorized", "403 forbidden"],
        Kind::ImageCannotBePulledAccess,
    ),
    Trouble::new(
        "cannotpull",
        &["not found", "not exist", "manifest unknown"],
        Kind::ImageNotFound,
    ),
    Trouble::new(
        "cannotpull",
        &[
            "timeout",
            "request canceled",
            "context canceled",
            "deadline exceeded",
            "no route to host",
            "connection issue",
        ],
        Kind::RegistryNotReachable,
    ),
    Trouble::new("", &["cannotpull"], Kind::ImageCannotBePulled),
    // What a task needs before its containers start.
    Trouble::new(
        "",
        &[
            "insufficientfreeaddresses",
            "enough free addresses",
            "free ip address",
        ],
        Kind::NoFreeAddressInTheSubnet,
    ),
    Trouble::new(
        "",
        &["network interface provisioning"],
        Kind::NetworkInterfaceCameTooLate,
    ),
    Trouble::new("", &["create network interface"], Kind::NoNetworkInterface),
    Trouble::new(
        "resourceinitializationerror",
        &["kms"],
        Kind::SecretCannotBeDecrypted,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &[
            "retrieve ecr registry auth",
            "registry auth from amazon ecr",
        ],
        Kind::NoSignInToEcr,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["ssm", "systems manager"],
        Kind::SecretsCannotBeReadSsm,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["secret"],
        Kind::SecretsCannotBeRead,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["efs"],
        Kind::EfsCannotBeMounted,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["logger args", "log stream", "log group", "logging driver"],
        Kind::LogCannotBeWrittenTo,
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["env file"],
        Kind::EnvironmentFileUnreadable,
    ),
    Trouble::new(
        "",
        &["resourceinitializationerror"],
        Kind::TaskCannotBeSetUp,
    ),
    // Containers.
    Trouble::new(
        "",
        &["outofmemory", "killed due to memory usage"],
        Kind::OutOfMemory,
    ),
    Trouble::new("", &["cannotstartcontainer"], Kind::ContainerCannotStart),
    Trouble::new(
        "",
        &["cannotcreatecontainer"],
        Kind::ContainerCannotBeCreated,
    ),
    Trouble::new("", &["cannotcreatevolume"], Kind::VolumeCannotBeMounted),
    Trouble::new(
        "",
        &["containerruntimetimeout", "dockertimeout"],
        Kind::ContainerStartedTooSlowly,
    ),
    Trouble::new(
        "",
        &[
            "containerruntimeerror",
            "cannotinspectcontainer",
            "cannotstopcontainer",
        ],
        Kind::ContainerRuntimeInTrouble,
    ),
    Trouble::new(
        "",
        &[
            "essential container in task exited",
            "essentialcontainerexited",
        ],
        Kind::ContainerExited,
    ),
    Trouble::new("", &["internalerror"], Kind::InternalErrorOfEcs),
    // Where it ran.
    Trouble::new(
        "",
        &["spot task was interrupted", "spotinterruption"],
        Kind::SpotCapacityWasTakenBack,
    ),
    Trouble::new(
        "",
        &["host ec2 (", "hostec2terminated"],
        Kind::ItsInstanceWasTerminated,
    ),
    Trouble::new(
        "",
        &["container instance deregistration forced"],
        Kind::ItsInstanceWasDeregistered,
    ),
    // Deployments. After a rollback every task may run, of the version before.
    Trouble::new(
        "",
        &["rolling back to deployment"],
        Kind::DeploymentRolledBack,
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "deployment failed",
            "circuit breaker",
            "service_deployment_failed",
        ],
        Kind::DeploymentFailed,
    )
    .while_running(),
    Trouble::new(
        "",
        &["because of the service deployment configuration"],
        Kind::DeploymentCannotProceed,
    ),
    // The service scheduler.
    Trouble::new(
        "",
        &["service_discovery_operation_throttled"],
        Kind::CloudMapThrottlesEcs,
    ),
    Trouble::new(
        "",
        &["operations are being throttled", "ecs_operation_throttled"],
        Kind::EcsIsThrottled,
    ),
    Trouble::new("", &["unable to scale in"], Kind::ProtectedFromScaleIn).while_running(),
    Trouble::new(
        "failed to register",
        &["cloud map", "servicediscovery", "service registry"],
        Kind::NotRegisteredInCloudMap,
    )
    .while_running(),
    Trouble::new(
        "",
        &["failed to register targets"],
        Kind::NotRegisteredForTraffic,
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "failed to launch a task with",
            "service_task_configuration_failure",
        ],
        Kind::TaskCannotBeStarted,
    ),
    // Rollcall's own words, where ECS answers that a service is missing.
    Trouble::new("", &["ecs has no such service"], Kind::NoSuchService),
    Trouble::new(
        "",
        &[
            "unable to consistently start tasks",
            "service_task_start_impaired",
        ],
        Kind::TasksKeepFailingToStart,
    )
    .general(),
];
