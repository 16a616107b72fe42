//! The names of what keeps tasks from running. Their words stand in [`crate::core::words`].

/// What keeps tasks from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// No Fargate capacity.
    NoFargateCapacity,
    /// Fargate vCPU quota reached.
    FargateVcpuQuotaReached,
    /// Task quota reached.
    TaskQuotaReached,
    /// Task larger than the quota.
    TaskLargerThanTheQuota,
    /// Role cannot be assumed.
    RoleCannotBeAssumed,
    /// No instances in the cluster.
    NoInstancesInTheCluster,
    /// No instance with enough CPU.
    NoInstanceWithEnoughCpu,
    /// No instance with enough memory.
    NoInstanceWithEnoughMemory,
    /// Port already in use.
    PortAlreadyInUse,
    /// No free network interface.
    NoFreeNetworkInterface,
    /// No instance with a free GPU.
    NoInstanceWithAFreeGpu,
    /// No instance fits (attribute).
    NoInstanceFitsAttribute,
    /// No instance fits (constraint).
    NoInstanceFitsConstraint,
    /// Container agent disconnected.
    ContainerAgentDisconnected,
    /// No instance in these zones.
    NoInstanceInTheseZones,
    /// Instance not in the cluster.
    InstanceNotInTheCluster,
    /// No instance fits.
    NoInstanceFits,
    /// No instance with enough room.
    NoInstanceWithEnoughRoom,
    /// Task cannot be placed.
    TaskCannotBePlacedInternally,
    /// Task cannot be placed.
    TaskCannotBePlaced,
    /// Container health checks fail.
    ContainerHealthChecksFail,
    /// Unhealthy in VPC Lattice.
    UnhealthyInVpcLattice,
    /// Health checks fail.
    HealthChecksFail,
    /// Unhealthy in Cloud Map.
    UnhealthyInCloudMap,
    /// Health unknown.
    HealthUnknown,
    /// Image for another architecture.
    ImageForAnotherArchitecture,
    /// Image pull rate limit.
    ImagePullRateLimit,
    /// No disk space for the image.
    NoDiskSpaceForTheImage,
    /// Image cannot be pulled (access).
    ImageCannotBePulledAccess,
    /// Image not found.
    ImageNotFound,
    /// Registry not reachable.
    RegistryNotReachable,
    /// Image cannot be pulled.
    ImageCannotBePulled,
    /// No free address in the subnet.
    NoFreeAddressInTheSubnet,
    /// Network interface came too late.
    NetworkInterfaceCameTooLate,
    /// No network interface.
    NoNetworkInterface,
    /// Secret cannot be decrypted.
    SecretCannotBeDecrypted,
    /// No sign-in to ECR.
    NoSignInToEcr,
    /// Secrets cannot be read (SSM).
    SecretsCannotBeReadSsm,
    /// Secrets cannot be read.
    SecretsCannotBeRead,
    /// EFS cannot be mounted.
    EfsCannotBeMounted,
    /// Log cannot be written to.
    LogCannotBeWrittenTo,
    /// Environment file unreadable.
    EnvironmentFileUnreadable,
    /// Task cannot be set up.
    TaskCannotBeSetUp,
    /// Out of memory.
    OutOfMemory,
    /// Container cannot start.
    ContainerCannotStart,
    /// Container cannot be created.
    ContainerCannotBeCreated,
    /// Volume cannot be mounted.
    VolumeCannotBeMounted,
    /// Container started too slowly.
    ContainerStartedTooSlowly,
    /// Container runtime in trouble.
    ContainerRuntimeInTrouble,
    /// Container exited.
    ContainerExited,
    /// Internal error of ECS.
    InternalErrorOfEcs,
    /// Spot capacity was taken back.
    SpotCapacityWasTakenBack,
    /// Its instance was terminated.
    ItsInstanceWasTerminated,
    /// Its instance was deregistered.
    ItsInstanceWasDeregistered,
    /// Deployment rolled back.
    DeploymentRolledBack,
    /// Deployment failed.
    DeploymentFailed,
    /// Deployment cannot proceed.
    DeploymentCannotProceed,
    /// Cloud Map throttles ECS.
    CloudMapThrottlesEcs,
    /// ECS is throttled.
    EcsIsThrottled,
    /// Protected from scale-in.
    ProtectedFromScaleIn,
    /// Not registered in Cloud Map.
    NotRegisteredInCloudMap,
    /// Not registered for traffic.
    NotRegisteredForTraffic,
    /// Task cannot be started.
    TaskCannotBeStarted,
    /// No such service.
    NoSuchService,
    /// Tasks keep failing to start.
    TasksKeepFailingToStart,
}
