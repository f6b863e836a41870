"""Tells whether two processes would make the same rows of the same events."""

import hashlib
from functools import cache
from importlib.resources import files

PACKAGES = ("domain", "application.read_models", "application.projector")
"""Where all that decides about rows lives."""


@cache
def code_fingerprint() -> str:
    """The hash of the code that makes rows."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted(files(package).iterdir(), key=lambda each: each.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()
