"""A plain list of orders, which the event loop answers, is the same as from Flask."""

import pytest
from server import EMPTY_ORDER, ORDERS, serving

ALIKE = ("content-type", "etag", "link", "vary")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    with serving(f"sqlite:///{folder}/orders.db", folder / "log") as service:
        for _ in range(9):
            position = service.call("POST", ORDERS, EMPTY_ORDER).headers["x-log-position"]
        by_flask(service, ORDERS, position)  # shows all of them from now on
        yield service


def by_flask(service, path, position="1"):
    """A list that may have to wait is not plain."""
    return service.call("GET", path, X_Wait_For_Position=position)


def said(answer):
    return answer.status, answer.content, [answer.headers.get(each) for each in ALIKE]


def test_page_by_page(service):
    path, seen = f"{ORDERS}?page_size=4", []
    while path:
        page = service.call("GET", path)
        assert said(page) == said(by_flask(service, path))
        seen += [each["number"] for each in page.body]
        path = page.headers.get("link", "<>").partition(">")[0][1:]
    assert len(seen) == 9
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "query", ["", "?", "?page_size=0", "?page_size=2&page_size=3", "?cursor=nowhere", "?&&"]
)
def test_whatever_is_asked(service, query):
    plain, other = service.call("GET", ORDERS + query), by_flask(service, ORDERS + query)
    if plain.status == 200:
        assert said(plain) == said(other)
    else:
        assert (plain.status, plain.body["code"]) == (other.status, other.body["code"])


def test_a_page_that_is_known(service):
    tag = service.call("GET", ORDERS).headers["etag"]
    again = service.call("GET", ORDERS, If_None_Match=tag)
    assert (again.status, again.content) == (304, b"")
