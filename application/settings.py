"""Every setting: its name, type, default, range and meaning. docs/settings.md is made from here.

`configuration.py` reads them.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from application.database_address import without_passwords

PREFIX = "ORDERLOG_"

BESIDE = "beside"
"""The audit key is in a file beside the database, where that is a file."""
PRIVATE = "private"
"""The audit key is in a folder of the user's own, away from the database."""

EVERYBODY = "*"
"""Among networks: all addresses, and also what proxies pass on that are not declared."""

OF_USER = "user"
"""The secret of keys is in the user's folder for state."""

USER_INFO = re.compile(r"(?<=//)[^/@\s,]*@|(?<=,)[^/@\s,]*@")
"""A user, a password or a token before the name of a host."""


def networks(addresses: list[str]) -> None:
    """Check that each is an address or a network. Raises `ValidationError`."""
    from marshmallow import ValidationError  # noqa: PLC0415 - see configuration.py

    for each in addresses:
        try:
            ip_network(each, strict=False)
        except ValueError as error:
            raise ValidationError(f"{each} is neither an address nor a network") from error


def networks_or_everybody(addresses: list[str]) -> None:
    """Check likewise, or for `*`. Raises `ValidationError`."""
    networks([each for each in addresses if each != EVERYBODY])


def without_user(address: str) -> str:
    """An address without who signs in there."""
    return USER_INFO.sub("***@", address)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a setting is for.

    `low` and `high` are its range, `check` refuses further values, `shown` hides what nobody may
    see of it. `flag` is its option of `orderlog serve`, if that is not its name; empty for none.
    """

    says: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    check: Callable[[Any], None] | None = None
    shown: Callable[[str], str] = str
    flag: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this service runs, and the one table of what can be set."""

    database: Annotated[
        str,
        About(
            says="The store: `sqlite:///FILE` (relative to the working directory;"
            " `sqlite:////absolute/path` with four slashes) or"
            " `postgresql://user@host:port/name`.",
            shown=without_passwords,
            flag="",
        ),
    ] = "sqlite:///orderlog.db"
    listen_host: Annotated[
        str,
        About(
            says="The address to listen on; `0.0.0.0` listens on all addresses.",
            flag="--host",
        ),
    ] = "127.0.0.1"
    listen_port: Annotated[
        int,
        About(
            says="The port to listen on; 0 takes a free one.",
            low=0,
            high=65_535,
            flag="--port",
        ),
    ] = 8080
    workers: Annotated[
        int,
        About(
            says="The number of server processes; a process that dies is replaced.", low=1, high=64
        ),
    ] = 1
    pinned: Annotated[
        bool,
        About(
            says="Whether each server process keeps to a core of its own, if there is one for each"
            " and others leave it alone"
            " ([decision 42](decisions/0042-a-server-process-leaves-its-core-to-others.md))."
            " Orders are made in less processor time there."
        ),
    ] = True
    sample: Annotated[
        bool,
        About(
            says="Load the sample catalogue first, and accept its keys from this machine; refused"
            " if the database has its own partners."
        ),
    ] = False
    threads: Annotated[
        int,
        About(
            says="The number of reading threads in each server process for calls outside the"
            " on-sale path, and the number of writing threads.",
            low=1,
            high=512,
        ),
    ] = 32
    sweep_seconds: Annotated[
        float,
        About(
            says="The time between two sweeps for holds that have ended. It does not decide when"
            " an order expires: `reserved_till` does, to the millisecond.",
            unit="seconds",
            low=0.01,
            high=3600,
        ),
    ] = 1.0
    wait_seconds: Annotated[
        float,
        About(
            says="The longest time that a read with `X-Wait-For-Position` waits.",
            unit="seconds",
            low=0.1,
            high=60,
        ),
    ] = 5.0
    head_seconds: Annotated[
        float,
        About(
            says="How long the head of a request may take to arrive, and how long a connection may"
            " be idle between two requests. A proxy in front has to close its idle connections"
            " sooner ([deploy.md](deploy.md)).",
            unit="seconds",
            low=0.1,
            high=60,
        ),
    ] = 5.0
    body_seconds: Annotated[
        float,
        About(
            says="How long the body of a request may take to arrive. On Linux, the service also"
            " disconnects a client that reads nothing of its answer for so long.",
            unit="seconds",
            low=0.1,
            high=600,
        ),
    ] = 20.0
    max_body_bytes: Annotated[
        int,
        About(says="The largest body of a request.", unit="bytes", low=1024, high=2**30),
    ] = 65_536
    proxies: Annotated[
        tuple[str, ...],
        About(
            says="The addresses or networks (`10.0.0.0/8`) of the proxies in front. The service"
            " trusts `X-Forwarded-For` only from these; without it, all clients behind a proxy"
            " count as one address.",
            check=networks,
        ),
    ] = ()
    metrics_from: Annotated[
        tuple[str, ...],
        About(
            says="The addresses or networks that may read"
            " [`/metrics`](metrics.md#who-may-read-it) without a key; `*` allows everybody. A"
            " request through a proxy counts by `ORDERLOG_PROXIES`, and never as one from the same"
            " machine.",
            check=networks_or_everybody,
        ),
    ] = ("127.0.0.0/8", "::1")
    connections: Annotated[
        int,
        About(
            says="The most connections that a server has at the same time, over all its processes."
            " Further ones wait until one is closed. The system's limit of open files may lower"
            " this.",
            low=1,
            high=65_536,
        ),
    ] = 4096
    tls_cert: Annotated[
        str,
        About(
            says="The file of a certificate with its chain (PEM). If it is set, the service speaks"
            " TLS itself ([deploy.md](deploy.md#tls-by-the-service-itself))."
        ),
    ] = ""
    tls_key: Annotated[
        str, About(says="The file of the certificate's private key (PEM, without a password).")
    ] = ""
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        About(says="The lowest level that is logged ([logs](metrics.md#the-log))."),
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "text", "json"],
        About(
            says="Lines for people, or JSON lines, on standard error. `auto` is `text` on a"
            " terminal and `json` elsewhere."
        ),
    ] = "auto"
    session_hours: Annotated[
        float,
        About(says="How long a session at the console lasts.", unit="hours", low=0.1, high=168),
    ] = 8.0
    session_idle_minutes: Annotated[
        float,
        About(
            says="How long a session at the console lasts without a request.",
            unit="minutes",
            low=1,
            high=1440,
        ),
    ] = 30.0
    key_secret: Annotated[
        str,
        About(
            says="The file of the secret that protects the stored keys of partners. The service"
            " makes it with the first key, readable only by its owner. `user` is"
            " `orderlog/key-secret` in the user's state folder (`$XDG_STATE_HOME`, or"
            " `~/.local/state`). All processes of one service need the same file: copy it to each"
            " machine, and keep a copy apart from the backups of the database."
        ),
    ] = OF_USER
    audit_key: Annotated[
        str,
        About(
            says="The file of the private key that signs checkpoints of the log. The service makes"
            " it on first use, readable only by its owner, and keeps the signer's memory beside it."
            " `private` is a folder of the user's own for each SQLite file"
            " ([audit.md](audit.md#the-key)); on PostgreSQL there are no checkpoints unless you"
            " name a file. `beside` is `FILE-audit-key` beside an SQLite file: whoever can write"
            " there can forge both. If users' folders do not outlive the machine, as in a"
            " container, name a file that does."
        ),
    ] = PRIVATE
    checkpoint_seconds: Annotated[
        float,
        About(
            says="The time between two checkpoints that the service makes; 0 makes none.",
            unit="seconds",
            low=0,
            high=86_400,
        ),
    ] = 300.0
    feed_to: Annotated[
        str,
        About(
            says="The broker that [`orderlog feed publish`](commands.md#orderlog-feed-publish)"
            " publishes to, with a user and password or a token if it needs them:"
            " `nats://user:password@host:4222`. Separate several servers by commas.",
            shown=without_user,
            flag="",
        ),
    ] = ""
    traces_to: Annotated[
        str,
        About(
            says="The OpenTelemetry collector that receives spans, by OTLP over HTTP:"
            " `http://collector:4318` ([traces](metrics.md#traces)). If it is empty, there are no"
            " traces.",
            shown=without_user,
        ),
    ] = ""
    webhooks: Annotated[
        bool,
        About(
            says="Whether this server delivers to webhooks; others on the same database still do."
        ),
    ] = True
    webhooks_to: Annotated[
        tuple[str, ...],
        About(
            says="Networks that webhooks may be sent to although they are not public; there"
            " webhooks may also do without TLS.",
            check=networks,
        ),
    ] = ()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table. `kind` is `str`, `int`, `float`, `bool` or `tuple`."""

    name: str
    kind: type
    choices: tuple[str, ...]
    default: Any
    about: About

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """Its option of `orderlog serve`; empty for none."""
        return f"--{self.name.replace('_', '-')}" if self.about.flag is None else self.about.flag

    def shown(self, value: Any) -> str:
        """A value in words that everybody may see."""
        return self.about.shown(text_of(value))


def text_of(value: Any) -> str:
    """A value as it is written into the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _table() -> Iterator[Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        kind, about = get_args(hints[field.name])
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        plain = str if choices else get_origin(kind) or kind
        yield Setting(
            name=field.name, kind=plain, choices=choices, default=field.default, about=about
        )


TABLE = {each.name: each for each in _table()}
"""Every setting by its name."""
