"""Who the runs of a runner are to clouds: as the runner declares, or as the server does, which then signs their tokens.

A runner that declares an issuer of its own (an official one in Kubernetes, say) gets its tokens there, and the server only shows what
it declared. For all runners that speak Blockyard's protocol and declare nothing, or name the server as the issuer, the server signs.
It never signs another subject than the definition's or the runner's own: a declaration may choose audiences and paths, no more.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from blockyard.protocol.names import TOKEN_PATHS, Cloud
from blockyard.server.issuer.model.workload import Identity, Installation, SubjectForm
from blockyard.server.runners.model.runner import CloudIdentity, Federation, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerIdentity:
    """The identity of a runner's runs.

    Attributes:
        federation: what tokens say now.
        is_ours: the server signs them.
        form: which subject they have, where the server signs.
        others: templates of subjects that trust policies should name besides, until only one is left.
    """

    federation: Federation
    is_ours: bool
    form: SubjectForm = SubjectForm.NEW
    others: tuple[str, ...] = ()

    @property
    def clouds(self) -> dict[Cloud, CloudIdentity]:
        """Audience and path of each cloud that there are tokens for."""
        declared = {Cloud.AWS: self.federation.aws, Cloud.AZURE: self.federation.azure, Cloud.GCP: self.federation.gcp}
        return {cloud: one for cloud, one in declared.items() if one is not None}

    def subject_of(self, owner: str, definition_id: UUID) -> str:
        """Return the subject that tokens of a definition's runs have now."""
        return self.federation.subject_of(owner, definition_id)

    def other_subjects(self, owner: str, definition_id: UUID) -> tuple[str, ...]:
        """Return what policies should name besides."""
        return tuple(
            replace(self.federation, subject_template=one).subject_of(owner, definition_id) for one in self.others
        )

    def identity(self, cloud: Cloud, owner: str, definition_id: UUID) -> Identity | None:
        """Return who a definition's run is to a cloud; None if the server signs no token for it."""
        known = self.clouds.get(cloud)
        if not self.is_ours or known is None:
            return None
        return Identity(
            issuer=self.federation.issuer,
            audience=known.audience,
            subject=self.subject_of(owner, definition_id),
            cloud=cloud,
            is_shared=self.form is not SubjectForm.NEW,
        )


@dataclass(frozen=True, slots=True)
class Identities:
    """Says who runs are; `now` comes with each question."""

    installation: Installation
    _default: Federation = field(init=False, repr=False)

    def __post_init__(self) -> None:
        clouds = {
            cloud.value: CloudIdentity(audience=self.installation.audience(cloud), token_path=TOKEN_PATHS[cloud])
            for cloud in Cloud
        }
        own = Federation(issuer=self.installation.issuer, subject_template=self.installation.subject_template, **clouds)
        object.__setattr__(self, "_default", own)

    def of(self, runner: Runner, form: SubjectForm, *, speaks_ours: bool = False) -> RunnerIdentity | None:
        """Return the identity of a runner's runs while `form` counts; None if they have none."""
        declared = runner.federation
        if declared is not None and declared.issuer != self.installation.issuer:
            return RunnerIdentity(federation=declared, is_ours=False)
        if declared is None and not (runner.protocol or speaks_ours):
            return None
        new, old = self.installation.subject_template, self.installation.runner_subject(runner.id)
        others = (new,) if form is SubjectForm.BOTH else ()
        return RunnerIdentity(
            federation=replace(declared or self._default, subject_template=new if form is SubjectForm.NEW else old),
            is_ours=True,
            form=form,
            others=others,
        )

    def may_declare(self, runner_id: UUID | None, federation: Federation) -> bool:
        """Whether a runner may say this: subjects of ours are not for it to choose."""
        if federation.issuer != self.installation.issuer:
            return True
        own = {self.installation.subject_template}
        if runner_id is not None:
            own.add(self.installation.runner_subject(runner_id))
        return federation.canonical_template in own
