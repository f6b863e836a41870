"""Every setting, read once from the environment. What each means: docs/settings.md."""

import os
from difflib import get_close_matches
from ipaddress import ip_network

import msgspec
from environs import Env, EnvError, EnvValidationError, ValidationError, validate

from domain.errors import UserError

PREFIX = "ORDERLOG_"
FOR_TESTS = ("ORDERLOG_TEST_", "ORDERLOG_FAILPOINTS")

BESIDE = "beside"
"""The audit key is in a file beside the database, where that is a file."""
PRIVATE = "private"
"""The audit key is in a folder of the user's own, away from the database."""

EVERYBODY = "*"
"""Among networks: all addresses, and also what proxies pass on that are not declared."""

OF_USER = "user"
"""The secret of keys is in the user's folder for state."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this service runs. Names are those of the environment, without `ORDERLOG_`."""

    database: str = "sqlite:///orderlog.db"
    sample: bool = False
    threads: int = 32
    sweep_seconds: float = 1.0
    wait_seconds: float = 5.0
    head_seconds: float = 5.0
    body_seconds: float = 20.0
    max_body_bytes: int = 65_536
    proxies: tuple[str, ...] = ()
    metrics_from: tuple[str, ...] = ("127.0.0.0/8", "::1")
    connections: int = 4096
    tls_cert: str = ""
    tls_key: str = ""
    log_level: str = "INFO"
    session_hours: float = 8.0
    session_idle_minutes: float = 30.0
    key_secret: str = OF_USER
    audit_key: str = PRIVATE
    checkpoint_seconds: float = 300.0


class BadSetting(UserError):
    """A variable of the environment has a value that it cannot have."""


def read_settings() -> Settings:
    """The settings of the environment. Raises `BadSetting`, naming the bad variable."""
    try:
        return _read()
    except EnvValidationError as error:
        name = str(error).partition('"')[2].partition('"')[0]
        what = " ".join(error.error_messages)
        raise BadSetting(f"{name} has a value that it cannot have. {what}") from error
    except EnvError as error:
        raise BadSetting(str(error)) from error


def unknown_settings() -> list[str]:
    """A sentence for each variable of the environment that looks like a setting and is none."""
    known = {name.upper() for name in Settings.__struct_fields__}
    found = []
    for name in sorted(os.environ):
        own = name.removeprefix(PREFIX)
        if own == name or own in known or name.startswith(FOR_TESTS):
            continue
        near = get_close_matches(own, known, n=1)
        meant = f"; did you mean {PREFIX}{near[0]}?" if near else "; docs/settings.md lists them."
        found.append(f"{name} is no setting of orderlog, and is not read{meant}")
    return found


def _networks(addresses: list[str]) -> None:
    for each in addresses:
        try:
            ip_network(each, strict=False)
        except ValueError as error:
            raise ValidationError(f"{each} is no address and no network of addresses") from error


def _networks_or_everybody(addresses: list[str]) -> None:
    _networks([each for each in addresses if each != EVERYBODY])


def _read() -> Settings:
    env = Env(prefix=PREFIX)
    default = Settings()
    return Settings(
        database=env.str("DATABASE", default.database),
        sample=env.bool("SAMPLE", default.sample),
        threads=env.int("THREADS", default.threads, validate=validate.Range(1, 512)),
        sweep_seconds=env.float(
            "SWEEP_SECONDS", default.sweep_seconds, validate=validate.Range(0.01, 3600)
        ),
        wait_seconds=env.float(
            "WAIT_SECONDS", default.wait_seconds, validate=validate.Range(0.1, 60)
        ),
        head_seconds=env.float(
            "HEAD_SECONDS", default.head_seconds, validate=validate.Range(0.1, 60)
        ),
        body_seconds=env.float(
            "BODY_SECONDS", default.body_seconds, validate=validate.Range(0.1, 600)
        ),
        max_body_bytes=env.int(
            "MAX_BODY_BYTES", default.max_body_bytes, validate=validate.Range(1024, 2**30)
        ),
        proxies=tuple(env.list("PROXIES", list(default.proxies), validate=_networks)),
        metrics_from=tuple(
            env.list("METRICS_FROM", list(default.metrics_from), validate=_networks_or_everybody)
        ),
        connections=env.int("CONNECTIONS", default.connections, validate=validate.Range(1, 65_536)),
        tls_cert=env.str("TLS_CERT", default.tls_cert),
        tls_key=env.str("TLS_KEY", default.tls_key),
        log_level=env.str(
            "LOG_LEVEL",
            default.log_level,
            validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]),
        ),
        session_hours=env.float(
            "SESSION_HOURS", default.session_hours, validate=validate.Range(0.1, 168)
        ),
        session_idle_minutes=env.float(
            "SESSION_IDLE_MINUTES",
            default.session_idle_minutes,
            validate=validate.Range(1, 1440),
        ),
        key_secret=env.str("KEY_SECRET", default.key_secret),
        audit_key=env.str("AUDIT_KEY", default.audit_key),
        checkpoint_seconds=env.float(
            "CHECKPOINT_SECONDS", default.checkpoint_seconds, validate=validate.Range(0, 86_400)
        ),
    )
