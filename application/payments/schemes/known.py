"""The schemes that there are: each file of this folder that has a `SCHEME`."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType

from application.payments.schemes.protocol import Scheme


@cache
def known_schemes() -> Mapping[str, Scheme]:
    """All schemes by their names."""
    modules = (
        import_module(f"{__package__}.{each.name}")
        for each in iter_modules([str(Path(__file__).parent)])
    )
    found = [module.SCHEME for module in modules if hasattr(module, "SCHEME")]
    return MappingProxyType({each.name: each for each in found})
