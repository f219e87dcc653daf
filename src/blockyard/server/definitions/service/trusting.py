"""Inputs that bring the identity of a version's runs to its module, and what clouds are told to trust. Source: concepts.md 6.4 and 14."""

from collections.abc import Sequence

from blockyard.protocol.names import Cloud, ImplementationType
from blockyard.server.definitions.model import Definition, Version, VersionId
from blockyard.server.definitions.model.identities import VersionIdentity
from blockyard.server.definitions.model.trust import (
    Generated,
    Known,
    TrustPolicy,
    Way,
    clouds_of_platforms,
    generate,
    policies,
)
from blockyard.server.definitions.service.access import LIST, own_version
from blockyard.server.definitions.service.identities import IdentityService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict


class TrustService:
    """Use cases of those who let clouds trust the runs of an own version, also before it is released."""

    def __init__(self, identities: IdentityService) -> None:
        self._identities = identities

    def inputs(
        self,
        tx: Transaction,
        principal: Principal,
        version_id: VersionId,
        *,
        wanted: Cloud | None,
        way: Way | None,
        known: Known,
    ) -> Sequence[Generated]:
        """Return inputs that let the module sign in, for each cloud of the definition's platforms and each way.

        Ways that its runs have no identity for are left out, unless one is asked for by its cloud.

        Raises:
            NotFound, Denied: it is no version of the principal's workspaces.
            Conflict: no OpenTofu module is executed, or runs have no identity for the cloud that is asked for.
        """
        definition, version = own_version(tx, principal, LIST, version_id)
        _require_module(definition, version)
        identity = self._identities.of(tx, version)
        asked = wanted is not None and way is Way.FEDERATION
        return [
            generate(cloud, one, identity, known)
            for cloud in _clouds(definition, wanted)
            for one in ([way] if way is not None else Way)
            if one is Way.KEY or asked or (identity is not None and cloud in identity.clouds)
        ]

    def policies(
        self, tx: Transaction, principal: Principal, version_id: VersionId, wanted: Cloud | None, known: Known
    ) -> tuple[VersionIdentity, Sequence[TrustPolicy]]:
        """Return who the runs of a version are, and what each cloud of its platforms has to be told.

        Raises:
            NotFound, Denied: it is no version of the principal's workspaces.
            Conflict: its runs have no identity, or none for the cloud that is asked for.
        """
        definition, version = own_version(tx, principal, LIST, version_id)
        identity = self._identities.of(tx, version)
        if identity is None:
            raise Conflict(
                "runs of this version have no identity: its runner neither declares one nor speaks Blockyard's protocol",
                code="NoWorkloadIdentity",
                remedy="Choose a runner of Blockyard, or let the runner declare an issuer.",
            )
        name = definition.display_name
        clouds = [cloud for cloud in _clouds(definition, wanted) if wanted or cloud in identity.clouds]
        return identity, [policy for cloud in clouds for policy in policies(identity, cloud, known, name=name)]


def _clouds(definition: Definition, wanted: Cloud | None) -> Sequence[Cloud]:
    return clouds_of_platforms(definition.supported_platforms) if wanted is None else [wanted]


def _require_module(definition: Definition, version: Version) -> None:
    if version.implementation_type is not ImplementationType.TERRAFORM:
        raise Conflict(
            f"version {version.number} of '{definition.display_name}' executes no OpenTofu module",
            code="NotAModule",
            remedy="Let the pipeline sign in on its own: it runs outside of Blockyard.",
        )
