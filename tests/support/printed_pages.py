"""The printed exchanges of the API's pages, as the conformance kit carries them."""

import json

from interface.conform.pages import OWN


def printed_exchanges(page):
    """The exchanges of a page, as they are printed."""
    return json.loads((OWN / f"{page}.json").read_text(encoding="utf-8"))
