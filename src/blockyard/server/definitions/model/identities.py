"""Who the runs of a version are to clouds, and which clouds' tokens they use. Source: concepts.md 14, 6.4."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import TOKEN_PATHS, Cloud, InputType
from blockyard.server.definitions.model.definition import InputSpec, Version, VersionContent
from blockyard.server.definitions.model.values import file_content
from blockyard.server.issuer.model.workload import PLAN_SUFFIX, IdentityOptions, SubjectForm
from blockyard.server.runners.model import CloudIdentity, RunnerIdentity, StoredSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionIdentity:
    """Who the runs of a version are to clouds.

    Attributes:
        subject: what tokens say now; `plan_subject` is that of runs that only plan, where the version separates them.
        other_subjects: what trust policies should name besides, while the runner changes its subjects.
        clouds: audience and path of each cloud that there are tokens for.
        used: whose tokens its runs use, as far as the version tells.
        is_ours: the server signs the tokens; else the runner gets them elsewhere.
    """

    issuer: str
    subject: str
    clouds: Mapping[Cloud, CloudIdentity]
    used: tuple[Cloud, ...]
    options: IdentityOptions
    is_ours: bool
    plan_subject: str | None = None
    other_subjects: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject of runs; where a version separates plans, of those that do more than that."""
        return (self.subject, *self.other_subjects)

    @property
    def plan_subjects(self) -> tuple[str, ...]:
        """The subjects of runs that only plan, where a version separates these."""
        return () if self.plan_subject is None else (self.plan_subject,)

    @property
    def all_subjects(self) -> tuple[str, ...]:
        """Every subject that a token of the version can have."""
        return (*self.subjects, *self.plan_subjects)


def identity_of(version: Version, runner: RunnerIdentity) -> VersionIdentity:
    """Return who the runs of a version are, whose runner has this identity."""
    owner, definition = version.workspace, version.definition_id
    subject = runner.subject_of(owner, definition)
    separates = version.identity.separates_plan and runner.is_ours and runner.form is SubjectForm.NEW
    return VersionIdentity(
        issuer=runner.federation.issuer,
        subject=subject,
        clouds=runner.clouds,
        used=used_clouds(version, {cloud: one.token_path for cloud, one in runner.clouds.items()}),
        options=version.identity,
        is_ours=runner.is_ours,
        plan_subject=subject + PLAN_SUFFIX if separates else None,
        other_subjects=runner.other_subjects(owner, definition),
    )


def used_clouds(content: VersionContent, paths: Mapping[Cloud, str] = TOKEN_PATHS) -> tuple[Cloud, ...]:
    """Return whose tokens runs of a version use: what it says itself, and whose path a value of its inputs names.

    Values that are secrets cannot be read here; its runner looks at them, too.
    """
    texts = [text for spec in content.inputs.values() for text in _texts(spec)]
    script = content.implementation.text("preRunScript")
    named = {cloud for cloud, path in paths.items() if any(path in text for text in (*texts, script))}
    return tuple(cloud for cloud in Cloud if cloud in named or cloud in content.identity.clouds)


def _texts(spec: InputSpec) -> Iterator[str]:
    for value in (spec.argument, spec.default_value):
        if value is None or isinstance(value, StoredSecret):
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        yield text
        if spec.type is InputType.FILE:
            with suppress(ValueError):
                yield file_content(text).decode("utf-8", errors="ignore")


def options_document(options: IdentityOptions) -> JsonObject:
    """Return what a version says, as it is shown and kept; what it does not say is left out."""
    clouds: list[Json] = [cloud.value for cloud in options.clouds]
    found: JsonObject = {
        "clouds": clouds,
        "separatePlanSubject": options.separates_plan,
        "awsSessionTags": options.tags_sessions,
    }
    return {name: value for name, value in found.items() if value}


def read_options(document: JsonObject) -> IdentityOptions:
    """Return what a kept version says."""
    clouds = document.get("clouds")
    named: Collection[Json] = clouds if isinstance(clouds, list) else ()
    return IdentityOptions(
        clouds=tuple(cloud for cloud in Cloud if cloud.value in named),
        separates_plan=document.get("separatePlanSubject") is True,
        tags_sessions=document.get("awsSessionTags") is True,
    )
