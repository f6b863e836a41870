"""SQL that takes what later layouts added from a database, on both stores."""

from application.storage.sqlite.webhook_tables import WEBHOOKS

_TABLES = [line.split()[2] for line in WEBHOOKS.splitlines() if line.startswith("CREATE TABLE")]

WITHOUT_WEBHOOKS = (
    "".join(f"DROP TABLE {table}; " for table in _TABLES)
    + "DELETE FROM counters WHERE name = 'webhooks';"
)
