"""Texts of runners are kept whatever they are; only what a database cannot hold is replaced."""


def clean(text: str) -> str:
    """Return `text` without NUL characters and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
