"""Whether this process lives, and whether it can do its work. No key is needed."""

from interface.http.calls import Calls
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.health_contract import LIVE, READY
from interface.http.monitoring import Monitoring

HEALTH = Calls("health", "/health")


@HEALTH.get("/live", LIVE)
def live(_: Incoming, __: Monitoring) -> Outgoing:
    """Say that the process lives."""
    return json_answer({"status": "live"})


@HEALTH.get("/ready", READY)
def ready(_: Incoming, monitoring: Monitoring) -> Outgoing:
    """Say whether the process can do its work, from the last look."""
    found = monitoring.ready()
    return json_answer(found, 200 if found.ready else 503)
