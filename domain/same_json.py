"""Whether two values are the same in JSON, where true is not 1, as it is in Python."""

from typing import Any

import msgspec


def as_json(value: Any) -> bytes:
    """The same bytes for what is the same in JSON, and others for anything else."""
    return msgspec.json.encode(value, order="sorted")
