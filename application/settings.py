"""Every setting, read once from the environment. What each means: docs/settings.md."""

import msgspec
from environs import Env, EnvError, validate

from domain.errors import UserError

BESIDE = "beside"
"""The audit key is in a file beside the database, where that is a file."""

OF_USER = "user"
"""The secret of keys is in the user's folder for state."""


class Settings(msgspec.Struct, frozen=True):
    """How this service runs. Names are those of the environment, without `ORDERLOG_`."""

    database: str = "sqlite:///orderlog.db"
    sample: bool = False
    threads: int = 32
    sweep_seconds: float = 1.0
    wait_seconds: float = 5.0
    body_seconds: float = 20.0
    max_body_bytes: int = 1_048_576
    log_level: str = "INFO"
    session_hours: float = 8.0
    session_idle_minutes: float = 30.0
    key_secret: str = OF_USER
    audit_key: str = BESIDE
    checkpoint_seconds: float = 300.0


class BadSetting(UserError):
    """A variable of the environment has a value that it cannot have."""


def read_settings() -> Settings:
    """The settings of the environment. Raises `BadSetting`, naming the bad variable."""
    try:
        return _read()
    except EnvError as error:
        raise BadSetting(str(error)) from error


def _read() -> Settings:
    env = Env(prefix="ORDERLOG_")
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
        body_seconds=env.float(
            "BODY_SECONDS", default.body_seconds, validate=validate.Range(0.1, 600)
        ),
        max_body_bytes=env.int(
            "MAX_BODY_BYTES", default.max_body_bytes, validate=validate.Range(1024, 2**30)
        ),
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
