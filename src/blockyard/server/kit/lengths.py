"""How long a value may be where nobody reads all of it."""

from blockyard.protocol.jsontypes import Json

LONG = 64 * 1024
"""Characters of a value that lists and pages show: some have millions, and a list of a thousand blocks would carry gigabytes."""


def is_long(value: Json) -> bool:
    """Whether the JSON text of `value` has more than about `LONG` characters; looks at no more of it than that."""
    left, waiting = LONG, [value]
    while waiting and left >= 0:
        one = waiting.pop()
        if isinstance(one, str):
            left -= len(one) + 2
        elif isinstance(one, dict):
            left -= sum(len(key) + 4 for key in one) + 2
            waiting.extend(one.values())
        elif isinstance(one, list):
            left -= len(one) + 2
            waiting.extend(one if left >= 0 else ())
        else:
            left -= len(str(one))
    return left < 0
