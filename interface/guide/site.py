"""The guide: the site that is built from `docs/`, served as the files that it is.

A wheel has it. In a checkout it is there after `python -m interface.guide.building`.
"""

import re
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from interface.guide.building import BUILT, INLINE_SCRIPTS
from interface.guide.policy import policy
from interface.http.page_headers import FOR_EVER

NAMED_BY_CONTENT = re.compile(r"\.[0-9a-f]{8}\.min\.(js|css)\Z")
FRONT = "/docs/guide/index.html"


def register(routes: Blueprint, built: Path = BUILT) -> None:
    """Add the pages of the guide, as they are in the folder `built`."""
    scripts = built / INLINE_SCRIPTS
    allowed = policy(scripts.read_text().split() if scripts.is_file() else ())

    @routes.get("/guide")
    @routes.get("/guide/")
    def front() -> Response:
        return redirect(FRONT, 303)  # type: ignore[return-value] # it is a Flask response here

    @routes.get("/guide/<path:name>")
    def page(name: str) -> Response:
        if not scripts.is_file():
            return Response(render_template("guide/not_built.html"), 404)
        try:
            answer = send_from_directory(built, name)
        except NotFound:
            return Response(render_template("guide/not_found.html"), 404)
        answer.headers["Content-Security-Policy"] = allowed
        answer.headers["Cache-Control"] = FOR_EVER if NAMED_BY_CONTENT.search(name) else "no-cache"
        return answer
