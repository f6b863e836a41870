"""The calls of an on-sale are answered on the event loop, in their usual form."""

import pytest
from seller import PARTERRE, SHOW, BoxOffice, on_one_store

from interface.http.orders import ORDERS
from interface.server.usual_calls import UsualCalls

PATH = "/v1/resources/orders"
ORDER = f"{PATH}/{'0' * 24}"
CREATE = b'{"event":"%b","random":{"%b":1}}' % (SHOW.encode(), PARTERRE.encode())
PAY = b'{"status":"in_progress"}'


@pytest.fixture
def shop(address):
    with BoxOffice(address) as opened:
        yield opened


def found(shop, method, path, body=b"", query=""):
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
    }
    return UsualCalls(shop.services, [ORDERS]).find(environ, lambda: body)


@on_one_store
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", PATH, CREATE), ("PATCH", ORDER, PAY), ("GET", ORDER, b""), ("DELETE", ORDER, b"")],
)
def test_a_call_is_answered_on_the_loop_unless_it_has_a_query(shop, method, path, body):
    assert found(shop, method, path, body) is not None
    assert found(shop, method, path, body, "fields-schema=id") is None
