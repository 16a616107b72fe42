"""A schedule outlives its start: what a plan and a change send when the start_date has passed.

AWS refuses a start in the past, and the provider sends every attribute with every change. So this applies a schedule that
starts in some seconds, waits until it has, looks whether a plan is empty, pauses it, and looks once more.
"""

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from said import check, say
from terraform import ROOT, Terraform

REGION = "us-east-1"
FAR_AHEAD = "2099-01-01T00:00:00Z"
# In how many seconds the schedule starts. The plan and its requests must both come before that, which takes a busy machine
# longer, so further values are tried.
LEADS = (15, 45, 135)

CONFIGURATION = """
provider "aws" {
  region = "%s"
}

variable "start_date" { type = string }
variable "paused" { type = bool }
variable "look" { type = bool }

module "scheduler" {
  source           = "%s"
  environment      = "dates"
  cluster          = "app"
  services         = { nestjs = {} }
  look_up_services = var.look
  schedules = {
    morning = { expression = "cron(0 9 ? * MON-FRI *)", desired_count = 1, start_date = var.start_date, paused = var.paused }
  }
}
"""


def rehearse(aws, work: Path) -> None:
    configuration = work / "dates"
    configuration.mkdir(parents=True)
    module = ROOT / "terraform/modules/ecs-scheduler"
    (configuration / "main.tf").write_text(CONFIGURATION % (REGION, module))
    terraform = Terraform(configuration, aws.environment("terraform", REGION), configuration)
    terraform.init()
    variables = [f"-var=start_date={FAR_AHEAD}", "-var=paused=false", "-var=look=false"]
    terraform.apply(*variables)
    scheduler = aws.client("scheduler", REGION)

    def schedule() -> dict:
        return scheduler.get_schedule(GroupName="rollcall-dates", Name="morning.nestjs")

    for lead in LEADS:
        starts_at = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=lead)
        variables[0] = f"-var=start_date={starts_at.strftime('%Y-%m-%dT%H:%M:%SZ')}"
        terraform.run("apply", "-auto-approve", "-no-color", terraform.state, *variables, accept=(0, 1))
        if schedule().get("StartDate") == starts_at:
            break
    check(schedule().get("StartDate") == starts_at, "a start that lies ahead is sent")
    time.sleep(max(0.0, (starts_at - datetime.now(timezone.utc)).total_seconds() + 1))
    check(terraform.plan_again(*variables)[0], "that a start has passed is no change")
    variables[1] = "-var=paused=true"
    say(f"  after its start the schedule is paused: {terraform.apply(*variables)}")
    check(
        schedule()["State"] == "DISABLED" and "StartDate" not in schedule(),
        "the schedule was made anew without the start, so it was not refused",
    )
    check(terraform.plan_again(*variables)[0], "and the plan after it is empty")

    ecs = aws.client("ecs", REGION)
    ecs.create_cluster(clusterName="app")
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "example.com/app:1", "memory": 64}])
    ecs.create_service(cluster="app", serviceName="nestjs", taskDefinition="app", schedulingStrategy="DAEMON")
    variables[2] = "-var=look=true"
    refused = terraform.run("plan", "-no-color", terraform.state, *variables, accept=(0, 1))
    check(refused.returncode == 1 and "is a daemon" in refused.stderr, "a plan that looks services up refuses a daemon")
    variables[2] = "-var=look=false"
    terraform.destroy(*variables)

