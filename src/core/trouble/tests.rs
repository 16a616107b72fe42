//! What ECS writes, and what of it is trouble.

use super::known::TROUBLES;
use super::trouble;
use crate::core::refusal::{REFUSALS, Refusal};
use crate::core::words::Language;

fn words(text: &str) -> &'static str {
    let english = Language::English.words();
    trouble(text).map_or("-", |trouble| english.trouble(trouble.kind).words)
}

fn says(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(words(text), *expected, "{text}");
    }
}

#[test]
fn service_events_are_understood() {
    let closest = "(service web) was unable to place a task because no container instance met all of its \
        requirements. The closest matching (container-instance 0a1b2c3d) ";
    for (rest, expected) in [
        (
            "has insufficient CPU units available.",
            "no instance with enough CPU",
        ),
        (
            "has insufficient memory available.",
            "no instance with enough memory",
        ),
        (
            "is already using a port required by your task.",
            "port already in use",
        ),
        (
            "is missing an attribute required by your task.",
            "no instance fits (attribute)",
        ),
        (
            "encountered error \"AGENT\".",
            "container agent disconnected",
        ),
        (
            "encountered error \"RESOURCE:ENI\".",
            "no free network interface",
        ),
        (
            "encountered error \"RESOURCE:GPU\".",
            "no instance with a free GPU",
        ),
        (
            "encountered error \"MemberOf placement constraint unsatisfied.\".",
            "no instance fits (constraint)",
        ),
        (
            "encountered error \"DistinctInstance placement constraint unsatisfied.\".",
            "no instance fits (constraint)",
        ),
        ("", "no instance fits"),
    ] {
        assert_eq!(words(&format!("{closest}{rest}")), expected, "{rest}");
    }
    #[rustfmt::skip]
    says(&[
        ("(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.", "no instances in the cluster"),
        ("(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.", "no Fargate capacity"),
        ("(service web) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.", "task quota reached"),
        ("(service web) was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently.", "Fargate vCPU quota reached"),
        ("(service web) was unable to place a task. Reason: The requested CPU configuration is above your limit.", "task larger than the quota"),
        ("(service web) was unable to place a task. Reason: The requested MEMORY configuration is above your limit.", "task larger than the quota"),
        ("(service web) was unable to place a task. Reason: Internal error.", "task cannot be placed"),
        ("(service web) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/web' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions.).", "role cannot be assumed"),
        ("(service web) failed to launch a task with (error The provided target group has no load balancer.).", "task cannot be started"),
        ("(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.", "tasks keep failing to start"),
        ("(service web) operations are being throttled. Will try again later.", "ECS is throttled"),
        ("(service web) operations are being throttled on elb. Will try again later.", "ECS is throttled"),
        ("(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.", "deployment cannot proceed"),
        ("(service web) was unable to scale in due to (reason 2 tasks under protection)", "protected from scale-in"),
        ("(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.", "deployment failed"),
        ("(service web) rolling back to deployment ecs-svc/1.", "deployment rolled back"),
        ("deployment failed: ECS deployment circuit breaker: tasks failed to start.", "deployment failed"),
        ("(service web) failed to register targets in (target-group arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/1) with (error rate exceeded)", "not registered for traffic"),
    ]);
}

#[test]
fn failing_health_checks_go_on_while_tasks_run() {
    #[rustfmt::skip]
    let cases = [
        ("(service web) (instance i-0a1b2c3d) (port 80) is unhealthy in (target-group web) due to (reason Health checks failed with these codes: [502])", "health checks fail"),
        ("(service web) (task 0a1b) (port 80) is unhealthy in (target-group arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/1) due to (reason Request timed out)", "health checks fail"),
        ("(service web) (instance i-0a1b2c3d) is unhealthy in (elb web) due to (reason Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)", "health checks fail"),
        ("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/1)", "health checks fail"),
        ("(service web) (task 0a1b) failed container health checks.", "container health checks fail"),
        ("VPC_LATTICE_TARGET_UNHEALTHY", "unhealthy in VPC Lattice"),
        ("SERVICE_DISCOVERY_INSTANCE_UNHEALTHY", "unhealthy in Cloud Map"),
        ("SERVICE_HEALTH_UNKNOWN", "health unknown"),
    ];
    says(&cases);
    for (text, _) in cases {
        assert!(trouble(text).unwrap().is_while_running, "{text}");
    }
    let capacity = "SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:FARGATE";
    assert!(!trouble(capacity).unwrap().is_while_running);
}

#[test]
fn the_reasons_of_stopped_tasks_are_understood() {
    #[rustfmt::skip]
    says(&[
        ("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/web:42: not found", "image not found"),
        ("CannotPullContainerError: API error (404): repository 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/web not found", "image not found"),
        ("CannotPullContainerError: inspect image has been retried 1 time(s): httpReaderSeeker: toomanyrequests: You have reached your pull rate limit.", "image pull rate limit"),
        ("CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp 203.0.113.7:443: i/o timeout", "registry not reachable"),
        ("CannotPullContainerError: Get https://registry.example.com/v2/: net/http: request canceled while waiting for connection", "registry not reachable"),
        ("CannotPullContainerError: The task cannot pull web:42 from the registry. There is a connection issue between the task and the registry.", "registry not reachable"),
        ("CannotPullContainerError: pull access denied for web, repository does not exist or may require authorization", "image cannot be pulled (access)"),
        ("CannotPullContainerError: failed to copy: httpReadSeeker: unexpected status code 403 Forbidden", "image cannot be pulled (access)"),
        ("CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'", "image for another architecture"),
        ("CannotPullContainerError: no matching manifest for linux/arm64/v8 in the manifest list entries", "image for another architecture"),
        ("CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "no disk space for the image"),
        ("CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy", "image cannot be pulled"),
        ("CannotPullECRContainerError: AccessDeniedException: not authorized to perform: ecr:BatchGetImage", "image cannot be pulled (access)"),
        ("exec /app/run: exec format error", "image for another architecture"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue", "secrets cannot be read"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: Access to KMS is not allowed", "secret cannot be decrypted"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid parameters: /web/token", "secrets cannot be read (SSM)"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed", "no sign-in to ECR"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: unable to pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR.", "no sign-in to ECR"),
        ("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.", "log cannot be written to"),
        ("ResourceInitializationError: failed to initialize logging driver: unknown", "log cannot be written to"),
        ("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve", "EFS cannot be mounted"),
        ("ResourceInitializationError: failed to download env files: file download command: non empty error stream: AccessDenied", "environment file unreadable"),
        ("ResourceInitializationError: failed to configure ENI", "task cannot be set up"),
        ("ResourceInitializationError: unable to retrieve secret from asm: not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:x", "secrets cannot be read"),
        ("CannotStartContainerError: failed to get container status: unknown", "container cannot start"),
        ("CannotCreateContainerError: API error (500): devmapper", "container cannot be created"),
        ("CannotCreateVolumeError: unknown", "volume cannot be mounted"),
        ("OutOfMemoryError: Container killed due to memory usage (exit code 137)", "out of memory"),
        ("ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: unknown", "container started too slowly"),
        ("DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s", "container started too slowly"),
        ("CannotInspectContainerError: unknown", "container runtime in trouble"),
        ("Essential container in task exited (exit code 1)", "container exited"),
        ("InternalError: unable to create new container", "internal error of ECS"),
        ("Your Spot Task was interrupted.", "Spot capacity was taken back"),
        ("Host EC2 (instance i-0a1b2c3d) terminated.", "its instance was terminated"),
        ("Host EC2 (instance i-0a1b2c3d) stopped/terminated.", "its instance was terminated"),
        ("Container instance deregistration forced by user.", "its instance was deregistered"),
        ("Timeout waiting for network interface provisioning to complete.", "network interface came too late"),
        ("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet", "no free address in the subnet"),
        ("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': UnauthorizedOperation", "no network interface"),
    ]);
}

#[test]
fn native_events_and_failures_of_run_task_are_understood() {
    #[rustfmt::skip]
    says(&[
        ("SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:FARGATE", "no Fargate capacity"),
        ("SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:CPU", "no instance with enough CPU"),
        ("SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:MEMORY", "no instance with enough memory"),
        ("SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:PORTS", "port already in use"),
        ("SERVICE_TASK_PLACEMENT_FAILURE", "task cannot be placed"),
        ("SERVICE_TASK_START_IMPAIRED", "tasks keep failing to start"),
        ("SERVICE_TASK_CONFIGURATION_FAILURE", "task cannot be started"),
        ("SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED", "no instance fits (constraint)"),
        ("ECS_OPERATION_THROTTLED", "ECS is throttled"),
        ("SERVICE_DISCOVERY_OPERATION_THROTTLED", "Cloud Map throttles ECS"),
        ("SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: task failed to start.", "deployment failed"),
        ("SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.", "deployment rolled back"),
        ("RESOURCE:MEMORY", "no instance with enough memory"),
        ("RESOURCE:ENI - no attachment point", "no free network interface"),
        ("RESOURCE:GPU", "no instance with a free GPU"),
        ("RESOURCE:DISK", "no instance with enough room"),
        ("SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:DISK", "no instance with enough room"),
        ("AGENT", "container agent disconnected"),
        ("ATTRIBUTE - missing", "no instance fits (attribute)"),
        ("LOCATION", "no instance in these zones"),
        ("INACTIVE", "instance not in the cluster"),
        ("MemberOf placement constraint unsatisfied.", "no instance fits (constraint)"),
        ("Capacity is unavailable at this time. Please try again later or in a different availability zone", "no Fargate capacity"),
        ("SpotInterruption - Your Spot Task was interrupted.", "Spot capacity was taken back"),
        ("TaskFailedToStart - CannotPullContainerError: web:42 not found", "image not found"),
        ("InvalidParameterException - No Container Instances were found in your cluster.", "no instances in the cluster"),
    ]);
}

#[test]
fn the_ordinary_is_no_trouble() {
    #[rustfmt::skip]
    let ordinary = [
        "(service web) has reached a steady state.",
        "(service web) has started 1 tasks: (task 0a1b2c3d).",
        "(service web) has started 1 tasks: (task 0a1b2c3d). Amazon ECS replaced 1 tasks due to an unhealthy status.",
        "(service web) has stopped 1 running tasks: (task 0a1b2c3d).",
        "(service web) (deployment ecs-svc/1) deployment completed.",
        "(service web) registered 1 targets in (target-group arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/1)",
        "(service web) deregistered 1 targets in (target-group arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/1)",
        "(service web, taskSet ecs-svc/1) has begun draining connections on 1 tasks.",
        "(service web) updated computedDesiredCount for taskSet ecs-svc/1 to 2.",
        "(service resource-agent) has started 1 tasks: (task 0a1b2c3d).",
        "(service throttled-health-checks) has reached a steady state.",
        "SERVICE_STEADY_STATE",
        "SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment ecs-svc/1 in progress.",
        "SERVICE_DEPLOYMENT_COMPLETED: ECS deployment ecs-svc/1 completed.",
        "SERVICE_DESIRED_COUNT_UPDATED",
        "TASKS_STOPPED",
        "Scaling activity initiated by (deployment ecs-svc/1)",
        "Task stopped by user",
        "ECS deployment ecs-svc/1 completed.",
        "exit code 1",
        "AccessDeniedException - User: arn:aws:sts::123456789012:assumed-role/dev/0a1b is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:ap-northeast-2:123456789012:task-definition/web:1",
        "ThrottlingException - Rate exceeded",
        "",
    ];
    for text in ordinary {
        assert_eq!(words(text), "-", "{text}");
    }
}

#[test]
fn every_line_fits_and_can_be_reached() {
    for line in TROUBLES {
        for mention in line.mentions {
            assert_eq!(mention.to_lowercase(), *mention);
            let text = format!("{} {}", mention.trim_start_matches('^'), line.within);
            assert_eq!(trouble(&text), Some(line), "{text}");
        }
    }
}

#[test]
fn the_words_fit_a_cell_and_the_advice_a_line() {
    for language in Language::ALL {
        let words = language.words();
        let of_refusal = |(_, _, refusal): &(&str, &str, Refusal)| words.refusal(*refusal);
        let of_trouble = |trouble: &super::Trouble| words.trouble(trouble.kind);
        let entries = REFUSALS.iter().map(of_refusal);
        for entry in entries.chain(TROUBLES.iter().map(of_trouble)) {
            assert!(entry.words.chars().count() <= 32, "{entry:?}");
            assert!(entry.brief.chars().count() <= 32, "{entry:?}");
            assert!(entry.advice.chars().count() <= 120, "{entry:?}");
            assert!(entry.advice.ends_with(['.', '?']), "{entry:?}");
        }
    }
}
