"""A hash of the code, by which two processes can check that they make the same rows."""

import hashlib
from functools import cache
from importlib.resources import files

PACKAGES = ("domain", "application.read_models", "application.projector")
"""The folders with the code that decides about rows."""


@cache
def code_fingerprint() -> str:
    """The hash of the code that makes rows."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted(files(package).iterdir(), key=lambda each: each.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()
