"""A hook of the build: makes links of the pages, which are good in a checkout, good in the site."""

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`(?!\])", re.MULTILINE | re.DOTALL)
EVERYTHING_IN = "/*"


def on_config(config: Any) -> Any:
    """Have the chapters name every page of a folder where they say `folder/*`."""
    docs = Path(config.docs_dir)
    config.nav = [_whole(each, docs) for each in config.nav]
    return config


def _whole(chapter: Any, docs: Path) -> Any:
    if not isinstance(chapter, dict):
        return chapter
    [(name, pages)] = chapter.items()
    if not isinstance(pages, list):
        return chapter
    found: list[Any] = []
    for each in pages:
        if isinstance(each, str) and each.endswith(EVERYTHING_IN):
            folder = docs / each.removesuffix(EVERYTHING_IN)
            inside = sorted(page.relative_to(docs).as_posix() for page in folder.glob("*.md"))
            found += [page for page in inside if page not in pages]
        else:
            found.append(_whole(each, docs))
    return {name: found}


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Have links to folders lead to their first page, and those to the source to nothing."""
    folder = (Path(config.docs_dir) / page.file.src_uri).parent
    docs = Path(config.docs_dir).resolve()

    def led_on(link: re.Match[str]) -> str:
        label, path = link.groups()
        if re.match(r"[a-z]+:|#", path):
            return link[0]
        target = (folder / path.partition("#")[0]).resolve()
        if not target.is_relative_to(docs):
            return label
        return f"[{label}]({path.rstrip('/')}/README.md)" if target.is_dir() else link[0]

    kept: list[str] = []

    def put_aside(code: re.Match[str]) -> str:
        kept.append(code[0])
        return f"\0{len(kept) - 1}\0"

    text = LINK.sub(led_on, CODE.sub(put_aside, markdown))
    return re.sub("\0(\\d+)\0", lambda place: kept[int(place[1])], text)
