"""Regular expressions as JSON Schema has them."""


def anchored(pattern: str) -> str:
    r"""A regular expression with `^` and `$` instead of `match` and `\Z`."""
    inside = pattern.removesuffix(r"\Z")
    end = "$" if pattern != inside else ""
    return f"^(?:{inside}){end}" if "|" in inside else f"^{inside}{end}"
