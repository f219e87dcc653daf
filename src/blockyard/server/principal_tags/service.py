"""Use cases of tags of people and groups, and what policies ask about them. Source: concepts.md 20."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import PERSON, Author, EventType
from blockyard.server.identity.model import Principal, UserId
from blockyard.server.identity.service import GroupService, UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.principal_tags.model import PrincipalTags, PrincipalTagsId, Subject, Whose
from blockyard.server.principal_tags.store import PrincipalTagStore
from blockyard.server.project_bindings.model import Binding as ProjectBinding
from blockyard.server.project_bindings.model import BindingKind as ProjectBindingKind
from blockyard.server.project_bindings.service import SAVE as BIND_TO_PROJECT
from blockyard.server.project_bindings.service import ProjectBindingService
from blockyard.server.project_roles.model import ProjectRole
from blockyard.server.project_roles.service import ProjectRoleService
from blockyard.server.projects.model import Project, ProjectId
from blockyard.server.projects.service import ProjectService
from blockyard.server.tags.model import Tagged, Tags, TargetKind
from blockyard.server.tags.service import Pair, Relation, TagService
from blockyard.server.workspaces.model import Binding, BindingKind
from blockyard.server.workspaces.service import BindingService, WorkspaceService

LIST, SAVE, BIND = "USER_LIST", "USER_SAVE", "WORKSPACEPRINCIPALBINDING_SAVE"
_SUBJECT_FIELD = "/subject/name"

Authorities = Callable[[Transaction, Iterable[str]], Mapping[str, Tagged]]
"""Returns those of the workspaces, projects or roles with these ids that exist."""

Bound = tuple[str, Subject]
"""The id of what somebody is bound to, and who it is."""


class PrincipalTagService:
    """Use cases of tags of people and groups. Administrators set them; for workspaces they count in policies only."""

    def __init__(
        self,
        basics: Basics,
        *,
        tags: TagService,
        users: UserService,
        groups: GroupService,
        workspaces: WorkspaceService,
        bindings: BindingService,
        projects: ProjectService,
        project_bindings: ProjectBindingService,
        roles: ProjectRoleService,
    ) -> None:
        self._basics = basics
        self._tags = tags
        self._users = users
        self._groups = groups
        self._workspaces = workspaces
        self._bindings = bindings
        self._projects = projects
        self._project_bindings = project_bindings
        self._roles = roles
        self._changes: Changes[PrincipalTags] = Changes(
            basics.event_log, "meshPrincipal", "Principal Tags", PrincipalTags.document
        )

    def of_user(self, tx: Transaction, principal: Principal, user_id: UserId) -> Tags:
        """Return the tags of a person. Raises Denied, NotFound."""
        return self._tags_of(tx, self._user(tx, principal, LIST, user_id))

    def own(self, tx: Transaction, principal: Principal) -> Tags:
        """Return the tags of the person who asks; none for a machine."""
        if principal.author.type != PERSON:
            return {}
        return self._tags_of(tx, Subject(Whose.USER, principal.author.identifier))

    def of_group(self, tx: Transaction, principal: Principal, name: str) -> Tags:
        """Return the tags of a group. Raises Denied, NotFound."""
        return self._tags_of(tx, self._group(tx, principal, LIST, name))

    def tag_user(self, tx: Transaction, principal: Principal, user_id: UserId, tags: Tags) -> Tags:
        """Give a person these tags and no others; what violates a policy then is listed. Raises Denied, NotFound, Invalid."""
        return self._set(tx, principal, self._user(tx, principal, SAVE, user_id), tags)

    def tag_group(self, tx: Transaction, principal: Principal, name: str, tags: Tags) -> Tags:
        """Give a group these tags and no others; what violates a policy then is listed. Raises Denied, NotFound, Invalid."""
        return self._set(tx, principal, self._group(tx, principal, SAVE, name), tags)

    # For bindings: they are about to be made, or gone

    def binding_wanted(
        self, tx: Transaction, principal: Principal, workspace: str, subject: str, *, is_person: bool
    ) -> None:
        """Look at a workspace and at whom it is about to be bound. Raises Conflict (a policy forbids it)."""
        who = self._tagged(tx, _subject(subject, is_person=is_person))
        for authority in self._workspaces.tagged(tx, {workspace}).values():
            self._tags.related(tx, principal, authority, who, by=BIND, field=_SUBJECT_FIELD)

    def binding_gone(self, tx: Transaction, workspace: str, subject: str, *, is_person: bool) -> None:
        """Forget what a workspace violates with whom it is not bound any more."""
        who = _subject(subject, is_person=is_person)
        if workspace not in {authority for authority, _ in self._in_workspaces(tx, who)}:
            self._tags.parted(tx, workspace, str(who.id))

    def project_binding_wanted(
        self,
        tx: Transaction,
        principal: Principal,
        project: Project,
        role: ProjectRole,
        subject: str,
        *,
        is_person: bool,
    ) -> None:
        """Look at a project, at a role, and at whom they are about to be bound. Raises Conflict (a policy forbids it)."""
        who = self._tagged(tx, _subject(subject, is_person=is_person))
        authorities = [*self._projects.tagged(tx, {project.id}).values(), *self._roles.tagged(tx, {role.name}).values()]
        for authority in authorities:
            self._tags.related(tx, principal, authority, who, by=BIND_TO_PROJECT, field=_SUBJECT_FIELD)

    def project_binding_gone(self, tx: Transaction, binding: ProjectBinding) -> None:
        """Forget what a project and a role violate with whom they are not bound any more."""
        who = _of_project_binding(binding)
        left = self._project_bindings.of_subject(tx, who.name, is_person=who.whose is Whose.USER)
        if binding.project_id not in {one.project_id for one in left}:
            self._tags.parted(tx, str(binding.project_id), str(who.id))
        if binding.role not in {one.role for one in left}:
            self._tags.parted(tx, binding.role, str(who.id))

    # For other services: no principal is asked

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Do nothing: the tags of a person stay."""

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Forget the tags of a deleted person: the next one of this username has none."""
        del author
        self._forget(tx, Subject(Whose.USER, username))

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Do nothing: the tags of a group stay, whoever is in it."""

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Forget the tags of a deleted group."""
        del author
        self._forget(tx, Subject(Whose.GROUP, group))

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from people and groups; for the deletion of tag definitions."""
        return PrincipalTagStore(tx).remove_tag(tag, [PrincipalTagsId(UUID(one)) for one in ids])

    def relations(self) -> Sequence[Relation]:
        """Return how workspaces, projects and project roles are related to who is bound to them, for policies."""
        return (
            self._relation(
                TargetKind.WORKSPACE,
                lambda tx, ids: self._workspaces.tagged(tx, set(ids)),
                self._in_workspaces,
                lambda tx, key: [_of_binding(one) for one in self._bindings.valid_of(tx, key)],
                self._all_bindings,
            ),
            self._relation(
                TargetKind.PROJECT,
                lambda tx, ids: {
                    str(key): tagged
                    for key, tagged in self._projects.tagged(tx, {ProjectId(UUID(one)) for one in ids}).items()
                },
                lambda tx, who: [(str(one.project_id), who) for one in self._in_projects(tx, who)],
                lambda tx, key: map(_of_project_binding, self._project_bindings.all_of(tx, ProjectId(UUID(key)))),
                lambda tx, after, limit: self._all_project_bindings(tx, after, limit, lambda one: str(one.project_id)),
            ),
            self._relation(
                TargetKind.PROJECT_ROLE,
                lambda tx, ids: self._roles.tagged(tx, set(ids)),
                lambda tx, who: [(one.role, who) for one in self._in_projects(tx, who)],
                lambda tx, key: map(_of_project_binding, self._project_bindings.with_role(tx, key)),
                lambda tx, after, limit: self._all_project_bindings(tx, after, limit, lambda one: one.role),
            ),
        )

    def _relation(
        self,
        kind: TargetKind,
        authorities: Authorities,
        of_subject: Callable[[Transaction, Subject], Sequence[Bound]],
        subjects: Callable[[Transaction, str], Iterable[Subject]],
        all_: Callable[[Transaction, str, int], Sequence[tuple[str, Bound]]],
    ) -> Relation:
        def authorities_of(tx: Transaction, what: Tagged) -> Sequence[Tagged]:
            found = PrincipalTagStore(tx).get(PrincipalTagsId(UUID(what.id)))
            return (
                [] if found is None else [*authorities(tx, {key for key, _ in of_subject(tx, found.subject)}).values()]
            )

        def affected_by(tx: Transaction, what: Tagged) -> Sequence[Tagged]:
            return self._all_tagged(tx, subjects(tx, what.id))

        def pairs(tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
            found = all_(tx, after, limit)
            known = authorities(tx, {key for _, (key, _) in found})
            people = {one.id: one for one in self._all_tagged(tx, [who for _, (_, who) in found])}
            return [Pair(known[key], people[str(who.id)], place) for place, (key, who) in found]

        return Relation(
            authoritative=kind,
            affected=TargetKind.PRINCIPAL,
            authorities_of=authorities_of,
            affected_by=affected_by,
            pairs=pairs,
        )

    def _in_workspaces(self, tx: Transaction, who: Subject) -> Sequence[Bound]:
        found = self._bindings.of_subject(tx, who.name, is_person=who.whose is Whose.USER)
        return [(one.workspace, who) for one in found]

    def _in_projects(self, tx: Transaction, who: Subject) -> Sequence[ProjectBinding]:
        return self._project_bindings.of_subject(tx, who.name, is_person=who.whose is Whose.USER)

    def _all_bindings(self, tx: Transaction, after: str, limit: int) -> Sequence[tuple[str, Bound]]:
        found = self._bindings.behind(tx, UUID(after) if after else None, limit)
        return [(str(one.id), (one.workspace, _of_binding(one))) for one in found]

    def _all_project_bindings(
        self, tx: Transaction, after: str, limit: int, key: Callable[[ProjectBinding], str]
    ) -> Sequence[tuple[str, Bound]]:
        found = self._project_bindings.behind(tx, UUID(after) if after else None, limit)
        return [(str(one.id), (key(one), _of_project_binding(one))) for one in found]

    def _set(self, tx: Transaction, principal: Principal, who: Subject, tags: Tags) -> Tags:
        store = PrincipalTagStore(tx)
        before = store.get(who.id)
        if before is None:
            now = self._basics.clock()
            before = store.add(PrincipalTags(id=who.id, whose=who.whose, name=who.name, tags={}, created_at=now))
        wanted = _as_tagged(who, {key: [*values] for key, values in tags.items()})
        after = replace(before, tags=self._tags.check(tx, principal, wanted, before=before.tags))
        if after == before:
            return before.tags
        return self._changes.tell(tx, principal.author, EventType.CHANGED, store.save(after), before=before).tags

    def _forget(self, tx: Transaction, who: Subject) -> None:
        self._tags.forget(tx, self._tagged(tx, who))
        found = PrincipalTagStore(tx).get(who.id)
        if found is not None:
            PrincipalTagStore(tx).remove(found)

    def _tags_of(self, tx: Transaction, who: Subject) -> Tags:
        found = PrincipalTagStore(tx).get(who.id)
        return {} if found is None else found.tags

    def _tagged(self, tx: Transaction, who: Subject) -> Tagged:
        return _as_tagged(who, self._tags_of(tx, who))

    def _all_tagged(self, tx: Transaction, subjects: Iterable[Subject]) -> Sequence[Tagged]:
        wanted = {who.id: who for who in subjects}
        known = PrincipalTagStore(tx).many(wanted) if wanted else {}
        return [_as_tagged(who, known[key].tags if key in known else {}) for key, who in wanted.items()]

    def _user(self, tx: Transaction, principal: Principal, code: str, user_id: UserId) -> Subject:
        unknown = NotFound(f"there is no account {user_id}")
        principal.enter(code, unknown)
        found = self._users.by_ids(tx, [user_id]).get(user_id)
        if found is None or not self._users.keep(tx, found.username):
            raise unknown
        return Subject(Whose.USER, found.username)

    def _group(self, tx: Transaction, principal: Principal, code: str, name: str) -> Subject:
        self._groups.get(tx, principal, name)  # who may bind a group knows of it
        principal.require(code, workspace=None)
        if not self._groups.exists(tx, name):
            raise NotFound(f"there is no group '{name}'")
        return Subject(Whose.GROUP, name)


def _subject(name: str, *, is_person: bool) -> Subject:
    return Subject(Whose.USER if is_person else Whose.GROUP, name)


def _of_binding(binding: Binding) -> Subject:
    return _subject(binding.subject, is_person=binding.kind is BindingKind.USER)


def _of_project_binding(binding: ProjectBinding) -> Subject:
    return _subject(binding.subject, is_person=binding.kind is ProjectBindingKind.USER)


def _as_tagged(who: Subject, tags: Tags) -> Tagged:
    return Tagged(kind=TargetKind.PRINCIPAL, id=str(who.id), name=str(who), workspace=None, tags=tags)
