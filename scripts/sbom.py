"""Writes what a release is built from as a CycloneDX document.

    python scripts/sbom.py OUT.cdx.json

The parts are the crates that the command and the Python package are built from, as cargo resolves them for Linux. Build scripts,
tests and benchmarks are left out. Needs cargo, and cyclonedx-python-lib with the extra `json-validation`.
"""

import json
import pathlib
import re
import subprocess
import sys

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = pathlib.Path(__file__).parent.parent
PLATFORM = "x86_64-unknown-linux-gnu"
PRODUCTS = ("fairc", "fairc-python")


def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM]
    return json.loads(subprocess.check_output(command, cwd=ROOT))


def checksums() -> dict[tuple[str, str], str]:
    """The SHA-256 of each package, by name and version, from the lock file."""
    entry = re.compile(r'name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"')
    found = entry.findall((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    return {(name, version): checksum for name, version, checksum in found}


def component(package: dict, sums: dict[tuple[str, str], str]) -> Component:
    name, version = package["name"], package["version"]
    # `MIT/Apache-2.0` is the old way to write a choice.
    licence = re.sub(r"\s*/\s*", " OR ", package["license"])
    checksum = sums.get((name, version))
    references = [ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(package["repository"]))] if package["repository"] else []
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        description=package["description"],
        purl=PackageURL("cargo", None, name, version),
        bom_ref=f"{name}@{version}",
        licenses=[LicenseFactory().make_from_string(licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        external_references=references,
    )


def document() -> Bom:
    known = metadata()
    packages = {package["id"]: package for package in known["packages"]}
    edges = {
        node["id"]: [edge["pkg"] for edge in node["deps"] if any(kind["kind"] is None for kind in edge["dep_kinds"])]
        for node in known["resolve"]["nodes"]
    }
    products = [key for key, package in packages.items() if package["name"] in PRODUCTS]
    version = packages[products[0]]["version"]
    reached, waiting = set(), list(products)
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += edges[key]
    bom = Bom()
    release = Component(
        type=ComponentType.APPLICATION,
        name="fairc",
        version=version,
        bom_ref="release",
        licenses=[LicenseFactory().make_from_string("MIT OR Apache-2.0")],
    )
    bom.metadata.component = release
    sums = checksums()
    parts = {key: component(packages[key], sums) for key in sorted(reached)}
    for part in parts.values():
        bom.components.add(part)
    bom.register_dependency(release, [parts[key] for key in products])
    for key, part in parts.items():
        bom.register_dependency(part, [parts[other] for other in edges[key]])
    return bom


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    bom = document()
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert wrong is None, wrong
    out.write_text(text + "\n", encoding="utf-8")
    print(f"{out.name}: {len(bom.components)} crates")


if __name__ == "__main__":
    main()
