"""The secrets of configurations: kept encrypted with the master key, shown as hashes. Source: api.md 2.2.

No runner takes them yet, so that they are not sealed to one; the server itself reads them to keep or to hand them on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.sealed import MasterKey, same
from blockyard.server.platforms.model import (
    CONFIG,
    CONFIG_FIELD,
    ConfigType,
    Platform,
    PlatformId,
    Reading,
    type_name_of,
    type_of,
    with_hashes,
)
from blockyard.server.runners.model import SecretChange


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConfig:
    """A configuration as platforms have it; the names are those of their members."""

    config: JsonObject
    config_type: ConfigType
    type_name: str
    secrets: bytes | None = field(repr=False)


class ConfigVault:
    """Takes secrets out of configurations, and opens them again."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def kept(self, platform_id: PlatformId, sent: Json, before: Platform | None = None) -> KeptConfig:
        """Return what is kept of a configuration that was sent; a hash stands for the secret that was `before`. Raises Invalid."""
        reading = Reading()
        read = reading.read(CONFIG, sent, CONFIG_FIELD)
        old = {} if before is None else self.plaintexts(before)
        new = {at: self._plaintext(platform_id, at, said, old.get(at)) for at, said in reading.secrets.items()}
        hashes = {at: self._hash(platform_id, at, text) for at, text in new.items()}
        config = with_hashes(read, hashes, CONFIG_FIELD)
        if not isinstance(config, dict):
            raise TypeError("a configuration is an object")
        sealed = before.secrets if before is not None and new == old else self._sealed(platform_id, new)
        return KeptConfig(config=config, config_type=type_of(config), type_name=type_name_of(config), secrets=sealed)

    def plaintexts(self, platform: Platform) -> Mapping[str, str]:
        """Return the secrets of a platform's configuration, by JSON pointer. Raises Undecryptable."""
        if platform.secrets is None:
            return {}
        opened = json.loads(self._master_key.decrypt(platform.secrets, context=_context(platform.id)))
        return {str(at): str(text) for at, text in opened.items()}

    def _plaintext(self, platform_id: PlatformId, at: str, said: SecretChange, old: str | None) -> str:
        if said.plaintext is not None:
            return said.plaintext
        if old is None or not same(self._hash(platform_id, at, old), said.hash or ""):
            name = at.rpartition("/")[2]
            raise Invalid(
                f"the hash for '{name}' stands for no stored secret",
                code="UnknownSecret",
                field=f"{at}/hash",
                remedy=f"Send '{name}' again as {{\"plaintext\": …}}.",
            )
        return old

    def _hash(self, platform_id: PlatformId, at: str, text: str) -> str:
        return "sha256:" + self._master_key.digest(text, context=f"platform/{platform_id}{at}")

    def _sealed(self, platform_id: PlatformId, plaintexts: Mapping[str, str]) -> bytes | None:
        if not plaintexts:
            return None
        return self._master_key.encrypt(json.dumps(dict(plaintexts)).encode(), context=_context(platform_id))


def _context(platform_id: PlatformId) -> str:
    return f"configuration of platform {platform_id}"
