"""The small one of `kill-both-ends`, on both stores."""

import pytest
from experiments import HELD, Experiment, perform
from webhook_faults import RECEIVER, SERVICE, webhooks_through_kills

SEED = 7


def some_kills(lab):
    webhooks_through_kills(lab, [SERVICE, RECEIVER, RECEIVER, SERVICE])


@pytest.mark.experiment
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_every_event_arrives_though_both_sides_are_killed(store, request):
    server = request.getfixturevalue("server") if store == "postgres" else None
    result = perform(Experiment("webhooks", "Webhooks", (store,), some_kills), store, SEED, server)
    assert (result.reason, result.outcome) == ("", HELD)
    assert result.faults == 4
