"""Gives a venue's evening promo codes."""

import itertools
import json

from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

_ids = itertools.count(1)


def promocode(code, **terms):
    """A promo code in the form of a catalogue file, with an id of its own."""
    return {"id": f"c0de{next(_ids):020x}", "code": code, **terms}


def put_on(services, venue, *promocodes, clock=None, matinee=()):
    """Load the venue's catalogue again, with these promo codes of the evening."""
    document = venue.document
    for event, codes in zip(document["events"], (promocodes, matinee), strict=True):
        if codes:
            event["promocodes"] = list(codes)
    load_catalog(
        services.store, read_catalog_file(json.dumps(document)), (clock or services.clock)()
    )
    services.catalog._look_again = 0.0
    services.catalog.current()
