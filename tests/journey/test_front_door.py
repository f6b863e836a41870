"""The addresses that a person or a program tries first, and the tags that a proxy changes."""

import pytest
from server import EMPTY_ORDER, ORDERS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("address", "page", "has"),
    [("/", "/console", b"<form"), ("/docs", "/docs/api", b"swagger-ui")],
)
def test_a_browser_comes_to_a_page(service, address, page, has):
    answer = service.send("GET", address, {"Accept": BROWSER})
    assert (answer.status, answer.headers["location"], answer.content) == (303, page, b"")
    while answer.status in (302, 303):
        answer = service.send("GET", answer.headers["location"], {"Accept": BROWSER})
    assert answer.status == 200
    assert has in answer.content


@pytest.mark.parametrize("address", ["/", "/docs"])
@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
def test_a_program_is_told_where_the_documents_are(service, address, headers):
    answer = service.send("GET", address, headers)
    assert (answer.status, answer.headers["vary"]) == (200, "Accept")
    assert "openapi" in service.send("GET", answer.body["openapi"], {}).body
    for each in answer.body.values():
        assert service.send("GET", each, {}).status in (200, 302, 303)
    assert service.send("HEAD", address, headers).content == b""


def test_what_the_client_has_comes_without_a_body(service):
    address = f"{ORDERS}/{service.order()}"
    answer = service.call("GET", address)
    for method in ("GET", "HEAD"):
        again = service.call(method, address, If_None_Match="W/" + answer.headers["etag"])
        assert (again.status, again.content, again.headers["etag"]) == (304, b"", '"1"')
    assert service.call("POST", ORDERS, EMPTY_ORDER, If_None_Match="*").status == 201


def test_a_tag_that_a_proxy_made_weak_still_changes_the_order(service):
    address = f"{ORDERS}/{service.order()}"
    named = {"customer": {"first_name": "Anna"}}
    assert service.call("PATCH", address, named, If_Match='W/"1"').status == 200
    assert service.call("PATCH", address, named, If_Match='W/"1"').status == 412
    assert service.call("PATCH", address, named, If_Match="2").body["code"] == "bad_if_match"
