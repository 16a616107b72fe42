# What each job's schedule sends to ecs:RunTask. EventBridge Scheduler takes the parameters of the call in PascalCase.

locals {
  run_task_inputs = {
    for key, job in var.jobs : key => merge(
      {
        Cluster        = var.cluster
        TaskDefinition = job.task_definition
        Count          = job.task_count
      },
      # A call names a launch type or a strategy, never both.
      length(job.capacity_provider_strategy) > 0 ? {} : { LaunchType = coalesce(job.launch_type, "FARGATE") },
      length(job.capacity_provider_strategy) == 0 ? {} : {
        CapacityProviderStrategy = [
          for provider in job.capacity_provider_strategy :
          { CapacityProvider = provider.capacity_provider, Weight = provider.weight, Base = provider.base }
        ]
      },
      job.platform_version == null ? {} : { PlatformVersion = job.platform_version },
      job.network == null ? {} : {
        NetworkConfiguration = {
          AwsvpcConfiguration = {
            Subnets        = job.network.subnet_ids
            SecurityGroups = job.network.security_group_ids
            AssignPublicIp = job.network.assign_public_ip ? "ENABLED" : "DISABLED"
          }
        }
      },
      length(local.overrides[key]) == 0 ? {} : { Overrides = local.overrides[key] },
      length(local.job_tags[key]) == 0 ? {} : { Tags = [for name, value in local.job_tags[key] : { Key = name, Value = value }] },
      job.propagate_tags ? { PropagateTags = "TASK_DEFINITION" } : {},
    )
  }

  job_tags = { for key, job in var.jobs : key => merge(var.tags, job.tags) }

  overrides = {
    # Lists of one or none: both sides of a condition would have to be of one type.
    for key, job in var.jobs : key => merge([
      for overrides in job.overrides[*] : merge(
        overrides.cpu == null ? {} : { Cpu = tostring(overrides.cpu) },
        overrides.memory == null ? {} : { Memory = tostring(overrides.memory) },
        overrides.ephemeral_storage_gib == null ? {} : { EphemeralStorage = { SizeInGiB = overrides.ephemeral_storage_gib } },
        length(overrides.containers) == 0 ? {} : {
          ContainerOverrides = [
            for container, override in overrides.containers : merge(
              { Name = container },
              override.command == null ? {} : { Command = override.command },
              length(override.environment) == 0 ? {} : { Environment = [for name, value in override.environment : { Name = name, Value = value }] },
              override.cpu == null ? {} : { Cpu = override.cpu },
              override.memory == null ? {} : { Memory = override.memory },
            )
          ]
        },
      )
    ]...)
  }

  # RunTask takes overrides of 8,192 characters in all, as JSON.
  long_overrides = [for key, overrides in local.overrides : key if length(jsonencode(overrides)) > 8192]
}
