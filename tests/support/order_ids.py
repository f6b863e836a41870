"""What an id says of itself."""

from datetime import UTC, datetime


def created_at_of(text: str) -> datetime:
    """The second in which an id was created, in UTC."""
    return datetime.fromtimestamp(int(text[:8], 16), UTC)
