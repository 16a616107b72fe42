#!/usr/bin/env python3
"""Prints the bill of materials of a release, in CycloneDX 1.6 as JSON: each crate that is compiled into the function or the
command line or takes part in their building, with its version, licence, source and hash, and which crate needs which.

    sbom.py TARGET…

Each TARGET is one of the compiler's, such as x86_64-unknown-linux-musl. It is the same from the same commit: its time is
SOURCE_DATE_EPOCH, and its serial number follows from what it says.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

FEATURES = "lambda,operator"


def metadata(target: str) -> dict:
    """What cargo knows of the crates for one target, without those for other platforms."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--no-default-features", f"--features={FEATURES}"]
    return json.loads(subprocess.run([*command, f"--filter-platform={target}"], check=True, stdout=subprocess.PIPE).stdout)


def dependencies(resolve: dict) -> dict[str, set[str]]:
    """Which package needs which, from the root on, without what only tests need."""
    nodes = {node["id"]: node for node in resolve["nodes"]}
    found, todo = {}, [resolve["root"]]
    while todo:
        package = todo.pop()
        if package not in found:
            needs = nodes[package]["deps"]
            found[package] = {need["pkg"] for need in needs if any(kind["kind"] != "dev" for kind in need["dep_kinds"])}
            todo.extend(found[package])
    return found


def component(package: dict, checksums: dict) -> Component:
    name, version = package["name"], package["version"]
    checksum, licence = checksums.get((name, version)), package["license"]
    is_root = package["source"] is None
    return Component(
        type=ComponentType.APPLICATION if is_root else ComponentType.LIBRARY,
        bom_ref=f"{name}@{version}",
        name=name,
        version=version,
        description=package["description"],
        # Older crates write MIT/Apache-2.0, which is no SPDX expression.
        licenses=[LicenseExpression(re.sub(" */ *", " OR ", licence))] if licence else [],
        purl=None if is_root else PackageURL("cargo", None, name, version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def main(targets: list[str]) -> None:
    lock = tomllib.loads(Path("Cargo.lock").read_text())
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
    packages, needs, root = {}, {}, None
    for target in targets:
        known = metadata(target)
        root = known["resolve"]["root"]
        packages |= {package["id"]: package for package in known["packages"]}
        for package, others in dependencies(known["resolve"]).items():
            needs.setdefault(package, set()).update(others)
    components = {package: component(packages[package], checksums) for package in needs}

    bom = Bom(components=(made for package, made in components.items() if package != root))
    bom.metadata.component = components[root]
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    for package, others in needs.items():
        bom.register_dependency(components[package], [components[other] for other in others])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(sorted(made.bom_ref.value for made in components.values())))
    print(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
