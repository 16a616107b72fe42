"""Terraform on one configuration, with its state and its downloads kept out of the source."""

import json
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "terraform/examples"
SETTLE_SECONDS = 2
GRACE_SECONDS = 3
# The smallest number that the module accepts.
VERIFY_MINUTES = 1
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


class Terraform:
    def __init__(self, work: Path, environment: dict[str, str], configuration: Path, *arguments: str):
        """State and downloads go to `work`; `arguments` set the configuration's variables."""
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.configuration, self.variables = work, configuration, list(arguments)
        self.environment = environment | {
            "TF_DATA_DIR": str(work / "terraform"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        if not os.path.exists(self.environment.get("TF_CLI_CONFIG_FILE", "/")):
            del self.environment["TF_CLI_CONFIG_FILE"]
        self.state = f"-state={work / 'terraform.tfstate'}"

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess:
        done = subprocess.run(
            ["terraform", f"-chdir={self.configuration}", *arguments], env=self.environment, capture_output=True, text=True
        )
        if done.returncode not in accept:
            raise RuntimeError(f"terraform {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def init(self) -> None:
        providers = self.environment.get("TF_PLUGIN_DIR")
        self.run("init", "-no-color", *([f"-plugin-dir={providers}"] if providers else []))

    def apply(self, *more: str) -> str:
        """The closing line, such as «Apply complete! Resources: 3 added …»."""
        done = self.run("apply", "-auto-approve", "-no-color", self.state, *self.variables, *more)
        return next(line for line in done.stdout.splitlines() if line.startswith("Apply complete!"))

    def plan_again(self, *more: str) -> tuple[bool, dict, str]:
        """Whether a second plan is empty, that plan with every value known, and what it printed."""
        out = self.work / "second.plan"
        done = self.run(
            "plan", "-detailed-exitcode", "-no-color", self.state, f"-out={out}", *self.variables, *more, accept=(0, 2)
        )
        return done.returncode == 0, json.loads(self.run("show", "-json", str(out)).stdout), done.stdout

    def outputs(self) -> dict:
        values = json.loads(self.run("output", "-json", self.state).stdout)
        return {name: output["value"] for name, output in values.items()}

    def destroy(self, *more: str) -> str:
        done = self.run("destroy", "-auto-approve", "-no-color", self.state, *self.variables, *more)
        return next(line for line in done.stdout.splitlines() if line.startswith("Destroy complete!"))


def complete(work: Path, environment: dict[str, str], package: tuple[str, ...]) -> Terraform:
    """examples/complete with its own example's variables, those of the package, and windows that end within seconds."""
    example = EXAMPLES / "complete"
    return Terraform(
        work / "complete",
        environment,
        example,
        f"-var-file={example / 'terraform.tfvars.example'}",
        *package,
        f"-var=architecture={ARCHITECTURE}",
        f"-var=windows={{settle_seconds={SETTLE_SECONDS},grace_seconds={GRACE_SECONDS}}}",
        f"-var=verify={{minutes={VERIFY_MINUTES},native_events=true}}",
    )
