"""Files that pages load. Their addresses have their digests, so browsers may keep them for ever."""

import hashlib
from functools import lru_cache
from http import HTTPStatus
from importlib.resources import files

from flask import Response, request, url_for

MOST_KEPT = 256
"""So many digests are kept: a file may be asked for under many names, such as `./a` and `././a`."""


class StaticFiles:
    """The files in `static/` of a package, as its blueprint serves them."""

    def __init__(self, package: str, blueprint: str) -> None:
        self._package = package
        self._endpoint = f"{blueprint}.static"

    def address(self, name: str) -> str:
        """The address of a file; it changes with the file."""
        return url_for(self._endpoint, filename=name, v=digest_of(self._package, name))

    def are_asked_for(self) -> bool:
        """Whether the present request is for one of the files."""
        return request.endpoint == self._endpoint

    def may_be_kept(self, answer: Response) -> bool:
        """Whether the present request was answered with a file, and names it as it is now.

        What was not found is not looked for here: its name may be anything.
        """
        if not self.are_asked_for() or answer.status_code >= HTTPStatus.BAD_REQUEST:
            return False
        name = (request.view_args or {})["filename"]
        return request.args.get("v") == digest_of(self._package, name)


@lru_cache(MOST_KEPT)
def digest_of(package: str, name: str) -> str:
    """The digest of a file in `static/`."""
    content = files(package).joinpath("static", *name.split("/")).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
