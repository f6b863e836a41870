"""The small one of `ten-thousand-orders`, on both stores."""

import pytest
from experiments import HELD, Experiment, perform
from money_faults import SENDER, SERVICE, money_through_kills

SEED = 7
ORDERS = 150


def some_orders(lab):
    money_through_kills(lab, ORDERS, [SERVICE, SENDER], [SENDER])


@pytest.mark.experiment
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_every_cent_is_where_the_senders_book_has_it(store, request):
    server = request.getfixturevalue("server") if store == "postgres" else None
    result = perform(Experiment("money", "Money", (store,), some_orders), store, SEED, server)
    assert (result.reason, result.outcome) == ("", HELD)
    assert result.faults == 3
