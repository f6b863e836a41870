"""How a list goes on: the address of its next page."""

from urllib.parse import urlencode

from interface.http.exchange import Header, Incoming


def next_link(incoming: Incoming, cursor: str) -> Header:
    """The `Link` to the same list, continued beyond `cursor`."""
    request = incoming.parsed
    query = urlencode({**request.args.to_dict(), "cursor": cursor})
    return "Link", f'<{request.path}?{query}>; rel="next"'
