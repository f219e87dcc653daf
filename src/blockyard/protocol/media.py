"""Media types as headers spell them; those of the kinds are in `protocol.kinds`. Source: api.md 1.4, runner.md 1.2."""


def version_of(media: str) -> str:
    """Return the version in the media type of a kind."""
    return media.removesuffix(".hal+json").rpartition(".")[2]


def bare(header: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def matches(header: str, expected: str) -> bool:
    """Tell whether a `Content-Type`, or any part of an `Accept`, names `expected`; case and parameters do not count."""
    return any(bare(part) == expected.lower() for part in header.split(","))
