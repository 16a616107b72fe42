//! The lines of the dictionary.
//!
//! The first line that fits counts, so special lines stand before general ones. ECS's texts contain names of services,
//! and a name must not look like trouble. So what a line looks for contains a space or a mark that no name has, or is a
//! word that only ECS uses. The texts come from the Amazon ECS Developer Guide (service event messages, stopped tasks
//! error messages, API failure reasons, service action events) and from the container agent.

use super::Trouble;

pub(super) const TROUBLES: &[Trouble] = &[
    // Placing a task: service events, native events, and the reasons of RunTask's failures.
    Trouble::new(
        "",
        &["capacity is unavailable at this time", "resource:fargate"],
        "no Fargate capacity",
        "Fargate had no capacity in these zones: add subnets in other zones; ECS keeps trying.",
    ),
    Trouble::new(
        "reached the limit on the number of",
        &["vcpu"],
        "Fargate vCPU quota reached",
        "Ask for a higher Fargate vCPU quota in Service Quotas, or start fewer tasks at once.",
    ),
    Trouble::new(
        "",
        &["reached the limit on the number of"],
        "task quota reached",
        "Ask for a higher quota in Service Quotas, or start fewer tasks at once.",
    ),
    Trouble::new(
        "",
        &["configuration is above your limit"],
        "task larger than the quota",
        "Ask for a higher quota in Service Quotas, or make the task smaller.",
    ),
    Trouble::new(
        "",
        &["unable to assume the role", "unable to assume role"],
        "role cannot be assumed",
        "Do the task's roles exist, and do they trust ecs-tasks.amazonaws.com?",
    ),
    Trouble::new(
        "",
        &["no container instances were found"],
        "no instances in the cluster",
        "The cluster has no container instances: scale up its Auto Scaling group before the services.",
    ),
    Trouble::new(
        "",
        &["insufficient cpu", "resource:cpu"],
        "no instance with enough CPU",
        "Add container instances or larger ones, or ask for less CPU in the task definition.",
    ),
    Trouble::new(
        "",
        &["insufficient memory", "resource:memory"],
        "no instance with enough memory",
        "Add container instances or larger ones, or ask for less memory in the task definition.",
    ),
    Trouble::new(
        "",
        &["already using a port", "resource:port"],
        "port already in use",
        "Every instance has that host port in use: use dynamic ports, or add instances.",
    ),
    Trouble::new(
        "",
        &["insufficient eni", "resource:eni"],
        "no free network interface",
        "The instances hold no more network interfaces: turn on awsvpcTrunking, or add instances.",
    ),
    Trouble::new(
        "",
        &["insufficient gpu", "resource:gpu"],
        "no instance with a free GPU",
        "Add container instances with GPUs.",
    ),
    Trouble::new(
        "",
        &["missing an attribute", "^attribute"],
        "no instance fits (attribute)",
        "No instance has an attribute that the task needs: compare subnets, agent version, log driver.",
    ),
    Trouble::new(
        "",
        &["placement constraint", "placement_constraint"],
        "no instance fits (constraint)",
        "No instance meets the placement constraint: correct it, or add instances that do.",
    ),
    Trouble::new(
        "",
        &["error \"agent\"", "^agent"],
        "container agent disconnected",
        "Restart the ECS agent on the instance, or replace the instance.",
    ),
    Trouble::new(
        "",
        &["^location"],
        "no instance in these zones",
        "The task's subnets are in other zones than the instances: correct one or the other.",
    ),
    Trouble::new(
        "",
        &["^inactive", "^missing"],
        "instance not in the cluster",
        "The container instance is deregistered or was never there: start the task on another one.",
    ),
    Trouble::new(
        "",
        &["no container instance met all of its requirements"],
        "no instance fits",
        "Add container instances: none has room for the task, or what it needs.",
    ),
    Trouble::new(
        "",
        &["^resource:", "failure: resource:", "error \"resource:"],
        "no instance with enough room",
        "Add container instances, or ask for less in the task definition.",
    ),
    Trouble::new(
        "unable to place a task",
        &["internal error"],
        "task cannot be placed",
        "Often a subnet in a zone that Fargate does not support: check the service's subnets.",
    ),
    Trouble::new(
        "",
        &["unable to place a task", "service_task_placement_failure"],
        "task cannot be placed",
        "Read the service's events: capacity, quotas and placement constraints decide where a task may run.",
    ),
    // Health checks, which fail while a task runs.
    Trouble::new(
        "",
        &["failed container health checks"],
        "container health checks fail",
        "Read the container's log: is the check's command right, and its start period long enough?",
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "is unhealthy in (vpc-lattice",
            "vpc_lattice_target_unhealthy",
        ],
        "unhealthy in VPC Lattice",
        "Check the VPC Lattice target group's health check and the security groups.",
    )
    .while_running(),
    Trouble::new(
        "",
        &["failed elb health checks", "is unhealthy in ("],
        "health checks fail",
        "Check the target group's path, port and codes, the security groups and the grace period.",
    )
    .while_running(),
    Trouble::new(
        "",
        &["service_discovery_instance_unhealthy"],
        "unhealthy in Cloud Map",
        "Service discovery has an unhealthy task: read its log, and check its health check.",
    )
    .while_running(),
    Trouble::new(
        "",
        &["service_health_unknown"],
        "health unknown",
        "ECS cannot tell how the service is: look at its events and the AWS Health Dashboard.",
    )
    .while_running(),
    // Pulling an image.
    Trouble::new(
        "",
        &["exec format error"],
        "image for another architecture",
        "Build the image for the task's CPU architecture, or set runtimePlatform to the image's.",
    ),
    Trouble::new(
        "cannotpull",
        &["matching manifest for", "matching platform"],
        "image for another architecture",
        "Build the image for the task's CPU architecture, or set runtimePlatform to the image's.",
    ),
    Trouble::new(
        "cannotpull",
        &["toomanyrequests", "rate limit"],
        "image pull rate limit",
        "The registry limits pulls: copy the image to ECR, or pull as a signed-in user.",
    ),
    Trouble::new(
        "cannotpull",
        &["no space left"],
        "no disk space for the image",
        "Enlarge the task's ephemeral storage, or free the instance's disk.",
    ),
    Trouble::new(
        "cannotpull",
        &["denied", "not authorized", "403 forbidden"],
        "image cannot be pulled (access)",
        "Does the repository exist, and may the task's execution role pull from it?",
    ),
    Trouble::new(
        "cannotpull",
        &["not found", "not exist", "manifest unknown"],
        "image not found",
        "Correct the image's name or tag, or push it: did a lifecycle policy expire it?",
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
        "registry not reachable",
        "The subnet needs a way to the registry: a NAT gateway, a public IP or VPC endpoints (ECR, S3).",
    ),
    Trouble::new(
        "",
        &["cannotpull"],
        "image cannot be pulled",
        "Check the image's name, the execution role, and the subnet's way to the registry.",
    ),
    // What a task needs before its containers start.
    Trouble::new(
        "",
        &[
            "insufficientfreeaddresses",
            "enough free addresses",
            "free ip address",
        ],
        "no free address in the subnet",
        "The subnet has no free IP address: add subnets to the service, or a larger one.",
    ),
    Trouble::new(
        "",
        &["network interface provisioning"],
        "network interface came too late",
        "EC2 took too long to attach a network interface, and ECS tries again: check the subnet and quotas.",
    ),
    Trouble::new(
        "",
        &["create network interface"],
        "no network interface",
        "EC2 refused a network interface: read its error; check subnets, security groups, quotas.",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["kms"],
        "secret cannot be decrypted",
        "Allow the task's execution role kms:Decrypt on the secret's key.",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &[
            "retrieve ecr registry auth",
            "registry auth from amazon ecr",
        ],
        "no sign-in to ECR",
        "The execution role needs ecr:GetAuthorizationToken, the subnet a way to ECR (NAT or endpoints).",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["ssm", "systems manager"],
        "secrets cannot be read (SSM)",
        "Does the parameter exist, may the execution role read it, has the subnet a way to SSM?",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["secret"],
        "secrets cannot be read",
        "Does the secret exist, may the execution role read it, has the subnet a way to it?",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["efs"],
        "EFS cannot be mounted",
        "Check mount targets, their security groups (port 2049), and the task role's EFS permissions.",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["logger args", "log stream", "log group", "logging driver"],
        "log cannot be written to",
        "Does the log group exist, may the execution role write to it, has the subnet a way to it?",
    ),
    Trouble::new(
        "resourceinitializationerror",
        &["env file"],
        "environment file unreadable",
        "Does the file exist in S3, may the execution role read it, has the subnet a way to S3?",
    ),
    Trouble::new(
        "",
        &["resourceinitializationerror"],
        "task cannot be set up",
        "Check the execution role, and the subnet's way to AWS (NAT gateway or VPC endpoints, DNS).",
    ),
    // Containers.
    Trouble::new(
        "",
        &["outofmemory", "killed due to memory usage"],
        "out of memory",
        "A container used more memory than it has: raise its limit, or find the leak.",
    ),
    Trouble::new(
        "",
        &["cannotstartcontainer"],
        "container cannot start",
        "The runtime refused the container: check its command, user, mounts and memory.",
    ),
    Trouble::new(
        "",
        &["cannotcreatecontainer"],
        "container cannot be created",
        "The runtime refused the container: check its name, its mounts and the instance's disk.",
    ),
    Trouble::new(
        "",
        &["cannotcreatevolume"],
        "volume cannot be mounted",
        "Check that the volume exists, and the network and role that lead to it.",
    ),
    Trouble::new(
        "",
        &["containerruntimetimeout", "dockertimeout"],
        "container started too slowly",
        "The container did not start or stop in time: look at its size, its command, the instance's load.",
    ),
    Trouble::new(
        "",
        &[
            "containerruntimeerror",
            "cannotinspectcontainer",
            "cannotstopcontainer",
        ],
        "container runtime in trouble",
        "The container runtime failed: replace the instance; on Fargate, ECS tries again.",
    ),
    Trouble::new(
        "",
        &[
            "essential container in task exited",
            "essentialcontainerexited",
        ],
        "container exited",
        "A container's process ended: read the task's log.",
    ),
    Trouble::new(
        "",
        &["internalerror"],
        "internal error of ECS",
        "ECS had a fault of its own and tries again: look at the AWS Health Dashboard.",
    ),
    // Where it ran.
    Trouble::new(
        "",
        &["spot task was interrupted", "spotinterruption"],
        "Spot capacity was taken back",
        "Fargate Spot may interrupt at any time: run what must stay up on FARGATE as well.",
    ),
    Trouble::new(
        "",
        &["host ec2 (", "hostec2terminated"],
        "its instance was terminated",
        "The container instance went away: does its Auto Scaling group scale down first?",
    ),
    Trouble::new(
        "",
        &["container instance deregistration forced"],
        "its instance was deregistered",
        "Somebody deregistered the container instance while the task ran on it.",
    ),
    // Deployments. After a rollback every task may run, of the version before.
    Trouble::new(
        "",
        &["rolling back to deployment"],
        "deployment rolled back",
        "The new version's tasks did not come up: look at the service's stopped tasks.",
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "deployment failed",
            "circuit breaker",
            "service_deployment_failed",
        ],
        "deployment failed",
        "Tasks did not come up often enough: look at the service's stopped tasks.",
    )
    .while_running(),
    Trouble::new(
        "",
        &["because of the service deployment configuration"],
        "deployment cannot proceed",
        "minimumHealthyPercent or maximumPercent leaves no room for a single task: change it.",
    ),
    // The service scheduler.
    Trouble::new(
        "",
        &["service_discovery_operation_throttled"],
        "Cloud Map throttles ECS",
        "Too many changes at once: ECS goes on more slowly; widen the flexible time window.",
    ),
    Trouble::new(
        "",
        &["operations are being throttled", "ecs_operation_throttled"],
        "ECS is throttled",
        "Too many changes at once: ECS goes on more slowly; widen the flexible time window.",
    ),
    Trouble::new(
        "",
        &["unable to scale in"],
        "protected from scale-in",
        "Scale-in protection keeps tasks until they end it: look at what they are doing.",
    )
    .while_running(),
    Trouble::new(
        "failed to register",
        &["cloud map", "servicediscovery", "service registry"],
        "not registered in Cloud Map",
        "Check the service discovery service, and that ECS's service-linked role may use it.",
    )
    .while_running(),
    Trouble::new(
        "",
        &["failed to register targets"],
        "not registered for traffic",
        "ECS could not register the task: check the target group and ECS's service-linked role.",
    )
    .while_running(),
    Trouble::new(
        "",
        &[
            "failed to launch a task with",
            "service_task_configuration_failure",
        ],
        "task cannot be started",
        "Read the service's events: a role, a subnet, a security group or a setting is wrong.",
    ),
    // Rollcall's own words, where ECS answers that a service is missing.
    Trouble::new(
        "",
        &["ecs has no such service"],
        "no such service",
        "It was deleted after the call: create it again, or remove its schedule.",
    ),
    Trouble::new(
        "",
        &[
            "unable to consistently start tasks",
            "service_task_start_impaired",
        ],
        "tasks keep failing to start",
        "ECS retries ever more slowly: look at the reasons of the service's stopped tasks.",
    )
    .general(),
];
