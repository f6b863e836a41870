"""How much of orders' money waits for a person, by the code of why."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from application.payments.unknown_buyers import NOT_YET_HANDLED, SOON, UNKNOWN_BUYER
from application.ports.gateway_notices import NoticeState
from application.ports.read_models import Page
from application.ports.store import Store
from application.read_models.payments import TABLE
from domain.order_money import Attention

MOST_COUNTED = 100_000
CODES = (*Attention, UNKNOWN_BUYER, NOT_YET_HANDLED)
WAITS = Page("changed_at", where=(((("waits", "=", 1),),),), limit=MOST_COUNTED)


def waiting_by_code(store: Store, moment: datetime) -> Mapping[str, int]:
    """How many orders, and notices that no order has acted on, wait for each reason.

    An order can have several. Orders are counted up to `MOST_COUNTED`.
    """
    found: Counter[str] = Counter(dict.fromkeys(CODES, 0))
    for codes, orders in store.read_models().tally(TABLE.name, WAITS, "attention").items():
        found.update(dict.fromkeys(codes.split(), orders))
    notices = store.notices().waiting_by_state(moment - SOON)
    found[UNKNOWN_BUYER] = notices.get(NoticeState.UNKNOWN_BUYER, 0)
    found[NOT_YET_HANDLED] = notices.get(NoticeState.PENDING, 0)
    return found
