"""What pages for readers may load: their own files only, and no script in the text of a page."""

from collections.abc import Iterable


def policy(scripts: Iterable[str] = ()) -> str:
    """The content security policy; `scripts` are the hashes of scripts that stand in pages.

    Pictures may stand in style sheets (`data:`): that is how Swagger UI and the theme of the guide
    draw their icons.
    """
    allowed = " ".join(["'self'", *(f"'{each}'" for each in scripts)])
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    )
