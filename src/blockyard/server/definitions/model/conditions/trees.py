"""Conditions as browsers read them, which do not parse them: trees of JSON."""

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model.conditions.expressions import Node


def tree_of(node: Node) -> Json:
    """Return a condition as `[word, part, …]`, `["literal", value]`, `["number", "digits"]` or `["read", key]`.

    A number is text, as it may have more digits than JavaScript keeps.
    """
    if node.word in {"literal", "read"}:
        is_number = isinstance(node.value, int) and not isinstance(node.value, bool)
        return ["number", str(node.value)] if is_number else [node.word, node.value]
    return [node.word, *(tree_of(part) for part in node.parts)]
