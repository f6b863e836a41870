"""Reads YAML, and reports by path what is named twice, misread, no moment, or too deep."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import yaml

from application.catalog.entries import BadCatalog
from application.runtime.ids import is_id

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment] # ten times slower

DEEPEST = 32
MOST_REPEATED = 1_000_000
"""So many values may come from aliases. Aliases of aliases would make a short file a huge one."""

TAG = "tag:yaml.org,2002:"
NUMBERS = frozenset({f"{TAG}int", f"{TAG}float"})
PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
"""A number that means the same to everybody. To YAML 010 is 8, 1:30 is 90, and 0x10 is 16."""

LIKE_A_NUMBER = re.compile(
    r"[-+]?(0[box])?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?\Z", re.IGNORECASE
)
"""What this YAML takes for a text, and another one, or its writer, for a number: 08, 1e3, 0o17."""


STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
"""A step of a path: a name, or a place in a list."""


class _Loader(_SafeLoader):
    """Keeps values as they are written, so that their fields can refuse them by their paths.

    A moment that does not exist stays a text, and a number keeps all its digits.
    """

    def moment_or_text(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except (AttributeError, ValueError):
            return node.value

    def exact_number(self, node: yaml.ScalarNode) -> Any:
        return Decimal(node.value) if PLAIN.match(node.value) else self.construct_yaml_float(node)


_Loader.add_constructor(f"{TAG}timestamp", _Loader.moment_or_text)
_Loader.add_constructor(f"{TAG}float", _Loader.exact_number)


def read_yaml(text: str | bytes) -> tuple[dict[Any, Any], dict[str, str]]:
    """The document, and what is wrong with its YAML, by path.

    Raises `BadCatalog` if it is not a mapping.
    """
    try:
        _refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        _refuse_repetition(node)
        errors = _errors_in(node, "", set())
        document = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise BadCatalog({"": f"The file is not valid YAML: {_problem(error)}"}) from error
    if document is None:
        raise BadCatalog({"": "The file is empty."})
    if not isinstance(document, dict):
        raise BadCatalog({"": "The file has to be a mapping with partners, events and so on."})
    return document, errors


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 1}, column {mark.column + 1})."
    return f"{' '.join(str(error).split())}."


def _refuse_depth(text: str | bytes) -> None:
    """The compiled loader recurses without a limit: a very deep file would crash the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")


def _refuse_repetition(node: yaml.Node | None) -> None:
    """Count each value as often as aliases repeat it, and once for itself."""
    sizes: dict[int, int] = {}
    repeated = _size(node, sizes) - len(sizes)
    if repeated > MOST_REPEATED:
        raise yaml.YAMLError(f"its aliases repeat more than {MOST_REPEATED} values")


def _size(node: yaml.Node | None, sizes: dict[int, int]) -> int:
    """How many values there are in a node; a knot within itself is one value."""
    if id(node) not in sizes:
        sizes[id(node)] = 1
        sizes[id(node)] += sum(_size(each, sizes) for each in _values(node))
    return sizes[id(node)]


def _values(node: yaml.Node | None) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else []


def lines_of(text: str | bytes, paths: Iterable[str]) -> dict[str, int]:
    """By path, the line in which it stands; or that of what lacks it."""
    try:
        node = _Loader(text).get_single_node()
    except (yaml.YAMLError, ValueError, LookupError):
        return {}
    return {path: _line(node, path) for path in paths if path and node is not None}


def _line(node: yaml.Node, path: str) -> int:
    line = node.start_mark.line
    for name, index in STEP.findall(path):
        if name and isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == name]
            if not found:
                break
            line, node = found[-1][0].start_mark.line, found[-1][1]
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _errors_in(node: yaml.Node | None, path: str, seen: set[int]) -> dict[str, str]:
    """By path, the duplicate keys of mappings, and the values that YAML misreads.

    YAML itself silently takes the last of two. `seen` has the nodes that were visited: an alias
    leads to the same node again.
    """
    errors: dict[str, str] = {}
    if id(node) in seen:
        return errors
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            errors |= _errors_in(item, f"{path}[{i}]", seen)
    elif isinstance(node, yaml.MappingNode):
        names = set()
        for key, value in node.value:
            step = f"{path}.{key.value}" if path else str(key.value)
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                errors[step] = f"Is named twice, again in line {key.start_mark.line + 1}."
            else:
                errors |= _errors_in(value, step, seen)
            names.add(str(key.value))
    elif isinstance(node, yaml.ScalarNode) and (misread := _misread(node)):
        errors[path] = misread
    return errors


def _misread(node: yaml.ScalarNode) -> str | None:
    """What is wrong with a value that means something else than what is written; None if it is."""
    text: str = node.value
    if node.tag == f"{TAG}bool" and text.lower() not in {"true", "false"}:
        meant = str(_Loader.bool_values[text.lower()]).lower()
        return f"YAML reads {text} as {meant}: write it in quotes."
    is_number = node.tag in NUMBERS
    is_like_one = not node.style and LIKE_A_NUMBER.match(text) and not is_id(text.lower())
    if PLAIN.match(text) or not (is_number or is_like_one):
        return None
    return (
        f"{text} is not written in plain digits, and may mean another number than it seems to:"
        " write 10 or 10.50, without leading zeros; a name in quotes."
    )
