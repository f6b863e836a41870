"""A database of the sandbox, and a show whose prices depend on the time."""

import re
from contextlib import closing
from http.client import HTTPConnection

from server import Answer

from application.bootstrap import build
from application.catalog.sandbox import load_sandbox
from application.settings import Settings

FIELD = re.compile(r'type="hidden" name="(\w+)" value="(\w+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAY = "/sandbox/pay"
CLOCK = "/v1/sandbox/clock"
SHOP_KEY = "5d8f7c1a90b34f0c8a6e2b7d41c3f9e0"
PREMIERE = "56a6253df06c5a059a938f01"
STALLS = "56a6254bf06c5a059b938f02"
JUNE = "2042-06-01T00:00:00Z"
SHOW_OF_RULES = f"""
partners: [{{id: "56810047f06c5a6ac62f4e1d", name: Sample partner, language: ru}}]
deals: []
events:
  - id: "{PREMIERE}"
    org: "56810047f06c5a6ac62f4e1d"
    title: Premiere
    starts_at: 2042-06-30T19:00:00Z
    ends_at: 2042-06-30T22:00:00Z
    refunds: {{policy: law_ru_193, resell: true}}
    sets:
      - id: "{STALLS}"
        name: Stalls
        rules:
          - {{id: "56a6254bf06c5a059b938f03", till: {JUNE}, nominal: "10.00", extra: "0"}}
          - {{id: "56a6254bf06c5a059b938f04", from: {JUNE}, nominal: "20.00", extra: "0"}}
        tickets: {{count: 5}}
"""


def make_sandbox(database):
    """Make a database of the sandbox, without a server."""
    with closing(build(Settings(database=database))) as services:
        page = "http://127.0.0.1:8080/sandbox/pay"
        load_sandbox(services.store, services.clock(), services.key_secret, page)


def raw_post(service, form):
    """Send a form as a browser does."""
    connection = HTTPConnection(service.host, service.port, timeout=30)
    try:
        connection.request("POST", PAY, form, FORM)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()
