"""Identity tokens: signed for the attempt that works on a run, and for nobody else. Source: concepts.md 14."""

import structlog

from blockyard.protocol.identity import IdentityToken
from blockyard.protocol.names import Cloud, ImplementationType, RunStatus
from blockyard.server.definitions.model import VersionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.issuer.model import Algorithm
from blockyard.server.issuer.model.workload import RENEW_AFTER, TOKEN_LIFE, Identity, IdentityOptions, RunFacts
from blockyard.server.issuer.service import SigningKeys
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, NotFound
from blockyard.server.runs.model import AttemptState, Run, RunId
from blockyard.server.runs.service.access import refuse_foreign_token, superseded
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import AttemptStore, RunStore

log = structlog.get_logger(__name__)

_JWT = "JWT"


class RunIdentities:
    """Signs tokens; nothing of them is kept. `algorithm` is for clouds that verify others than the usual one."""

    def __init__(
        self, context: RunContext, *, definitions: DefinitionService, keys: SigningKeys, algorithm: Algorithm
    ) -> None:
        self._context = context
        self._definitions = definitions
        self._keys = keys
        self._algorithm = algorithm

    def token(self, tx: Transaction, principal: Principal, run_id: RunId, cloud: Cloud) -> IdentityToken:
        """Return a token of a run for a cloud, as good as new. Raises NotFound, Denied, Conflict (the attempt is over)."""
        run = self._current(tx, principal, run_id)
        definition, version = self._definitions.version(tx, VersionId(run.target.version_id))
        identity = self._identity(tx, run, cloud)
        facts = RunFacts(
            definition=definition.id,
            definition_workspace=definition.workspace,
            version=version.number,
            workspace=run.workspace,
            project=run.target.project,
            tenant=self._context.ports().content.tenant_of(tx, run),
            platform=run.target.platform,
            block=run.block_id,
            run=run.id,
            attempt=run.attempt,
            behavior=run.behavior,
        )
        return IdentityToken(
            token=self._signed(tx, identity, facts, version.identity),
            audience=identity.audience,
            life_seconds=TOKEN_LIFE.total_seconds(),
            renew_after_seconds=RENEW_AFTER.total_seconds(),
        )

    def _signed(self, tx: Transaction, identity: Identity, facts: RunFacts, options: IdentityOptions) -> str:
        token_id = self._context.new_id()
        claims = identity.claims(facts, options, token_id=token_id, now=self._context.clock())
        algorithm = Algorithm.RS256 if identity.cloud is Cloud.AZURE else self._algorithm
        log.info(
            "identity token signed",
            run_id=str(facts.run),
            attempt=facts.attempt,
            cloud=identity.cloud.value,
            token_id=str(token_id),
        )
        return self._keys.signed(tx, claims, _JWT, algorithm)

    def _identity(self, tx: Transaction, run: Run, cloud: Cloud) -> Identity:
        """Return who the run is to a cloud. Raises NotFound."""
        runner = self._context.runners.identities.of(self._context.runners.get_by_id(tx, run.target.runner_id))
        is_module = run.target.implementation is ImplementationType.TERRAFORM
        found = runner.identity(cloud, run.provider, run.target.definition_id) if runner and is_module else None
        if found is None:
            raise NotFound(
                f"this server signs no token for {cloud} for runs of this runner",
                code="NoWorkloadIdentity",
                remedy="Look at the runner's identity: it may get its tokens elsewhere, or have none for this cloud.",
            )
        return found

    def _current(self, tx: Transaction, principal: Principal, run_id: RunId) -> Run:
        """Return the run if it is the attempt at work on it that asks; all others are told the same. Raises Denied, Conflict."""
        grant = principal.run
        if grant is None:
            raise Denied(
                "identity tokens are for runs alone",
                code="RunTokenNeeded",
                remedy="Use the token that came with the claim of this run.",
            )
        refuse_foreign_token(principal, run_id)
        run = RunStore(tx).get(run_id)
        attempt = AttemptStore(tx).get(run.id, grant.attempt)
        is_live = attempt is not None and attempt.state is AttemptState.LIVE
        if run.status is not RunStatus.IN_PROGRESS or run.attempt != grant.attempt or not is_live:
            raise superseded()
        return run
