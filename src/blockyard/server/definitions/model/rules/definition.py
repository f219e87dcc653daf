"""Rules of the unversioned part of a definition. Source: api.md 3.16, concepts.md 5.1."""

import re

from blockyard.protocol import addresses
from blockyard.server.definitions.model.definition import DefinitionSpec, TargetType
from blockyard.server.definitions.model.policies import NO_RULES
from blockyard.server.definitions.model.rules.policies import check_rules, check_schedule
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.images import check_image, is_image, svg

MAX_SYMBOL_URL_CHARACTERS = 2048

PLATFORMS_FIELD = "/spec/supportedPlatforms"

_BRICK = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#64748b" stroke-width="1.5" \
stroke-linejoin="round"><path d="M3 8l9-5 9 5-9 5zM3 8v8l9 5 9-5V8M12 13v8"/></svg>"""
DEFAULT_SYMBOL = svg(_BRICK)
"""A block, for definitions without a symbol of their own."""

_WEB = re.compile(r"https?://[^\s\x00-\x1f\"'<>\\]+\Z")
_CONTACT = re.compile(r"(https?://|mailto:)[^\s\x00-\x1f\"'<>\\]+\Z")
_SUBSCRIBER = re.compile(r"(user|email):\S.*\Z")


def check_definition(spec: DefinitionSpec) -> None:
    """Refuse a definition that breaks a rule. Raises Invalid."""
    _check_symbol(spec.symbol)
    _check_platforms(spec)
    check_schedule(spec.schedule)
    check_rules(spec.approval_rules or NO_RULES)
    for member, address in (("supportUrl", spec.support_url), ("documentationUrl", spec.documentation_url)):
        if address and not (_CONTACT.match(address) and _is_reachable(address)):
            raise Invalid(
                f"'{member}' is not a web address",
                code="BadUrl",
                field=f"/spec/{member}",
                remedy="Send an address that begins with https://, http:// or mailto:.",
            )
    for index, subscriber in enumerate(spec.notification_subscribers):
        if not _SUBSCRIBER.match(subscriber):
            raise Invalid(
                f"'{subscriber}' names nobody to notify",
                code="BadSubscriber",
                field=f"/spec/notificationSubscriberUsernames/{index}",
                remedy="Write 'user:<user name>' or 'email:<address>'.",
            )


def _is_reachable(text: str) -> bool:
    address = addresses.split(text)
    return address is not None and (address.scheme == "mailto" or address.has_host)


def _check_symbol(symbol: str) -> None:
    pointer = "/spec/symbol"
    remedy = "Send an http(s) address or data:image/png;base64,… of at most 100 KiB."
    if _WEB.match(symbol) and _is_reachable(symbol) and len(symbol) <= MAX_SYMBOL_URL_CHARACTERS:
        return
    if not is_image(symbol):
        raise Invalid(
            "the symbol is neither a web address nor an image", code="BadSymbol", field=pointer, remedy=remedy
        )
    check_image(symbol, what="the symbol", code="BadSymbol", too_large="SymbolTooLarge", field=pointer, remedy=remedy)


def _check_platforms(spec: DefinitionSpec) -> None:
    pointer = PLATFORMS_FIELD
    if spec.target_type is TargetType.TENANT_LEVEL and not spec.supported_platforms:
        raise Invalid(
            "a definition for tenants must name the platform types it supports",
            code="MissingPlatforms",
            field=pointer,
            remedy='Name at least one, such as {"kind": "meshPlatformType", "name": "AWS"}.',
        )
    if spec.target_type is TargetType.WORKSPACE_LEVEL and spec.supported_platforms:
        raise Invalid(
            "a definition for workspaces supports no platforms",
            code="UnexpectedPlatforms",
            field=pointer,
            remedy="Leave supportedPlatforms out, or make a definition with targetType TENANT_LEVEL.",
        )
