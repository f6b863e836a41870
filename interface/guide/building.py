"""Builds the guide from `docs/`, by `python -m interface.guide.building`.

It needs the extra `site`, and no network. A link that leads nowhere ends it, and so does a page
that is in no chapter.
"""

import base64
import hashlib
import logging
import os
import re
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "built"
DOCS = HERE.parents[1] / "docs"
INLINE_SCRIPTS = "inline-scripts.txt"
"""Where a build notes the hashes of the scripts that stand in its pages: nothing else may run."""

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
NOT_SERVED = ("404.html", "sitemap.xml", "sitemap.xml.gz")
"""What would have to know the site's whole address."""


def build(docs: Path = DOCS, into: Path = BUILT, *, strict: bool = True) -> Path:
    """Build the site anew. When it is `strict` a warning ends it (`mkdocs.exceptions.Abort`)."""
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # of the theme, about another program
    from mkdocs.commands.build import build as build_pages  # noqa: PLC0415 - not there at run time
    from mkdocs.config import load_config  # noqa: PLC0415 - likewise

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    config = load_config(
        str(HERE / "site.yml"), docs_dir=str(docs), site_dir=str(into), strict=strict
    )
    config.plugins.on_startup(command="build", dirty=False)
    build_pages(config)
    for name in NOT_SERVED:
        (into / name).unlink(missing_ok=True)
    pages = [each.read_text(encoding="utf-8") for each in sorted(into.rglob("*.html"))]
    scripts = {script for page in pages for script in SCRIPT.findall(page)}
    noted = "".join(f"{hash_of(each)}\n" for each in sorted(scripts))
    (into / INLINE_SCRIPTS).write_text(noted, encoding="utf-8")
    return into


def hash_of(script: str) -> str:
    """A script's hash, as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


if __name__ == "__main__":
    shutil.rmtree(BUILT, ignore_errors=True)
    build()
