"""What of an order's document is free to be another one each time, and how it has to look."""

import json
import re

ID = re.compile(r"[0-9a-f]{24}\Z")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000\+00:00\Z")
TOKEN = re.compile(r"[0-9a-f]{40}\Z")
FREE = {"id": ID, "created_at": MOMENT, "updated_at": MOMENT, "reserved_till": MOMENT}
"""Fields whose value is another one each time, and how it has to look."""


def without_free_values(body):
    """The body with each value that is free replaced by how it has to look, and looks."""
    body = json.loads(json.dumps(body))
    for name, looks in FREE.items():
        body[name] = looked(looks, body[name])
    body["number"] = type(body["number"])
    body["tickets"] = [looked(ID, each) for each in body["tickets"]]
    if "redirect_url" in body["payment"]:
        address, _, secret = body["payment"]["redirect_url"].partition("?customer=")
        body["payment"]["redirect_url"] = address, looked(TOKEN, secret)
    return body


def looked(looks, value):
    assert looks.match(value), value
    return looks.pattern
