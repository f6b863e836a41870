#!/usr/bin/env python3
"""Asks for known faults of all that a lock file names.

Its only argument is the lock file. Ends with 1 if there is one. A registry that has no advisories,
or that cannot be reached, finds nothing either: that is said, and is no proof of anything.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NOTHING_ASKED = "Advisories: NOT CHECKED"
SECONDS = 120


def audited(lock: str) -> list[dict[str, Any]] | None:
    """What pip-audit knows of each package; None where it could not ask."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = ("pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
        try:
            subprocess.run(
                (*command, "--format", "json", "--output", report, "--requirement", lock),
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        text = report.read_text(encoding="utf-8") if report.exists() else ""
    known: list[dict[str, Any]] | None = json.loads(text)["dependencies"] if text else None
    return known


def verdict(found: list[dict[str, Any]] | None) -> tuple[int, list[str]]:
    """The exit status, and the lines to print, for what is known of each package."""
    if found is None:
        return 0, [f"{NOTHING_ASKED}: no advisory service can be reached from here."]
    faults = [
        f"{each['name']} {each['version']}: {fault['id']}"
        f" (fixed in {', '.join(fault['fix_versions']) or 'no release yet'})"
        for each in found
        for fault in each.get("vulns", ())
    ]
    unknown = sorted(each["name"] for each in found if "skip_reason" in each)
    known = len(found) - len(unknown)
    if not known:
        lines = [f"{NOTHING_ASKED}: this registry has none of {len(found)} packages."]
    else:
        lines = [f"Advisories: {known} packages checked, {len(faults)} faults known."]
        if unknown:
            lines.insert(0, f"{NOTHING_ASKED} for {', '.join(unknown)}")
    return int(bool(faults)), [*faults, *lines]


if __name__ == "__main__":
    status, lines = verdict(audited(sys.argv[1]))
    print(*lines, sep="\n")
    sys.exit(status)
