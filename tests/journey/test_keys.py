"""Keys that come and go while the service is serving."""

import json

from polling import until
from server import ORDERS, orderlog


def test_a_key_works_from_its_making_to_its_end(service):
    def answer():
        return service.call("GET", ORDERS, Authorization=f"key {key}").status

    key = service.create_key()
    until(lambda: answer() == 200, "a new key does not work")

    listed = orderlog("key", "list", "--json", "--database", service.database)
    name = json.loads(listed.stdout)[-1]["id"]
    orderlog("key", "revoke", name, "--database", service.database)
    until(lambda: answer() == 401, "a revoked key goes on to work")
    assert service.call("GET", ORDERS).status == 200
