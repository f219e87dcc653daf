"""Groups: which exist, who is in them; making and changing them. Source: concepts.md 2.1."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal, User
from blockyard.server.identity.model.admin_roles import codes_of_admin_roles
from blockyard.server.identity.model.groups import Group, GroupId
from blockyard.server.identity.model.roles import codes_of_roles
from blockyard.server.identity.service.ports import GroupJudge, PeopleFollower, Workspaces
from blockyard.server.identity.store import AdminBindingStore, GroupStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, NotFound, taken
from blockyard.server.kit.names import check_free_name
from blockyard.server.kit.paging import Page, PageRequest

LIST, SAVE = "WORKSPACEUSERGROUP_LIST", "WORKSPACEPRINCIPALBINDING_SAVE"


class GroupDirectory:
    """Answers other services about groups; none of them asks a principal."""

    def keep(self, tx: Transaction, name: str, *, workspace: str) -> bool:
        """Whether there is a group of this name that can be bound in a workspace: its own, or one of the installation.

        Nobody deletes it, and the roles it has, before this transaction ends.
        """
        group = GroupStore(tx).kept(name)
        return group is not None and group.workspace in {None, workspace}

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a group of this name, which nobody deletes before this transaction ends."""
        return GroupStore(tx).kept(name) is not None

    def of_user(self, tx: Transaction, username: str) -> Sequence[str]:
        """Return the names of the groups a person is in."""
        return GroupStore(tx).of_user(username)

    def usernames(self, tx: Transaction, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the usernames in each of the groups `names`."""
        return GroupStore(tx).usernames(names) if names else {}


@dataclass(frozen=True, slots=True)
class GroupOfPeople:
    """A group and who is in it; None if the principal may not know that."""

    group: Group
    usernames: Sequence[str] | None


class GroupService(GroupDirectory):
    """Use cases of groups.

    A group of a workspace is managed by who manages the roles there, a group of the installation by who manages users: what a
    group may do, its members may do. Higher features that bind groups are among `followers`, those that have a say in who comes
    into groups among `judges`.
    """

    def __init__(self, basics: Basics, *, workspaces: Workspaces) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._changes: Changes[Group] = Changes(basics.event_log, "group", "Group", Group.document)
        self.followers: list[PeopleFollower] = []
        self.judges: list[GroupJudge] = []

    def seed(self, tx: Transaction, name: str, display_name: str, usernames: Sequence[str]) -> None:
        """Make sure there is a group of the installation with exactly these people; unknown usernames are left out."""
        group = GroupStore(tx).get(name)
        if group is None:
            group = GroupStore(tx).add(self._new(name, display_name, None, None))
        elif group.display_name != display_name:
            group = GroupStore(tx).save(replace(group, display_name=display_name))
        self._put(tx, SYSTEM, group, UserStore(tx).by_usernames(usernames))

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, workspace: str | None = None
    ) -> Page[Group]:
        """Return one page of the groups of one's workspaces and of the installation, oldest first. Raises Denied."""
        owners = principal.listing(LIST).owners
        return GroupStore(tx).visible(request, owners=owners, wanted={"workspace": workspace})

    def get(self, tx: Transaction, principal: Principal, name: str) -> GroupOfPeople:
        """Return a group; who is in a group of the installation is for administrators. Raises Denied, NotFound."""
        group = self._visible(tx, principal, name)
        members = GroupStore(tx).usernames([name])[name]
        return GroupOfPeople(group, members if principal.allows(LIST, workspace=group.workspace) else None)

    def create(
        self,
        tx: Transaction,
        principal: Principal,
        *,
        name: str,
        display_name: str,
        workspace: str | None,
        usernames: Collection[str] = (),
        external_id: str | None = None,
    ) -> GroupOfPeople:
        """Make a group. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        self._require_may_save(principal, workspace)
        if workspace is not None:
            self._workspaces.require_active(tx, workspace)
        check_free_name(name, "a group", field="/name")
        if GroupStore(tx).get(name) is not None:
            raise taken(f"there is a group '{name}' already", field="/name")
        group = GroupStore(tx).add(self._new(name, display_name, workspace, external_id))
        people = self._people(tx, usernames)
        self._changes.tell(tx, principal.author, EventType.CREATED, group)
        self._put(tx, principal.author, group, people)
        return GroupOfPeople(group, [user.username for user in people])

    def update(
        self,
        tx: Transaction,
        principal: Principal,
        name: str,
        *,
        display_name: str,
        usernames: Collection[str],
        external_id: str | None = None,
    ) -> GroupOfPeople:
        """Change what a group is called, and who is in it; an empty `external_id` is removed. Raises Denied, Invalid, NotFound."""
        before = self._changeable(tx, principal, name)
        people = self._people(tx, usernames)
        self._require_may_add(tx, principal, before, people, field="/members")
        known_as = before.external_id if external_id is None else external_id or None
        after = replace(before, display_name=display_name, external_id=known_as)
        if after != before:
            after = GroupStore(tx).save(after)
            self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
        self._put(tx, principal.author, after, people)
        return GroupOfPeople(after, [user.username for user in people])

    def add(self, tx: Transaction, principal: Principal, name: str, username: str) -> None:
        """Put a person into a group; doing it again changes nothing. Raises Denied, Invalid, NotFound."""
        group = self._changeable(tx, principal, name)
        members = {*GroupStore(tx).members(name).values(), username}
        people = self._people(tx, members, field=None)
        self._require_may_add(tx, principal, group, people, field=None)
        self._put(tx, principal.author, group, people)

    def remove(self, tx: Transaction, principal: Principal, name: str, username: str) -> None:
        """Take a person out of a group; doing it again changes nothing. Raises Denied, NotFound."""
        group = self._changeable(tx, principal, name)
        members = set(GroupStore(tx).members(name).values()) - {username}
        self._put(tx, principal.author, group, self._people(tx, members))

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a group with all its roles; deleting it again changes nothing. Raises Denied, NotFound."""
        if GroupStore(tx).get(name) is None and self._changes.deleted_just_now(tx, principal.author, name):
            return
        self._delete(tx, principal.author, self._changeable(tx, principal, name))

    # For directories that provision the groups of the installation

    def by_id(
        self, tx: Transaction, principal: Principal, group_id: GroupId, *, will_change: bool = False
    ) -> GroupOfPeople:
        """Return a group of the installation; with `will_change` others who change it wait. Raises Denied, NotFound."""
        principal.enter("USER_LIST", _unknown(str(group_id)))
        group = GroupStore(tx).by_id(group_id)
        if group is not None and will_change:
            group = GroupStore(tx).held(group.name)
        if group is None or group.workspace is not None:
            raise _unknown(str(group_id))
        return GroupOfPeople(group, GroupStore(tx).usernames([group.name])[group.name])

    def of_installation(
        self, tx: Transaction, principal: Principal, request: PageRequest, wanted: Mapping[str, object | None]
    ) -> Page[GroupOfPeople]:
        """Return one page of the groups of the installation. Raises Denied."""
        principal.require("USER_LIST", workspace=None)
        found = GroupStore(tx).of_installation(request, wanted)
        members = self.usernames(tx, [group.name for group in found.items])
        return found.map(lambda group: GroupOfPeople(group, members[group.name]))

    # For other services: no principal is asked

    def put_person(self, tx: Transaction, user: User, *, managed: Sequence[str], wanted: Collection[str]) -> None:
        """Let a person be in those of the `managed` groups of the installation that are `wanted`; missing ones are made."""
        for name in managed:
            group = GroupStore(tx).held(name)
            if group is None:
                if name not in wanted:
                    continue
                group = GroupStore(tx).add(self._new(name, name, None, None))
                self._changes.tell(tx, SYSTEM, EventType.CREATED, group)
            if group.workspace is not None:  # of a workspace: who is in it is decided there
                continue
            members = {*GroupStore(tx).members(name).values()} - {user.username}
            people = members | ({user.username} if name in wanted else set())
            self._put(tx, SYSTEM, group, UserStore(tx).by_usernames(people) if people else [])

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Delete the groups of a workspace that is being deleted."""
        for group in GroupStore(tx).all_of(workspace):
            self._delete(tx, author, group)

    def _delete(self, tx: Transaction, author: Author, group: Group) -> None:
        GroupStore(tx).remove(group)
        for follower in self.followers:
            follower.group_deleted(tx, author, group.name)
        self._changes.tell(tx, author, EventType.DELETED, group)

    def _put(self, tx: Transaction, author: Author, group: Group, people: Collection[User]) -> None:
        """Let exactly these people be in a group, and tell of who is new and who is gone."""
        groups = GroupStore(tx)
        before, after = groups.members(group.name), {user.id: user.username for user in people}
        added = {uid: name for uid, name in after.items() if uid not in before}
        removed = {uid: name for uid, name in before.items() if uid not in after}
        if not added and not removed:
            return
        groups.put_in(group.name, added)
        groups.take_out(group.name, removed.keys())
        content: JsonObject = {"added": [*sorted(added.values())], "removed": [*sorted(removed.values())]}
        self._basics.event_log.append(
            tx,
            author,
            "Group Members Modified",
            EventType.CHANGED,
            workspace=group.workspace,
            subject_kind="group",
            subject_id=group.name,
            content=content,
        )
        for follower in self.followers:
            follower.group_changed(tx, group.name)

    def _require_may_add(
        self, tx: Transaction, principal: Principal, group: Group, people: Collection[User], *, field: str | None
    ) -> None:
        """Raise Denied if somebody came into a group by this that others have to be asked about first.

        Who is in a group of the installation is for administrators and directories alone, who ask nobody.
        """
        if group.workspace is None or {user.id for user in people} <= GroupStore(tx).members(group.name).keys():
            return
        for judge in self.judges:
            judge.members_wanted(tx, principal, group.name, field=field)

    def _people(self, tx: Transaction, usernames: Collection[str], *, field: str | None = "/members") -> Sequence[User]:
        found = UserStore(tx).by_usernames(usernames) if usernames else []
        unknown = sorted(set(usernames) - {user.username for user in found})
        if unknown:
            raise Invalid(
                f"there is no user '{unknown[0]}'",
                code="UnknownUser",
                field=field,
                remedy="Send usernames of accounts that an administrator has added.",
            )
        return found

    def _visible(self, tx: Transaction, principal: Principal, name: str) -> Group:
        group = GroupStore(tx).get(name)
        if group is None or not _knows(principal, group):
            raise _unknown(name)
        if group.workspace is None:
            principal.require_somewhere(LIST)
        else:
            principal.require(LIST, workspace=group.workspace)
        return group

    def _changeable(self, tx: Transaction, principal: Principal, name: str) -> Group:
        """Return a group if the principal may decide who is in it; others who change it wait. Raises Denied, NotFound."""
        group = GroupStore(tx).held(name)
        if group is None or not _knows(principal, group):
            raise _unknown(name)
        self._require_may_save(principal, group.workspace)
        self._require_as_strong(tx, principal, group)
        return group

    def _require_may_save(self, principal: Principal, workspace: str | None) -> None:
        principal.require("USER_SAVE" if workspace is None else SAVE, workspace=workspace)

    def _require_as_strong(self, tx: Transaction, principal: Principal, group: Group) -> None:
        """Raise Denied if members of the group may do what the principal may not: they could make themselves a member.

        What a group of the installation may do in a workspace is the matter of whoever bound it there: it trusts the directory.
        """
        now = self._basics.clock()
        roles = AdminBindingStore(tx).roles_of_group(group.name, now.date())
        principal.require_holds(codes_of_admin_roles(roles), "", of=f"group '{group.name}'")
        if group.workspace is not None and SAVE not in principal.everywhere:
            held = self._workspaces.roles_of_group(tx, group.name, now).get(group.workspace, frozenset())
            principal.require_holds(codes_of_roles(held), group.workspace, of=f"group '{group.name}'")

    def _new(self, name: str, display_name: str, workspace: str | None, external_id: str | None) -> Group:
        return Group(
            id=GroupId(self._basics.new_id()),
            name=name,
            display_name=display_name,
            workspace=workspace,
            created_at=self._basics.clock(),
            external_id=external_id,
        )


def _knows(principal: Principal, group: Group) -> bool:
    """Whether a group is no secret to the principal: one of the installation to all who see groups anywhere."""
    if group.workspace is None:
        return principal.holds_somewhere(LIST) or principal.knows("USER_LIST", workspace=None)
    return principal.knows(LIST, workspace=group.workspace) or principal.allows(SAVE, workspace=group.workspace)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no group '{name}'")
