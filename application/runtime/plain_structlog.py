"""Imports structlog without rich, which it would take for tracebacks in colours.

Ours are plain, and rich's part takes as long to import as all the rest of structlog.
"""

import sys
from importlib import import_module

OPTIONAL = "rich"


def import_structlog() -> None:
    """Import it as if rich were not installed; rich itself can be imported before and after."""
    if "structlog" in sys.modules:
        return
    known = sys.modules.get(OPTIONAL)
    sys.modules[OPTIONAL] = None  # type: ignore[assignment] # to Python: there is no such module
    try:
        import_module("structlog")
    finally:
        del sys.modules[OPTIONAL]
        if known is not None:
            sys.modules[OPTIONAL] = known
