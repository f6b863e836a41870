"""The address of a broker: what of it is shown, and what nobody may see."""

from urllib.parse import urlsplit

import msgspec

from domain.errors import UserError

SCHEMES = ("nats", "tls")
FORM = "use nats://HOST:PORT or tls://HOST:PORT, several with commas between"
DEFAULT_PORT = 4222


class BadBroker(UserError):
    """What was given is no address of a broker, or has a password where everybody sees it."""


class BrokerAddress(msgspec.Struct, frozen=True):
    """The servers of a broker, each a URL that may have a user and a password."""

    servers: tuple[str, ...]

    def __str__(self) -> str:
        """The address without users and passwords."""
        return ",".join(shown(each) for each in self.servers)

    def __repr__(self) -> str:
        """The same."""
        return f"BrokerAddress({self})"

    @property
    def has_credentials(self) -> bool:
        """Whether a user, a password or a token is in it."""
        return any("@" in urlsplit(each).netloc for each in self.servers)


def broker_address(text: str) -> BrokerAddress:
    """The address that a text is. Raises `BadBroker`, which has nothing of the text's secrets."""
    servers = tuple(each.strip() for each in text.split(","))
    for number, each in enumerate(servers, 1):
        reason = _wrong_with(each)
        if reason is not None:
            which = "The address of the broker" if len(servers) == 1 else f"Address {number}"
            raise BadBroker(f"{which} {reason}; {FORM}.")
    return BrokerAddress(servers)


def given_in_command(text: str) -> BrokerAddress:
    """The address of an option. Raises `BadBroker` where the list of processes would show it."""
    address = broker_address(text)
    if address.has_credentials:
        raise BadBroker(
            "A user, password or token on the command line is seen by everybody in the list of"
            " processes: give the whole address in ORDERLOG_FEED_TO, or a file with --creds."
        )
    return address


def _wrong_with(server: str) -> str | None:
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        return "has a host or a port that none can have"
    if parts.scheme not in SCHEMES:
        return "begins with neither nats:// nor tls://"
    if not parts.hostname or port == 0:
        return "names no host"
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        return "has more than a host and a port: the stream is named by --stream"
    return None


def shown(server: str) -> str:
    """A server's URL without user and password."""
    parts = urlsplit(server)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORT}"
