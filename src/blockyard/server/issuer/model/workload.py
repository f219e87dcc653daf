"""Identity tokens of runs: who they say a run is, to whom, and for how long. Pure; the one place that knows these values.

Stable, others build on it: `Cloud` (of `protocol.names`), `Phase`, `SubjectForm`, `PLAN_SUFFIX`, `TOKEN_LIFE`, `TAGS_CLAIM`,
`TAG_*`, the names of claims in `RunFacts.claims`, `IdentityOptions`, and of `Installation`: `name`, `audience`, `definition_subject`,
`runner_subject`, `subject_template`. Tokens are JWTs with `typ` JWT, `kid`, and `alg` RS256 (or ES256 where the installation says so,
never for Azure, which verifies RS256 alone); `aud` is one text. Source: concepts.md 14.

| claim | says |
|---|---|
| `iss` | the issuer's address: `<iss>/.well-known/openid-configuration` is there |
| `sub` | the definition, see `Installation.definition_subject`; with `.plan` behind it where a version asks for that and the run plans |
| `aud` | the cloud, see `Installation.audience` |
| `iat`, `nbf`, `exp`, `jti` | two hours from now; an id that is never given twice |
| `definition`, `definition_workspace`, `version` | UUID of the definition, who owns it, number of the version |
| `workspace`, `project`, `tenant`, `platform` | the consumer; of blocks on tenants the project, the UUID of the tenant, the platform |
| `block`, `run`, `attempt` | UUIDs, and the number of the attempt as a text |
| `behavior`, `phase` | APPLY, DETECT or DESTROY; `plan` where nothing is to be changed, else `apply` |
| `https://aws.amazon.com/tags` | session tags, for AWS alone and where the version asks for them |

AWS's policies see `iss`, `aud`, `sub` and session tags; Azure's federated credentials `iss`, `aud` and `sub`; conditions of GCP see all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Behavior, Cloud

TOKEN_LIFE = timedelta(hours=2)
"""Life of a token: it survives an hour without the server, as runners renew it at half of it."""

RENEW_AFTER = TOKEN_LIFE / 2
"""When a runner asks for another one."""

PLAN_SUFFIX = ".plan"
"""What stands behind the subject of a run that only plans, where its version asks for that."""

AZURE_AUDIENCE = "api://AzureADTokenExchange"
"""The audience that Azure fills in by itself."""

TAGS_CLAIM = "https://aws.amazon.com/tags"
"""Where AWS looks for session tags. A role without `sts:TagSession` in its trust policy refuses a token that has some."""

TAG_WORKSPACE, TAG_BLOCK, TAG_RUN = "blockyard:workspace", "blockyard:building-block", "blockyard:run"
"""The names of the session tags; all are transitive."""

GCP_LONGEST_SUBJECT = 127
"""Bytes that `google.subject` may have: a longer `sub` has to be mapped to another attribute."""

WORKSPACE_PLACEHOLDER, DEFINITION_PLACEHOLDER = "workspaceIdentifier", "buildingBlockDefinitionUuid"
"""What stands in subject templates for the owner of a definition and for its UUID."""


class Phase(StrEnum):
    """What a run may do with a token, as far as the server knows."""

    PLAN = "plan"
    APPLY = "apply"

    @classmethod
    def of(cls, behavior: Behavior) -> "Phase":
        """Return the phase of a run: one that detects changes nothing."""
        return cls.PLAN if behavior is Behavior.DETECT else cls.APPLY


class SubjectForm(StrEnum):
    """Which subject the tokens of a runner's runs have."""

    OLD = "OLD"
    """That of the runner, the same for all definitions."""
    BOTH = "BOTH"
    """Still that of the runner, up to a day; trust policies should name both meanwhile."""
    NEW = "NEW"
    """That of the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOptions:
    """What a version says about the identity tokens of its runs.

    Attributes:
        clouds: whose tokens its runs need although no input names their paths.
        separates_plan: whether a run that only plans has a subject of its own.
        tags_sessions: whether tokens for AWS carry session tags.
    """

    clouds: tuple[Cloud, ...] = ()
    separates_plan: bool = False
    tags_sessions: bool = False


NO_OPTIONS = IdentityOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSwitch:
    """Which subject the tokens of a runner's runs have, and from when on that of the definition."""

    form: SubjectForm = SubjectForm.NEW
    moves_at: datetime | None = None

    def at(self, now: datetime) -> SubjectForm:
        """Return the form that counts now."""
        if self.form is SubjectForm.BOTH and self.moves_at is not None and now >= self.moves_at:
            return SubjectForm.NEW
        return self.form


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

    def audience(self, cloud: Cloud) -> str:
        """Return whom tokens for a cloud are for."""
        return AZURE_AUDIENCE if cloud is Cloud.AZURE else f"{cloud.value}-workload-identity-provider:{self.name}"

    def subject(self, account: str) -> str:
        """Return the subject of an account of this installation."""
        return f"system:serviceaccount:{self.name}:{account}"

    def definition_subject(self, owner: str, definition_id: UUID, *, plan: bool = False) -> str:
        """Return the subject for the runs of a definition; with `plan` that of runs that only plan, where a version separates them."""
        subject = self.subject(f"workspace.{owner}.buildingblockdefinition.{definition_id}")
        return subject + PLAN_SUFFIX if plan else subject

    def runner_subject(self, runner_id: UUID) -> str:
        """Return the subject in its older form: all definitions of a runner share it."""
        return self.subject(str(runner_id))

    @property
    def subject_template(self) -> str:
        """The subject of definitions with placeholders for owner and UUID. Source: api.md 3.14."""
        owner, definition = (f"{{{{ {name} }}}}" for name in (WORKSPACE_PLACEHOLDER, DEFINITION_PLACEHOLDER))
        return self.subject(f"workspace.{owner}.buildingblockdefinition.{definition}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a token says about a run.

    Attributes:
        definition_workspace: the owner of the definition.
        workspace: the consumer.
        project, tenant, platform: of blocks on tenants.
    """

    definition: UUID
    definition_workspace: str
    version: int
    workspace: str
    block: UUID
    run: UUID
    attempt: int
    behavior: Behavior
    project: str | None = None
    tenant: UUID | None = None
    platform: str | None = None

    @property
    def phase(self) -> Phase:
        """What the run may do."""
        return Phase.of(self.behavior)

    def claims(self) -> JsonObject:
        """Return the claims that conditions of a cloud can ask for; what the run does not have is left out."""
        found: Mapping[str, object] = {
            "definition": self.definition,
            "definition_workspace": self.definition_workspace,
            "version": self.version,
            "workspace": self.workspace,
            "project": self.project,
            "tenant": self.tenant,
            "platform": self.platform,
            "block": self.block,
            "run": self.run,
            "attempt": self.attempt,
            "behavior": self.behavior.value,
            "phase": self.phase.value,
        }
        return {name: str(value) for name, value in found.items() if value is not None}

    def session_tags(self) -> JsonObject:
        """Return the claim with session tags: AWS's own audit log then names the run, through further roles, too."""
        tags = {TAG_WORKSPACE: self.workspace, TAG_BLOCK: str(self.block), TAG_RUN: str(self.run)}
        principal: JsonObject = {name: [value] for name, value in tags.items()}
        transitive: list[Json] = [*tags]
        return {TAGS_CLAIM: {"principal_tags": principal, "transitive_tag_keys": transitive}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a run is to one cloud.

    Attributes:
        subject: without what separates plans.
        is_shared: the subject is that of the runner, in its older form, which has no separate one for plans.
    """

    issuer: str
    audience: str
    subject: str
    cloud: Cloud
    is_shared: bool = False

    def claims(self, facts: RunFacts, options: IdentityOptions, *, token_id: UUID, now: datetime) -> JsonObject:
        """Return all that a token says."""
        issued = int(now.timestamp())
        separate = options.separates_plan and facts.phase is Phase.PLAN and not self.is_shared
        tags = facts.session_tags() if options.tags_sessions and self.cloud is Cloud.AWS else {}
        own: JsonObject = {
            "iss": self.issuer,
            "sub": self.subject + PLAN_SUFFIX if separate else self.subject,
            "aud": self.audience,
            "jti": str(token_id),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(TOKEN_LIFE.total_seconds()),
        }
        return {**facts.claims(), **own, **tags}
