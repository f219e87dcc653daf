"""The area of a workspace: who sees what, and what its forms do."""

import csv
import io
import re
from datetime import timedelta
from functools import partial

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.database import Database
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.projects.model import ProjectKey
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import Binding, BindingKind
from tests.support.block_world import a_value, an_input, uuid_of
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld, Person, words_of
from tests.support.principals import ADMINISTRATOR
from tests.support.screen_fillings import ScreenWorld
from tests.support.tags import declare
from tests.support.tenant_world import MAKES_TENANT

pytestmark = pytest.mark.one_database

PAGES = ("", "/projects", "/tenants", "/access", "/groups", "/keys", "/money", "/compliance", "/settings", "/events")


@pytest.fixture
def world(database: Database, clock: FixedClock) -> ScreenWorld:
    """A shop with projects, a platform to have tenants on, and people."""
    return ScreenWorld(database, clock)


def a_zone(world: ScreenWorld) -> str:
    """Let the platform have one landing zone, whose block makes the tenant; return the option of a form that names it."""
    world.add_zone("standard", mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    return f"{uuid_of(world.platform)} standard"


def a_tenant(world: ScreenWorld) -> JsonObject:
    """Return a tenant of the project dev that is ready."""
    a_zone(world)
    made: JsonObject = world.make("dev")
    world.finish({"id": a_value("shop-dev"), "url": a_value("https://git.example.test/shop-dev")})
    return made


def bindings_of(world: ScreenWorld, workspace: str = "shop") -> list[Binding]:
    """Return the roles in a workspace."""
    return [*world.db.read_now(lambda tx: world.services.bindings.of_workspace(tx, ADMINISTRATOR, workspace))]


def after(person: Person, answer_location: str) -> str:
    """Return what the page says that a form led to."""
    return words_of(person.get(answer_location))


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_a_workspace_are_there_for_its_owner_and_for_nobody_outside(world: ScreenWorld, page: str) -> None:
    assert world.person("sam").get(f"/w/shop{page}").status_code == 200
    assert world.person("olga").get(f"/w/shop{page}").status_code == 404


def test_a_member_sees_no_tab_of_what_they_may_not_open(world: ScreenWorld) -> None:
    page = world.person("mia").get("/w/shop").text
    tabs = page.partition('aria-label="Pages of the workspace"')[2].partition("</nav>")[0]

    assert re.findall(r">([A-Za-z ]+)</a>", tabs) == [
        "Overview",
        "Projects",
        "Tenants",
        "Access",
        "Groups",
        "Financials",
        "Compliance",
    ]
    assert world.person("mia").get("/w/shop/keys").status_code == 403
    assert world.person("mia").get("/w/shop/settings").status_code == 403


def test_the_overview_begins_with_what_needs_the_visitor(world: ScreenWorld) -> None:
    world.order(world.define(inputs={"size": an_input(displayName="Size")}), name="machine")

    page = world.person("sam").read("/w/shop")

    assert "What needs you here machine Waiting for your input" in page
    assert "Nothing waits for you." in world.person("olga").read("/w/other")


def test_a_workspace_is_remembered_by_the_frame_of_the_next_page(world: ScreenWorld) -> None:
    person = world.person("admin")
    person.get("/w/other")

    assert 'href="/w/other"' in person.get("/blocks").text


def test_a_project_is_made_with_its_first_tenant(world: ScreenWorld) -> None:
    place = a_zone(world)
    person = world.person("sam")

    answer = person.change("/w/shop/projects/new", {"name": "Test", "identifier": "test", "platform": place})

    assert "Its tenant is being prepared." in after(person, answer.headers["location"])
    assert "test on repos" in person.read(answer.headers["location"])
    assert "In progress" in person.read("/w/shop/projects/test")


def test_a_project_is_looked_through_before_it_is_made(world: ScreenWorld) -> None:
    place = a_zone(world)
    person, at = world.person("sam"), "/w/shop/projects/new"

    filled = person.form(at).fill({"name": "Test", "identifier": "test", "platform": place})
    person.submit(filled.pressed("intent", "review"), at=at)
    review = person.form(at)
    page = person.submit(review.pressed("intent", "change"), at=at)

    assert page.status_code == 303
    again = person.form(at)
    assert (again.control("name").value, again.control("identifier").value) == ("Test", "test")
    person.submit(again.pressed("intent", "review"), at=at)
    assert "Review the new project Name Test Identifier test First tenant" in (said := person.read(at)), said
    made = person.submit(review, at=at)
    assert "Its tenant is being prepared." in after(person, made.headers["location"])


def test_a_project_form_says_everything_that_is_wrong_at_once_and_keeps_what_was_typed(world: ScreenWorld) -> None:
    person = world.person("sam")

    empty = person.change("/w/shop/projects/new", {"name": "", "identifier": ""})
    said = after(person, empty.headers["location"])
    assert "Please correct the marked fields." in said
    assert said.count("This is needed.") == 2

    taken = person.change("/w/shop/projects/new", {"name": "Second", "identifier": "dev"})
    page = person.get(taken.headers["location"]).text
    assert 'value="Second"' in page
    assert "has a project &#39;dev&#39; already" in page
    assert 'aria-invalid="true"' in page


def test_tags_are_asked_for_as_their_definitions_say(world: ScreenWorld) -> None:
    declare(world.db, world.services.tag_definitions, TargetKind.PROJECT, "environment", options=["dev", "prod"])
    person = world.person("sam")

    person.change("/w/shop/projects/dev/settings", {"tag.environment": ["prod"]})

    assert "environment prod" in person.read("/w/shop/projects/dev")
    person.change("/w/shop/projects/dev/settings", {"name": "Development"})
    assert "environment prod" in person.read("/w/shop/projects/dev")


def test_projects_are_searched_and_downloaded(world: ScreenWorld) -> None:
    world.add_project("shop-front", displayName="=cmd")
    person = world.person("sam")

    assert "1 project" in person.read("/w/shop/projects?search=FRONT")
    assert "Nothing matches" in person.read("/w/shop/projects?search=nothing")
    answer = person.get("/w/shop/projects?search=front&hide=tags&format=csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="projects.csv"'
    assert rows[0] == ["Name", "Identifier", "Payment method", "Made"]
    assert rows[1][:2] == ["'=cmd", "shop-front"]


def test_a_column_is_hidden_and_shown_by_a_link(world: ScreenWorld) -> None:
    page = world.person("sam").get("/w/shop/projects").text
    hide = re.search(r'href="(/w/shop/projects\?hide=tags)"', page)

    assert hide is not None
    assert 'scope="col" class="max-md:hidden">\n        Tags' not in world.person("sam").get(hide[1]).text


def test_members_see_the_projects_they_are_bound_to_alone(world: ScreenWorld) -> None:
    assert "No projects yet" in world.person("mia").read("/w/shop/projects")
    assert world.person("mia").get("/w/shop/projects/dev").status_code == 404


def test_a_tenant_shows_its_blocks_and_is_deleted_after_its_approval(world: ScreenWorld) -> None:
    path = f"/w/shop/tenants/{uuid_of(a_tenant(world))}"
    sam, pat = world.person("sam"), world.person("pat")
    page = sam.read(path)
    assert "Ready" in page
    assert "Repository v1" in page
    assert "shop-dev" in page

    sam.post(path, {"act": "delete"})
    assert "The platform team decides." in sam.read(path)
    assert "Approve the deletion" in pat.read(path)
    assert "A deletion waits for your approval" in pat.read("/")

    pat.post(path, {"act": "decline", "comment": "still in use"})
    assert "still in use" in sam.read(path)
    sam.post(path, {"act": "delete"})
    pat.post(path, {"act": "approve"})
    assert "Deleting" in sam.read(path)


def test_a_tenant_is_not_found_at_another_workspace(world: ScreenWorld) -> None:
    uuid = uuid_of(a_tenant(world))

    assert world.person("admin").get(f"/w/other/tenants/{uuid}").status_code == 404
    assert world.person("olga").get(f"/w/shop/tenants/{uuid}").status_code == 404


def test_a_project_that_has_a_tenant_says_so_before_anybody_deletes_it(world: ScreenWorld) -> None:
    a_tenant(world)
    person = world.person("sam")

    assert "still has: tenant 'shop.dev.repos.global' You find them under tenants" in person.read(
        "/w/shop/projects/dev/settings"
    )
    person.post("/w/shop/projects/prod/delete", {"typed": "pro"}, form_at="/w/shop/projects/prod/settings")
    assert "Type 'prod' to confirm" in person.read("/w/shop/projects/prod/settings")
    answer = person.post("/w/shop/projects/prod/delete", {"typed": "prod"}, form_at="/w/shop/projects/prod/settings")
    assert "The project was deleted." in after(person, answer.headers["location"])


def test_several_people_get_a_role_with_an_end_and_lose_it(world: ScreenWorld) -> None:
    for name in ("ann", "ben"):
        world.add(name)
    person = world.person("sam")
    ends = (world.clock() + timedelta(days=5)).date()

    person.change(
        "/w/shop/access", {"subjects": "ann\nben", "role": WorkspaceRole.MEMBER.value, "ends": ends.isoformat()}
    )
    page = person.read("/w/shop/access")
    assert page.count("Ends in 5 days") == 2
    assert "Your access ends soon" in world.person("ann").read("/")

    given = next(one for one in bindings_of(world) if one.subject == "ann")
    fields = {"binding": given.name, "kind": BindingKind.USER.value}
    person.post("/w/shop/access/remove", fields, form_at="/w/shop/access")
    assert "ann" not in [one.subject for one in bindings_of(world)]


def test_the_last_day_of_a_role_is_changed_on_the_page(world: ScreenWorld, clock: FixedClock) -> None:
    world.add("mia")
    sam, day = world.person("sam"), (clock() + timedelta(days=20)).date()
    fields = {"binding": "mia-shop", "kind": BindingKind.USER.value}

    sam.post("/w/shop/access/end", {**fields, "ends": day.isoformat()}, form_at="/w/shop/access")
    page = sam.read("/w/shop/access")
    for odd, words in (("2020-01-01", "The expiry date lies in the past"), ("soon", "This is not a day")):
        sam.post("/w/shop/access/end", {**fields, "ends": odd}, form_at="/w/shop/access")
        assert words in sam.read("/w/shop/access")
    sam.post("/w/shop/access/end", {**fields, "ends": ""}, form_at="/w/shop/access")

    assert "The role of mia ends with" in page
    assert "Ends in 20 days" in page
    assert "The role of mia no longer ends." in sam.read("/w/shop/access")
    assert "Last day" not in world.person("mia").get("/w/shop/access").text


def test_nobody_gets_a_role_if_one_of_several_is_unknown(world: ScreenWorld) -> None:
    world.add("ann")
    person = world.person("sam")

    answer = person.change("/w/shop/access", {"subjects": "ann\nnobody", "role": WorkspaceRole.MEMBER.value})

    page = person.get(answer.headers["location"]).text
    assert "There is no user &#39;nobody&#39;." in page
    assert "ann\nnobody" in page
    assert "ann" not in [one.subject for one in bindings_of(world)]


def test_a_role_is_asked_for_and_given_by_another_where_four_eyes_are_on(database: Database, clock: FixedClock) -> None:
    world = ScreenWorld(database, clock, min_approval_count=2)
    world.add("ann")
    world.add("lee")
    world.bind("lee", "shop", WorkspaceRole.MANAGER)
    sam, lee = world.person("sam"), world.person("lee")

    sam.change(
        "/w/shop/access", {"subjects": "ann", "role": WorkspaceRole.MEMBER.value, "reason": "she builds the shop"}
    )
    assert "ann" not in [one.subject for one in bindings_of(world)]
    assert "Somebody asks for a role" in lee.read("/")
    assert "Somebody asks for a role" not in sam.read("/")

    asked = re.search(r"/w/shop/access/requests/[0-9a-f-]+", lee.get("/w/shop/access").text)
    assert asked is not None
    lee.post(asked[0], {"act": "approve"}, form_at="/w/shop/access")
    assert "ann" in [one.subject for one in bindings_of(world)]


def test_nobody_gets_the_role_of_a_group_by_its_page_where_four_eyes_are_on(
    database: Database, clock: FixedClock
) -> None:
    world = ScreenWorld(database, clock, min_approval_count=2)
    world.add("ann")
    sam = world.person("sam")
    sam.change("/w/shop/groups", {"identifier": "devs", "name": "Developers"})
    world.bind("devs", "shop", WorkspaceRole.MANAGER, kind=BindingKind.GROUP)

    answer = sam.change("/w/shop/groups/devs", {"members": "ann"})

    assert "let an administrator put them into the group" in sam.get(answer.headers["location"]).text
    assert "Developers 0 people" in sam.read("/w/shop/groups")


def test_a_role_in_a_project_is_asked_for_on_its_page_and_approved_by_another(
    database: Database, clock: FixedClock
) -> None:
    world = ScreenWorld(database, clock, min_approval_count=2)
    world.add("lee")
    world.bind("lee", "shop", WorkspaceRole.MANAGER)
    sam, lee, path = world.person("sam"), world.person("lee"), "/w/shop/projects/asked/access"
    world.db.write_now(world.services.project_roles.seed)
    sam.change("/w/shop/projects/new", {"name": "Asked", "identifier": "asked"})

    answer = sam.change(path, {"subject": "lee", "kind": "user", "role": "Project Reader", "reason": "on call"})
    page = sam.read(path)
    asked = re.search(r"/w/shop/access/requests/[0-9a-f-]+", lee.get(path).text)

    assert answer.status_code == 303
    assert "lee as project reader in project asked" in page
    assert "Take back" in page
    assert asked is not None
    assert "lee as project reader in project asked" in lee.read("/w/shop/access")
    lee.post(asked[0], {"act": "approve"}, form_at=path)
    bound = world.db.read_now(
        lambda tx: world.services.project_bindings.of_project(tx, ADMINISTRATOR, ProjectKey("shop", "asked"))
    )
    assert [(one.subject, one.role) for one in bound] == [("lee", "reader")]


def test_groups_are_made_changed_and_deleted(world: ScreenWorld) -> None:
    for name in ("ann", "ben"):
        world.add(name)
    person = world.person("sam")

    person.change("/w/shop/groups", {"identifier": "devs", "name": "Developers", "members": "ann"})
    assert "Developers 1 person: ann" in person.read("/w/shop/groups")
    person.change("/w/shop/groups/devs", {"members": "ann\nben"})
    assert "Developers 2 people: ann, ben" in person.read("/w/shop/groups")
    person.post("/w/shop/groups/devs/delete", form_at="/w/shop/groups/devs")
    assert "No groups yet" in person.read("/w/shop/groups")


def test_administrators_give_groups_tags_that_nobody_else_sees(world: ScreenWorld) -> None:
    declare(world.db, world.services.tag_definitions, TargetKind.PRINCIPAL, "clearance", options=["open", "secret"])
    world.add("ann")
    sam, admin = world.person("sam"), world.person("admin")
    sam.change("/w/shop/groups", {"identifier": "devs", "name": "Developers", "members": "ann"})

    admin.change("/w/shop/groups/devs", {"tag.clearance": ["secret"]})
    sam.change("/w/shop/groups/devs", {"name": "All developers"})

    assert "clearance" not in sam.read("/w/shop/groups/devs")
    assert world.db.read_now(lambda tx: world.services.principal_tags.of_group(tx, ADMINISTRATOR, "devs")) == {
        "clearance": ["secret"]
    }
    admin.change("/w/shop/groups/devs", {"tag.clearance": []})
    assert not world.db.read_now(lambda tx: world.services.principal_tags.of_group(tx, ADMINISTRATOR, "devs"))


def test_the_secret_of_an_api_key_is_shown_once(world: ScreenWorld) -> None:
    person = world.person("sam")

    answer = person.change("/w/shop/keys/new", {"name": "CI", "preset": "read-only"})

    found = re.search(r'id="client-secret">([^<]+)<', answer.text)
    key = re.search(r'id="client-id">([^<]+)<', answer.text)
    assert found is not None
    assert key is not None
    assert "It is shown this once." in answer.text
    assert f"export MESHSTACK_API_KEY={key[1]}" in answer.text
    assert answer.text.count(found[1]) == 1
    path = f"/w/shop/keys/{key[1]}"
    assert found[1] not in person.get(path).text
    assert "BUILDINGBLOCK_LIST" in person.read(path)
    assert "never used" in person.read("/w/shop/keys")

    rotated = person.post(f"{path}/rotate", form_at=path)
    assert 'id="client-secret"' in rotated.text
    assert found[1] not in rotated.text
    person.post(f"{path}/delete", form_at=path)
    assert "No API keys yet" in person.read("/w/shop/keys")


def test_a_key_gets_the_permissions_that_are_ticked(world: ScreenWorld) -> None:
    person = world.person("sam")

    answer = person.change(
        "/w/shop/keys/new", {"name": "CI", "preset": "chosen", "permissions": ["PROJECT_LIST", "TENANT_LIST"]}
    )

    key = re.search(r'id="client-id">([^<]+)<', answer.text)
    assert key is not None
    page = person.read(f"/w/shop/keys/{key[1]}")
    assert "PROJECT_LIST TENANT_LIST" in page


def test_a_key_keeps_and_changes_its_permissions(world: ScreenWorld) -> None:
    sam = world.person("sam")
    issued = sam.change(
        "/w/shop/keys/new", {"name": "ci", "preset": "chosen", "permissions": ["PROJECT_LIST", "TENANT_LIST"]}
    )
    key = re.search(r"/w/shop/keys/([0-9a-f-]{36})", sam.get("/w/shop/keys").text)
    assert issued.status_code == 200
    assert key is not None
    path = f"/w/shop/keys/{key[1]}"

    renamed = sam.change(path, {"name": "robot"})
    kept = sam.read(path)
    sam.change(path, {"permissions": ["PROJECT_LIST"]})

    assert renamed.headers["location"] == path
    assert "TENANT_LIST" in kept.partition("Change")[0]
    assert "TENANT_LIST" not in sam.read(path).partition("Change")[0]
    assert "PROJECT_LIST" in sam.read(path).partition("Change")[0]


def test_financials_show_payment_methods_and_what_they_pay_for(world: ScreenWorld, clock: FixedClock) -> None:
    last = (clock() + timedelta(days=5)).date()
    for name, day in (("pm-soon", last), ("pm-free", None)):
        spec = PaymentSpec(display_name=name.title(), expiration_date=day, amount=25000 if day else None, tags={})
        create = world.services.payment_methods.create
        world.db.write_now(partial(create, principal=ADMINISTRATOR, workspace="shop", name=name, spec=spec))
    sam = world.person("sam")
    assert "No payment methods" in world.person("olga").read("/w/other/money")

    sam.change("/w/shop/projects/dev/settings", {"method": "pm-soon"})
    page = sam.read("/w/shop/money")

    assert "Pm-Soon pm-soon Budget 25,000 · pays for dev Ends in 5 days" in page
    assert "Pm-Free pm-free No budget · no project names it" in page
    assert "Projects without a payment method prod" in page


def test_a_workspace_is_made_by_those_who_may(world: ScreenWorld) -> None:
    admin = world.person("admin")
    assert "/workspaces/new" in admin.get("/w").text
    assert "/workspaces/new" not in world.person("sam").get("/w").text
    assert world.person("sam").get("/workspaces/new").status_code == 403

    taken = admin.change("/workspaces/new", {"name": "Shop", "identifier": "shop"})
    made = admin.change("/workspaces/new", {"name": "Web", "identifier": "web"})

    assert taken.headers["location"] == "/workspaces/new"
    assert made.headers["location"] == "/w/web"
    assert "The workspace was made. You are its owner." in admin.read("/w/web")
    assert [one.subject for one in bindings_of(world, "web")] == ["admin"]


def test_where_people_help_themselves_everybody_makes_workspaces(database: Database, clock: FixedClock) -> None:
    nora = PageWorld(database, clock, workspace_self_service=True).person("nora")

    assert "/workspaces/new" in nora.get("/").text
    assert nora.change("/workspaces/new", {"name": "N", "identifier": "nora"}).headers["location"] == "/w/nora"


def test_a_workspace_is_renamed_and_deleted_once_it_has_nothing(world: ScreenWorld) -> None:
    person = world.person("olga")
    person.change("/w/other/settings", {"name": "The other one"})
    assert "The other one" in person.read("/w/other")
    kept = world.person("sam").read("/w/shop/settings")
    assert "It cannot be deleted yet, as it still has: 2 projects You find them under building blocks , tenants" in kept

    answer = person.post("/w/other/delete", {"typed": "other"}, form_at="/w/other/settings")

    assert "The workspace was deleted." in after(person, answer.headers["location"])
    assert person.get("/w/other").status_code == 404


def test_what_happened_is_listed_and_filtered(world: ScreenWorld) -> None:
    person = world.person("sam")

    assert "Project Created" in person.read("/w/shop/events")
    assert "Project Created" not in person.read("/w/shop/events?type=Deleted")
    assert world.person("mia").get("/w/shop/events").status_code in {403, 404}
