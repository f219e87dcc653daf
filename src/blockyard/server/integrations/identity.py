"""The identities of built-in integrations, which clouds trust. Source: concepts.md 14, hub-usage.md A5."""

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Cloud
from blockyard.server.integrations.model import IntegrationType
from blockyard.server.issuer.model.workload import Installation

_ANY_CERTIFICATE = "f" * 40
"""AWS wants a thumbprint, and compares none where a public authority signed the issuer's certificate."""


def federation_of(installation: Installation, type_: IntegrationType) -> JsonObject:
    """Return the identity of a built-in integration.

    Definitions as code make the subject of a definition's runs of the replicator's, by replacing its last part.
    """
    return {
        "issuer": installation.issuer,
        "subject": installation.subject(type_.value),
        "gcp": {"audience": installation.audience(Cloud.GCP)},
        "aws": {"audience": installation.audience(Cloud.AWS), "thumbprint": _ANY_CERTIFICATE},
        "azure": {"audience": installation.audience(Cloud.AZURE)},
    }
