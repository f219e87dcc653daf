"""JSON documents of 60 MB, each hardly more than a single token."""

from collections.abc import Callable, Mapping

BYTES = 60 * 1024 * 1024

HUGE: Mapping[str, Callable[[], bytes]] = {
    "digits": lambda: b"1" * BYTES,
    "digits behind the point": lambda: b"1." + b"1" * BYTES,
    "digits of an exponent": lambda: b"1e" + b"1" * BYTES,
    "blanks": lambda: b" " * BYTES + b"1",
    "letters": lambda: b'"' + b"a" * BYTES + b'"',
    "a key": lambda: b'{"' + b"a" * BYTES + b'":1}',
    "escapes": lambda: b'"' + b"\\u0041" * (BYTES // 6) + b'"',
    "pairs of escapes": lambda: b'"' + b"\\ud83d\\ude00" * (BYTES // 12) + b'"',
    "wide letters": lambda: b'"' + "😀".encode() * (BYTES // 4) + b'"',
    "one wide letter": lambda: b'"' + b"a" * BYTES + "😀".encode() + b'"',
}
