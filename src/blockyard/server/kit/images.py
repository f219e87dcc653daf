"""Images that objects carry as data URIs: symbols of definitions, icons of platform types. Source: api.md 2.5."""

import base64
import binascii
import re

from blockyard.server.kit.errors import Invalid

MAX_IMAGE_BYTES = 100 * 1024
"""Largest image, decoded."""

MAX_IMAGE_CHARACTERS = 200_000
"""A data URI of `MAX_IMAGE_BYTES` in base64, with room: the exact limit is on the decoded image."""

_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+;base64,([A-Za-z0-9+/]*={0,2})\Z")


def is_image(text: str) -> bool:
    """Whether `text` is a data URI of an image, well encoded or not."""
    return _IMAGE.match(text) is not None


def check_image(text: str, *, what: str, code: str, too_large: str, field: str, remedy: str) -> None:
    """Refuse what is no image of at most `MAX_IMAGE_BYTES`; `what` is such as "the icon". Raises Invalid."""
    image = _IMAGE.match(text)
    if image is None:
        raise Invalid(f"{what} is not an image", code=code, field=field, remedy=remedy)
    try:
        decoded = base64.b64decode(image[1], validate=True)
    except binascii.Error as error:
        raise Invalid(f"{what}'s base64 is broken", code=code, field=field, remedy=remedy) from error
    if len(decoded) > MAX_IMAGE_BYTES:
        raise Invalid(
            f"{what} has {len(decoded)} bytes, at most {MAX_IMAGE_BYTES} are allowed",
            code=too_large,
            field=field,
            remedy=remedy,
        )


def svg(content: bytes) -> str:
    """Return the data URI of an SVG image."""
    return "data:image/svg+xml;base64," + base64.b64encode(content).decode()
