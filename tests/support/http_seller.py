"""A ticket seller with a key, who talks to the service over HTTP."""

from itertools import count

ORDERS = "/v1/resources/orders"


class Seller:
    """Sells tickets of one event with one key."""

    def __init__(self, app, key, event):
        self.client = app.test_client()
        self.key = key
        self.event = event

    def ask(self, method, address, *, json=None, **more):
        """Any request with the seller's key; `headers` come on top."""
        headers = {"Authorization": f"key {self.key}", **more.pop("headers", {})}
        return self.client.open(address, method=method, json=json, headers=headers, **more)

    def create(self, *, headers=None, query="", **command):
        """The answer to the command for a new order."""
        body = {"event": self.event, **command}
        return self.ask("POST", ORDERS + query, json=body, headers=headers or {})

    def order(self, **command):
        """A new order."""
        answer = self.create(**command)
        assert answer.status_code == 201, answer.json
        return answer.json

    def patch(self, order, *, headers=None, query="", **command):
        """The answer to the command to change an order."""
        return self.ask("PATCH", the(order) + query, json=command, headers=headers or {})

    def change(self, order, **command):
        """An order as it is after a change that is granted."""
        answer = self.patch(order, **command)
        assert answer.status_code == 200, answer.json
        return answer.json

    def cancel(self, order, **more):
        """The answer to the command to give up an order."""
        return self.ask("DELETE", the(order), **more)

    def get(self, address, **more):
        return self.ask("GET", address, **more)

    def look(self, order):
        """An order as it is now."""
        answer = self.get(the(order))
        assert answer.status_code == 200, answer.json
        return answer.json

    def history(self, order):
        """The names of an order's events."""
        answer = self.get(the(order) + "/history")
        assert answer.status_code == 200, answer.json
        return [event["name"] for event in answer.json["events"]]

    def tickets(self, event=None, query=""):
        """The tickets of an event by their ids."""
        answer = self.get(f"/v1/resources/events/{event or self.event}/tickets{query}")
        assert answer.status_code == 200, answer.json
        return {ticket["id"]: ticket for ticket in answer.json}

    def statuses(self, event=None):
        """By ticket, whether it can be had."""
        return {each: ticket["status"] for each, ticket in self.tickets(event).items()}

    def pages(self, query=""):
        """The pages of a list of orders, each asked for when it is wanted."""
        address = ORDERS + query
        for _ in count():
            answer = self.get(address)
            assert answer.status_code == 200, answer.json
            yield answer.json
            link = answer.headers.get("Link")
            if link is None:
                return
            address = link.removeprefix("<").removesuffix('>; rel="next"')

    def orders(self, query=""):
        """The ids of all orders in a list."""
        return [order["id"] for page in self.pages(query) for order in page]


def the(order):
    """An order's address, from its document or its id."""
    return f"{ORDERS}/{order if isinstance(order, str) else order['id']}"


def refused(answer, status, code):
    """Check that an answer is a good problem document; return it."""
    assert (answer.status_code, answer.json and answer.json.get("code")) == (status, code), (
        answer.text
    )
    assert answer.content_type == "application/problem+json"
    problem = answer.json
    assert problem["type"] == f"urn:orderlog:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def pointers(answer):
    """Where the faults of a bad request are."""
    return [fault["pointer"] for fault in answer.json["errors"]]
