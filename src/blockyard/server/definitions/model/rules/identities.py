"""Rules of what versions say about identity tokens. Source: concepts.md 9, 14."""

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.definition import VersionContent
from blockyard.server.issuer.model.workload import NO_OPTIONS
from blockyard.server.kit.errors import Invalid


def check_identity(content: VersionContent) -> None:
    """Refuse options of tokens for runs that get none: pipelines have identities of their own. Raises Invalid."""
    if content.identity != NO_OPTIONS and content.implementation.type is not ImplementationType.TERRAFORM:
        raise Invalid(
            "only runs of OpenTofu modules get identity tokens",
            code="NoIdentityTokens",
            field="/spec/workloadIdentity",
            remedy="Leave workloadIdentity out; pipelines have identities of their CI system.",
        )
