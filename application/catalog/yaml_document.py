"""Reads YAML and reports every error by its path: duplicate names, depth, moments."""

from typing import Any

import yaml

from application.catalog.entries import BadCatalog

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment] # ten times slower

DEEPEST = 32


class _Loader(_SafeLoader):
    """Keeps a moment that does not exist as text, so that its field refuses it by its path."""

    def moment_or_text(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except (AttributeError, ValueError):
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.moment_or_text)


def read_yaml(text: str | bytes) -> tuple[dict[Any, Any], dict[str, str]]:
    """The document, and the duplicate keys in it. Raises `BadCatalog` if it is not a mapping."""
    try:
        _refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        twice = _named_twice(node, "", set())
        document = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise BadCatalog({"": f"The file is no good YAML: {_problem(error)}"}) from error
    if document is None:
        raise BadCatalog({"": "The file is empty."})
    if not isinstance(document, dict):
        raise BadCatalog({"": "The file has to be a mapping with partners, events and so on."})
    return document, twice


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


def _named_twice(node: yaml.Node | None, path: str, seen: set[int]) -> dict[str, str]:
    """By path, the duplicate keys of mappings: YAML itself silently takes the last.

    `seen` has the nodes that were visited: an alias leads to the same node again.
    """
    errors: dict[str, str] = {}
    if id(node) in seen:
        return errors
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            errors |= _named_twice(item, f"{path}[{i}]", seen)
    elif isinstance(node, yaml.MappingNode):
        names = set()
        for key, value in node.value:
            step = f"{path}.{key.value}" if path else str(key.value)
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                errors[step] = f"Is named twice, again in line {key.start_mark.line + 1}."
            else:
                errors |= _named_twice(value, step, seen)
            names.add(str(key.value))
    return errors
