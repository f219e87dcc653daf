"""Many of everything: copies of what the permission matrix asks about, each naming others of its number.

So a list that reads something for each of its rows shows it. Names and ids can be computed, as `things_of` does: it has the same
words as the matrix, and a test compares them, so a new kind has to be copied here, too.
"""

from collections.abc import Mapping

from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.copies import Copies, is_id, seeded_id

_IDS: Mapping[str, str] = {
    "user": "users Users",
    "group": "Groups",
    "key": "apikeys meshapikeys",
    "block": "blocks meshbuildingblocks buildingBlock",
    "run": "runs meshbuildingblockruns",
    "tenant": "tenants meshtenants",
    "definition": "definitions meshbuildingblockdefinitions",
    "version": "definitionversions meshbuildingblockdefinitionversions",
    "platform": "meshplatforms",
    "runner": "runners meshbuildingblockrunners",
    "integration": "meshintegrations",
    "admin-binding": "admin-bindings",
    "policy": "policies",
    "publication": "publications",
    "binding-request": "binding-requests",
    "event": "mesheventlogs",
    "order-draft": "order-drafts",
    "bulk-job": "bulk-jobs",
    "brake": "brakes",
    "nobody's": "passkeys sessions client-sessions identities signing-keys",
}
_NAMES: Mapping[str, str] = {
    "team": "workspace workspaces meshworkspaces",
    "method": "meshpaymentmethods",
    "group": "groups",
    "user-binding": "meshworkspacebindings/userbindings",
    "group-binding": "meshworkspacebindings/groupbindings",
    "project-user-binding": "meshprojectbindings/userbindings",
    "project-group-binding": "meshprojectbindings/groupbindings",
    "instance": "serviceinstances meshserviceinstances",
    "zone": "landingzones meshlandingzones",
    "location": "meshlocations",
    "type": "platformtypes meshplatformtypes",
    "meshProject.tag": "meshtagdefinitions",
    "role": "project-roles",
}


def things_of(number: int, teams: int) -> Mapping[str, str]:
    """Return the address of the copy with a number, by the word before it in an address, where there are so many teams."""
    ids = {word: str(seeded_id(kind, number)) for kind, words in _IDS.items() for word in words.split()}
    names = {word: f"{name}-{number}" for name, words in _NAMES.items() for word in words.split()}
    team = f"team-{number % teams}"
    project = f"{team}.project-{number}"
    fixed = {
        "source": "source",
        "identity-tokens": "aws",
        "versions": "1",
        "v2": "Schemas",
        "members": f"user-{number}",
        "breakers": "TRANSIENT",
        "kept": "block",
        "{kind}": ids["blocks"],
        "identity-providers": "corp",  # an installation has a few
    }
    return ids | names | fixed | {"workspace": team, "projects": project, "meshprojects": project}


class Crowd:
    """Copies the things of a matrix.

    Each copy belongs to the workspace of what is copied, or with `teams` to one of these and only every `teams`-th to that.
    """

    def __init__(self, copies: Copies, things: Mapping[str, str], numbers: range, teams: int | None = None) -> None:
        self._copies, self._things, self._numbers = copies, things, numbers
        self._team = {} if teams is None else {"workspace": _one_of(teams, "t.workspace")}
        self._provider = {} if teams is None else {"provider": _one_of(teams, "t.provider")}
        self._writer = {} if teams is None else {"owner": _one_of(teams, "t.owner")}
        self._shop = "'shop'" if teams is None else _one_of(teams, "'shop'")

    def copy_all(self) -> None:
        """Copy all tables, referenced ones first."""
        self._people()
        self._tenancy()
        self._platforms()
        self._definitions()
        self._blocks()
        self._runs()
        self._decided()

    def _copy(self, table: str, which: str, changed: Mapping[str, str], *, source: str | None = None) -> None:
        self._copies.copy(table, which, self._numbers, changed, source=source)

    def _made(self, table: str, kind: str, word: str, **changed: str) -> None:
        """Copy what has an id and a time of creation."""
        times = {"created_at": "seed_time(n)"}
        self._copy(table, is_id("id", self._things[word]), {"id": _id(kind), **times, **changed})

    def _people(self) -> None:
        named = {"username": _name("user"), "username_key": _name("user"), "external_id": _name("euid")}
        self._made("users", "user", "users", **named, email="'user-' || n || '@x.test'", email_key=_name("mail"))
        group = {
            "id": _id("group"),
            "name": _name("group"),
            "display_name": _name("Group"),
            "created_at": "seed_time(n)",
        }
        owner = self._team.get("workspace", "t.workspace")
        mixed = {"workspace": f"CASE WHEN n % 2 = 0 THEN {owner} END", "external_id": _name("group")}
        self._copy("groups", "name = 'devs'", group | mixed)
        member = {"group_name": _name("group"), "user_id": _id("user"), "username": _name("user")}
        self._copy("group_members", "group_name = 'devs'", member)
        self._made("admin_bindings", "admin-binding", "admin-bindings", subject=_name("user"))

    def _tenancy(self) -> None:
        team, made = self._team, {"created_at": "seed_time(n)"}
        self._copy("workspaces", "name = 'shop'", {"name": _name("team"), "display_name": _name("Team"), **made})
        self._made("api_keys", "key", "apikeys", **team)
        for prefix, template, subject in _BINDINGS:
            changed = {"id": _id(prefix), "name": _name(prefix), "subject": _name(subject), **made}
            self._copy("workspace_bindings", f"name = '{template}-in-shop'", changed | team)
        self._made("binding_requests", "binding-request", "binding-requests", **team)
        self._tags()
        method = {"id": _id("method"), "name": _name("method"), **made, **team}
        self._copy("payment_methods", "name = 'shop'", method)
        self._copy("project_roles", "name = 'guest'", {"name": _name("role"), "display_name": _name("Role"), **made})
        project = {"id": _id("project"), "name": _name("project"), "payment_method": _name("method"), **made, **team}
        self._copy("projects", "workspace = 'shop' AND name = 'dev'", project)
        for prefix, template, subject in _BINDINGS:
            named = {"id": _id(f"project-{prefix}"), "name": _name(f"project-{prefix}"), "subject": _name(subject)}
            of_project = {"project": _name("project"), "project_id": _id("project")}
            self._copy("project_bindings", f"name = '{template}-in-dev'", named | of_project | made | team)
        instance = {"instance_id": _name("instance"), "project": _name("project"), **made, **team}
        self._copy("service_instances", f"instance_id = '{self._things['serviceinstances']}'", instance)

    def _tags(self) -> None:
        named = {"id": _id("tag"), "tag": _name("tag"), "folded": _name("tag"), "created_at": "seed_time(n)"}
        self._copy("tag_definitions", "target_kind = 'meshProject' AND tag = 'stage'", named)
        self._made("policies", "policy", "policies", name=_name("Policy"))
        violation = {
            "policy_id": _id("policy"),
            "authoritative_id": _name("team"),
            "affected_id": _text("project"),
            "workspace": self._shop,
            "authoritative_name": _name("team"),
            "affected_name": _name("project"),
            "reason": "'Stage'",
            "found_at": "seed_time(n)",
            "seen_at": "seed_time(n)",
        }
        self._copy("policy_violations", is_id("id", self._things["policies"]), violation, source="policies")

    def _platforms(self) -> None:
        team, made = self._team, {"created_at": "seed_time(n)"}
        self._made("runners", "runner", "runners", **team)
        self._made("integrations", "integration", "meshintegrations", runner_id=_id("runner"), **team)
        location = {"id": _id("location"), "name": _name("location"), **made, **team}
        self._copy("locations", f"name = '{self._things['meshlocations']}'", location)
        kind = {"id": _id("type"), "name": _name("type"), **made, **team}
        self._copy("platform_types", f"name = '{self._things['platformtypes']}'", kind)
        platform = {"name": _name("platform"), "location": _name("location"), "display_name": _name("Platform")}
        self._made("platforms", "platform", "meshplatforms", **platform, **team)
        named = {"platform_id": _id("platform"), "role": "'CONTRIBUTING'", "workspace": _name("team")}
        self._copy("platform_workspaces", is_id("id", self._things["meshplatforms"]), named, source="platforms")

    def _definitions(self) -> None:
        team = self._team
        versions = {"latest_version_id": _id("version"), "released_version_id": _id("version")}
        named = {"display_name": _name("Definition"), "sort_name": _name("definition")}
        self._made("definitions", "definition", "definitions", **named, **versions, **team)
        content = f"replace(t.content, '{SHARED_RUNNER_UUID}', {_text('runner')})"
        of_definition = {"definition_id": _id("definition"), "runner_id": _id("runner"), "content": content}
        self._made("definition_versions", "version", "definitionversions", **of_definition, **team)
        zone = {"id": _id("zone"), "name": _name("zone"), "platform_id": _id("platform"), "created_at": "seed_time(n)"}
        mandatory = {"mandatory": f"'[\"' || {_text('definition')} || '\"]'"}
        self._copy("landing_zones", f"name = '{self._things['landingzones']}'", zone | mandatory | team)
        named = {"landing_zone_id": _id("zone"), "definition_id": _id("definition")}
        which = f"name = '{self._things['landingzones']}'"
        self._copy("landing_zone_definitions", which, named, source="landing_zones")
        tenant = {
            "project": _name("project"),
            "project_id": _id("project"),
            "platform_id": _id("platform"),
            "platform": _PLATFORM,
            "landing_zone": _name("zone"),
            "platform_tenant_id": _name("tenant"),
        }
        self._made("tenants", "tenant", "tenants", **tenant, **team, **self._provider)

    def _blocks(self) -> None:
        block = {
            "display_name": _name("block"),
            "name": _name("Block"),
            "sort_name": _name("block"),
            "status": "'SUCCEEDED'",
            "tenant_id": f"CASE WHEN n % 2 = 1 THEN {_id('tenant')} END",
            "project": f"CASE WHEN n % 2 = 1 THEN {_name('project')} END",
            "platform": f"CASE WHEN n % 2 = 1 THEN {_PLATFORM} END",
            "latest_run_id": _id("run"),
        }
        self._made("blocks", "block", "blocks", **block, **_OF_DEFINITION, **self._team, **self._provider)
        before = {"parent_id": "seed_id('block', n - 1)", "definition_id": "seed_id('definition', n - 1)"}
        odd = range(self._numbers.start | 1, self._numbers.stop, 2)
        which, parent = is_id("id", self._things["blocks"]), {"child_id": _id("block"), **before, "position": "0"}
        self._copies.copy("block_parents", which, odd, parent, source="blocks")
        for table in ("state_versions", "state_locks"):
            self._copy(
                table, is_id("block_id", self._things["blocks"]), {"block_id": _id("block"), "run_id": _id("run")}
            )

        self._watches()

    def _watches(self) -> None:
        last = self._numbers.stop
        watch = {
            **dict.fromkeys(("pause_reason", "paused_by", "ignored_until", "ignore_reason", "ignored_by"), "NULL"),
            **dict.fromkeys(("created_at", "checked_at", "drifted_since"), "seed_time(n)"),
            "block_id": _id("block"),
            "definition_id": _id("definition"),
            "workspace": self._team.get("workspace", "t.workspace"),
            "project": "t.project",
            "owner": self._provider.get("provider", "t.provider"),
            "due_at": f"seed_time(n + {2 * last})",
            "state": "'DRIFTED'",
            "run_id": _id("run"),
            "count": "1",
            "changes": "'[]'",
            "is_paused": "n < 0",
            "revision": "0",
        }
        self._copy("drift_watches", is_id("id", self._things["blocks"]), watch, source="blocks")

    def _runs(self) -> None:
        run = {
            "block_id": _id("block"),
            "display_name": _name("block"),
            "runner_id": _id("runner"),
            "status": "'SUCCEEDED'",
            **dict.fromkeys(("due_at", "claimed_at", "finished_at"), "seed_time(n)"),
        }
        self._made("runs", "run", "runs", **run, **_OF_DEFINITION, **self._team, **self._provider)
        of_run, its = is_id("run_id", self._things["runs"]), {"run_id": _id("run")}
        self._copy("run_attempts", of_run, {**its, "token_hash": _name("seed"), "state": "'RELEASED'"})
        for table in ("run_sources", "run_steps", "run_outputs", "run_documents"):
            self._copy(table, of_run, its)
        self._copy("run_changes", f"{of_run} AND position = 0", {"position": "n + 1"})  # of one long plan

    def _decided(self) -> None:
        self._made("publication_requests", "publication", "publications", object_id=_id("definition"), **self._team)
        drafts = {"definition_id": _id("definition"), "changed_at": "seed_time(n)", **self._writer}
        self._made("order_drafts", "order-draft", "order-drafts", **drafts)
        self._made("bulk_jobs", "bulk-job", "bulk-jobs")
        self._made("brakes", "brake", "brakes", block_id=_id("block"), on_workspace=_name("team"), **self._team)
        rows = {"job_id": _id("bulk-job"), "block_id": _id("block")}
        self._copy("bulk_job_rows", is_id("job_id", self._things["bulk-jobs"]), rows)
        event = {"id": _id("event"), "at": "seed_time(n)", "subject_id": _text("project"), **self._team}
        self._copy("events", is_id("id", self._things["mesheventlogs"]), event)


_BINDINGS = (("user-binding", "nora", "user"), ("group-binding", "devs", "group"))


def _one_of(teams: int, own: str) -> str:
    return f"CASE WHEN n % {teams} = 0 THEN {own} ELSE 'team-' || (n % {teams}) END"


def _id(kind: str) -> str:
    return f"seed_id('{kind}', n)"


def _text(kind: str) -> str:
    return f"seed_text('{kind}', n)"


def _name(prefix: str) -> str:
    return f"('{prefix}-' || n)"


_PLATFORM = f"({_name('platform')} || '.' || {_name('location')})"
_OF_DEFINITION = {"definition_id": _id("definition"), "version_id": _id("version")}
