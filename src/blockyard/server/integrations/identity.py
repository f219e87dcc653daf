"""The identities of an installation that clouds trust. Source: concepts.md 14, hub-usage.md A5."""

import re
from dataclasses import dataclass

from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.integrations.model import IntegrationType

_AZURE_AUDIENCE = "api://AzureADTokenExchange"
_ANY_CERTIFICATE = "f" * 40
"""AWS wants a thumbprint, and compares none where a public authority signed the issuer's certificate."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What tokens say of an installation: who signs them, and the name in their subjects and audiences."""

    issuer: str

    @property
    def name(self) -> str:
        """The host of the issuer in letters, digits and hyphens."""
        parts = addresses.split(self.issuer)
        host = self.issuer if parts is None else parts.host
        return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")

    def federation(self, type_: IntegrationType) -> JsonObject:
        """Return the identity of a built-in integration.

        Definitions as code make the subject of a definition's runs of the replicator's, by replacing its last part.
        """
        return {
            "issuer": self.issuer,
            "subject": f"system:serviceaccount:{self.name}:{type_}",
            "gcp": {"audience": f"gcp-workload-identity-provider:{self.name}"},
            "aws": {"audience": f"aws-workload-identity-provider:{self.name}", "thumbprint": _ANY_CERTIFICATE},
            "azure": {"audience": _AZURE_AUDIENCE},
        }
