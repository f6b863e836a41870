"""The settings as options of a command, from the one table of them."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
from click.types import OptionHelpExtra

from application.settings import TABLE, Setting
from interface.cli.shared.session import Session

LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
KINDS = {int: "NUMBER", float: "NUMBER", tuple: "LIST"}


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --config and an option for each setting, and keeps in the session what is given."""

    @wraps(command)
    def with_flags(*, config: str | None, **options: Any) -> Any:
        session = click.get_current_context().find_object(Session)
        if session is None:
            raise RuntimeError("A command of ours runs under the command line's root.")
        given = {name: options.pop(name) for name, each in TABLE.items() if each.flag}
        session.flags = {name: value for name, value in given.items() if value is not None}
        session.config = config or session.config
        return command(**options)

    for each in reversed(TABLE.values()):
        if each.flag:
            with_flags = _option(each)(with_flags)
    return click.option("--config", metavar="FILE", help="A file of settings (TOML).")(with_flags)


class SettingOption(click.Option):
    """The option of a setting, whose default is not click's: there, that nothing was given."""

    def __init__(self, names: Sequence[str], *, setting: Setting, **more: Any) -> None:
        super().__init__(names, default=None, **more)
        self.setting = setting

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        """What help says of it in brackets."""
        extra = super().get_help_extra(ctx)
        unit = f" {self.setting.about.unit}" if self.setting.about.unit else ""
        if default := self.setting.shown(self.setting.default):
            extra["default"] = default + unit
        return extra


def _option(setting: Setting) -> Callable[..., Any]:
    """The option of a setting. Its value is checked where all settings are."""
    names: str = setting.flag
    metavar: str | None = "|".join(setting.choices) or KINDS.get(setting.kind, "TEXT")
    if setting.kind is bool:
        names, metavar = f"{names}/--no-{names.removeprefix('--')}", None
    return click.option(
        *(names, setting.name),
        cls=SettingOption,
        setting=setting,
        metavar=metavar,
        help=in_words(setting),
    )


def in_words(setting: Setting) -> str:
    """The first sentence of what a setting is for, without marks."""
    plain = LINK.sub(r"\1", setting.about.says.partition(" ([")[0]).replace("`", "")
    return plain.partition(". ")[0].rstrip(".") + "."
