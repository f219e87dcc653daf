"""What there is on the pictures of the screens: nothing, a busy installation, and one in which everything is called very long."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.identity.model import KeySettings, NewUser, WorkspaceRole
from blockyard.server.identity_providers.api import NewProvider
from blockyard.server.kit.clock import utc_now
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.runs.model.shown_outputs import EARLIER_FAILURE
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import BindingKind, NewBinding
from tests.support.approvals import a_resource, planned, policies
from tests.support.block_world import (
    BLOCKS,
    Claimed,
    a_secret,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    uuid_of,
)
from tests.support.page_world import PASSWORD, PageWorld
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare
from tests.support.tenant_world import MAKES_TENANT, TenantWorld

Known = dict[str, str]

SUMMARY = """# Your bucket is ready

It keeps **30 days** of versions. Use it with

```
aws s3 ls s3://invoices
```
"""

PLAN = """
OpenTofu will perform the following actions:

  # aws_db.sessions will be destroyed
  # (because aws_db.sessions is not in configuration)
  - resource "aws_db" "sessions" {
      - engine = "postgres" -> null
      - size   = "small" -> null
    }

  # aws_eks_node_group.main must be replaced
-/+ resource "aws_eks_node_group" "main" {
      ~ id            = "shop:main" -> (known after apply)
      ~ instance_type = "m5.large" -> "m6i.large" # forces replacement
    }

  # module.network["eu"].aws_security_group.nodes will be updated in-place
  ~ resource "aws_security_group" "nodes" {
        id       = "sg-0a1b2c"
      ~ password = (sensitive value)
      ~ tags     = {
          + "team" = "shop"
        }
    }

  # aws_eip.ingress will be created
  + resource "aws_eip" "ingress" {
      + address = (known after apply)
      + domain  = "vpc"
    }

Plan: 2 to add, 1 to change, 2 to destroy.
"""

ABOUT = {
    "Object storage": "A bucket with versions, encryption and a lifecycle, ready for your service.",
    "Cluster": "A managed Kubernetes cluster for one team, with logging and backups.",
    "Cluster with nodes": "A Kubernetes cluster whose nodes grow and shrink with what runs on them.",
    "Access request": "Asks the platform team for a larger quota; they answer within a day.",
    "Database": "A PostgreSQL database with backups of thirty days, in the network of your cluster.",
    "Network": "A network with three zones, connected to the office.",
    "Queue": "A message queue with a dead letter queue and alarms.",
    "Shop": "The shop as a deployment on your cluster, with a domain and a certificate.",
    "Monitoring": "Dashboards, alarms and an on-call rota for what runs on your cluster.",
}
"""What the definitions say of themselves."""

QUEUES = [
    f"{what} {kind}"
    for kind in ("queue", "events", "mail")
    for what in ("orders", "invoices", "stock", "prices", "returns", "search", "pictures", "login", "audit", "reports")
]

LAST_MINUTES = 60 * 24 * 4 - 3
"""So many minutes after its begin the busy installation stands still: the pictures are taken four days after it."""

APPLYING = (
    "\x1b[1mInitializing the backend...\x1b[0m\n\x1b[32mOpenTofu has been successfully initialized!\x1b[0m\n\n"
    "\x1b[1maws_sqs_queue.dead_letters:\x1b[0m Creating...\n"
    "\x1b[1maws_sqs_queue.dead_letters:\x1b[0m Creation complete after 4s \x1b[90m[id=dead-letters]\x1b[0m\n"
    "\x1b[1maws_sqs_queue.main:\x1b[0m Creating...\n"
    + "".join(f"\x1b[1maws_sqs_queue.main:\x1b[0m Still creating... [{n}0s elapsed]\n" for n in range(1, 8))
)

BROKEN = """\x1b[1maws_eks_cluster.main:\x1b[0m Creating...
\x1b[31m╷\x1b[0m
\x1b[31m│\x1b[0m \x1b[1;31mError: \x1b[0m\x1b[1mcreating EKS Cluster: InvalidParameterException\x1b[0m
\x1b[31m│\x1b[0m
\x1b[31m│\x1b[0m   with aws_eks_cluster.main, on main.tf line 12
\x1b[31m│\x1b[0m   version 1.19 of Kubernetes is not supported any more
\x1b[31m╵\x1b[0m
"""

_LONG = "an unusually long name that somebody chose without thinking of those who have to read it in lists and headings"
_LONG_WORD = "arn:aws:s3:::" + "very-long-part-without-any-place-to-break-" * 8


class ScreenWorld(PageWorld, TenantWorld):
    """Pages, people, blocks, projects and tenants."""


def _empty(world: ScreenWorld) -> Known:
    del world
    return {"workspace": "shop", "project": "dev"}


def _full(world: ScreenWorld) -> Known:
    return _fill(world, {"bucket": "invoices bucket", "cluster": "staging cluster", "value": "arn:aws:s3:::invoices"})


def _long(world: ScreenWorld) -> Known:
    return _fill(world, {"bucket": _LONG, "cluster": f"{_LONG}, once more", "value": _LONG_WORD})


FILLINGS: Mapping[str, Callable[[ScreenWorld], Known]] = {"empty": _empty, "full": _full, "long": _long}


def _fill(world: ScreenWorld, words: Mapping[str, str]) -> Known:
    begin = world.clock()
    bucket = _bucket(world, words["bucket"], words["value"])
    changed = _changed(world, bucket)
    tenant = _tenant(world)
    world.clock.advance(3600)
    failed = world.order(_define(world, "Cluster"), name=words["cluster"])
    broken = _broken(world)
    cluster, planned = _checked(world, words)
    waiting = world.order(
        world.define(
            "Access request",
            about={"description": ABOUT["Access request"]},
            inputs={"quota": an_input("INTEGER", "PLATFORM_OPERATOR_MANUAL_INPUT", displayName="Quota")},
        ),
        name="more quota for the web shop",
    )
    undecided = _undecided(world, words["cluster"])
    _queues(world)
    world.clock.advance((begin + timedelta(minutes=LAST_MINUTES) - world.clock()).total_seconds())
    running = _running(world)
    group, key = _people(world, words["cluster"])
    return {
        "workspace": "shop",
        "project": "dev",
        "tenant": tenant,
        "group": group,
        "key": key,
        "asking_zone": _asking_zone(world),
        "provider": _provider(world, words["cluster"]),
        "block": uuid_of(bucket),
        "definition": str(world.stored(bucket).definition_id),
        "adaptive": _adaptive(world),
        "failed": uuid_of(failed),
        "cluster": uuid_of(cluster),
        "waiting": uuid_of(waiting),
        "undecided": uuid_of(undecided),
        "undecided_run": str(world.latest_run(undecided).id),
        "dry_run": str(planned.run_id),
        "changed_run": str(changed.run_id),
        "run": str(running.run_id),
        "failed_run": str(broken.run_id),
    }


def _define(world: ScreenWorld, name: str, about: JsonObject | None = None, **spec: Any) -> JsonObject:
    return world.define(name, transparent=True, about={"description": ABOUT[name], **(about or {})}, **spec)


def _undecided(world: ScreenWorld, name: str) -> JsonObject:
    """Order a database whose plan waits for an approval, and replaces something precious; return it."""
    asked = policies("buildingBlockCreation", precious=["aws_db*"], approvals=2)
    size = an_input("SINGLE_SELECT", displayName="Size", selectableValues=["small", "large"])
    block: JsonObject = world.order(
        _define(world, "Database", asked, inputs={"size": size}), {"size": "small"}, name=name
    )
    changes = {f"aws_db.{name.replace(' ', '_')}": "replace", "aws_kms_key.main": "create", "aws_subnet.a": "update"}
    planned(world, *(a_resource(address, action) for address, action in changes.items()))
    return block


def _queues(world: ScreenWorld) -> None:
    """Order many queues, a few at a time; most are made, some fail, and some wait."""
    version = _define(world, "Queue")
    for number, name in enumerate(QUEUES):
        world.clock.advance(9400)
        world.order(version, name=name)
        if number % 10 == 6:
            world.finish(status=RunStatus.FAILED)
        elif number < len(QUEUES) - 3:
            claimed = world.claimed()
            world.clock.advance(20 + number)
            world.report(claimed)


def _broken(world: ScreenWorld) -> Claimed:
    """Let the next run fail, with a step that never ran behind the one that did."""
    claimed = world.claimed()
    _register(world, claimed, ["prepare", "apply", "output"])
    for step, seconds, status, text in (
        ("prepare", 6, "SUCCEEDED", "Initializing provider plugins...\n"),
        ("apply", 31, "FAILED", BROKEN),
    ):
        _tell(world, claimed, {"id": step, "status": "IN_PROGRESS"})
        world.clock.advance(seconds)
        _tell(world, claimed, {"id": step, "status": status, "systemMessage": text})
    last: list[Json] = [{"id": "output", "status": "FAILED", "userMessage": EARLIER_FAILURE}]
    done = StatusUpdate.model_validate({"status": "FAILED", "steps": last})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", done))
    return claimed


def _bucket(world: ScreenWorld, name: str, value: str) -> JsonObject:
    inputs = {
        "bucket_name": an_input(
            displayName="Bucket name", description="Unique in the **region**.", updateableByConsumer=True
        ),
        "versions": an_input("INTEGER", displayName="Versions kept", updateableByConsumer=True, displayOrder=1),
        "public": an_input("BOOLEAN", displayName="Public", updateableByConsumer=True, displayOrder=2),
        "readers": an_input(
            "MULTI_SELECT", selectableValues=["ci", "ops", "audit"], updateableByConsumer=True, displayOrder=4
        ),
        "policy": an_input("CODE", displayName="Policy", updateableByConsumer=True, displayOrder=5),
        "token": an_input(displayName="Access token", isSensitive=True, updateableByConsumer=True, displayOrder=6),
    }
    outputs = {
        "console": an_output(assignment="RESOURCE_URL", displayName="Console"),
        "summary": an_output(assignment="SUMMARY"),
        "arn": an_output(displayName="ARN"),
    }
    values: dict[str, Json] = {
        "bucket_name": value,
        "versions": 0,
        "public": False,
        "readers": ["ci", "audit"],
        "policy": '{\n  "allow": ["read"]\n}',
        "token": a_secret("hunter2-hunter2"),
    }
    version = _define(world, "Object storage", inputs=inputs, outputs=outputs)
    block: JsonObject = world.order(version, values, name=name)
    claimed = world.claimed()
    world.clock.advance(41)
    found = {
        "console": a_value("https://console.example.test/buckets/invoices"),
        "summary": a_value(SUMMARY),
        "arn": a_value(value),
    }
    world.report(claimed, outputs=found)
    return block


def _adaptive(world: ScreenWorld) -> str:
    """Return the definition of something for tenants whose inputs follow each other; what comes with a new tenant asks, too."""
    images = world.define(
        "Image list",
        about={"description": "The images that virtual machines may be made of, listed anew each night."},
        outputs={"names": an_output("CODE")},
    )
    listed = world.api.ok("POST", BLOCKS, an_order(images, workspace="platform", name="images"))
    world.finish({"names": a_value('["debian-13", "alpine-3.22"]', "CODE")})
    account = world.define_for_tenants(
        "Account",
        about={"description": "An account with a budget, and people to call when something is wrong."},
        inputs={**MAKES_TENANT["inputs"], "owner": an_input(displayName="Who is called when it burns")},
        outputs=MAKES_TENANT["outputs"],
    )
    world.add_zone("guarded", mandatory=[account])
    inputs: dict[str, JsonObject] = {
        "region": an_input("SINGLE_SELECT", displayName="Region", selectableValues=["eu", "us"], defaultValue="eu"),
        "zones": an_input(
            "MULTI_SELECT",
            displayName="Zones",
            displayOrder=1,
            optionSources=[
                {"condition": "input.region == 'eu'", "values": ["eu-1", "eu-2", "eu-3"]},
                {"condition": "input.region == 'us'", "values": ["us-1", "us-2"]},
            ],
        ),
        "image": an_input(
            "SINGLE_SELECT", displayName="Image", displayOrder=2, optionSources=[{"block": f"{uuid_of(listed)}.names"}]
        ),
        "replicas": an_input(
            "INTEGER",
            displayName="Replicas",
            displayOrder=3,
            defaultValue=1,
            dependentDefaults=[{"condition": "input.region == 'us'", "value": 3}],
        ),
    }
    version = world.define_for_tenants(
        "Web shop", about={"description": "A shop in the regions and zones of your choice."}, inputs=inputs
    )
    return definition_of(version)


def _tenant(world: ScreenWorld) -> str:
    world.add_zone(
        "standard",
        mandatory=[
            world.define_for_tenants(
                about={"description": "A repository with branches that are protected."}, **MAKES_TENANT
            )
        ],
    )
    zone: JsonObject = {"kind": "meshLandingZone", "name": "standard"}
    world.make("prod", landingZoneRef=zone)
    world.finish({"id": a_value("shop-prod"), "url": a_value("https://git.example.test/shop-prod")})
    made = world.make("dev", landingZoneRef=zone)
    world.finish({"id": a_value("shop-dev"), "url": a_value("https://git.example.test/shop-dev")})
    return uuid_of(made)


def _asking_zone(world: ScreenWorld) -> str:
    """Make a landing zone whose building block asks for something; return what a form calls it."""
    inputs = {
        **MAKES_TENANT["inputs"],
        "owner": an_input(displayName="Owner", description="Who is asked about the repository, by e-mail."),
        "visibility": an_input("SINGLE_SELECT", displayName="Visibility", selectableValues=["internal", "private"]),
        "reviews": an_input("BOOLEAN", displayName="Reviews are needed", defaultValue=True),
    }
    version = world.define_for_tenants(
        "Repository with an owner",
        about={"description": "A repository, and somebody who answers for what is in it."},
        **{**MAKES_TENANT, "inputs": inputs},
    )
    world.add_zone("asking", mandatory=[version], displayName="With an owner")
    return f"{uuid_of(world.platform)}%20asking"


def _provider(world: ScreenWorld, name: str) -> str:
    """Set up identity providers, one of them switched off, and what the workspace pays with; return an alias."""
    company, budget = (name, name) if name.startswith(_LONG) else ("Example Corp", "Budget")
    usual: JsonObject = {"issuer": "http://127.0.0.1:1/realms/corp", "clientId": "blockyard", "groupsClaim": "groups"}
    rules: list[Json] = [{"value": "platform-team", "group": "platform-team"}, {"value": "auditors", "group": "audit"}]
    providers: dict[str, JsonObject] = {
        "corp": {"displayName": company, "groupRules": rules},
        "guests": {"displayName": "Guests", "enabled": False},
    }
    for alias, about in providers.items():
        new = NewProvider.model_validate({"alias": alias, **usual, **about})
        world.db.write_now(
            partial(
                world.services.identity_providers.create,
                principal=ADMINISTRATOR,
                alias=alias,
                spec=new.spec(),
                secret="hunter2-hunter2",
            )
        )
    for number, days in enumerate((12, 400)):
        spec = PaymentSpec(
            display_name=f"{budget} {2026 + number}",
            expiration_date=(world.clock() + timedelta(days=days)).date(),
            amount=25_000 * (number + 1),
            tags={},
        )
        world.db.write_now(
            partial(
                world.services.payment_methods.create,
                principal=ADMINISTRATOR,
                workspace="shop",
                name=f"budget-{2026 + number}",
                spec=spec,
            )
        )
    return "corp"


def _changed(world: ScreenWorld, bucket: JsonObject) -> Claimed:
    """Change the bucket, and let that succeed."""
    world.clock.advance(7200)
    world.change(bucket, inputs={"versions": 30})
    claimed = world.claimed()
    world.clock.advance(38)
    outputs = {
        key: a_value(value)
        for key, value in {"console": "https://console.example.test/buckets/invoices", "summary": SUMMARY}.items()
    }
    world.report(claimed, outputs={**outputs, "arn": a_value(str(world.stored(bucket).inputs["bucket_name"]))})
    return claimed


def _checked(world: ScreenWorld, words: Mapping[str, str]) -> tuple[JsonObject, Claimed]:
    """Order a network, a cluster on it and what needs that, and plan the cluster again."""
    network = _define(world, "Network")
    net = world.order(network, name="office network")
    world.finish()
    cluster_version = _define(world, "Cluster with nodes", **_needing(network))
    cluster: JsonObject = world.order(cluster_version, name=words["cluster"], parents=[net])
    world.finish()
    for name, number in {"Shop": 2, "Monitoring": 1}.items():
        version = _define(world, name, **_needing(cluster_version))
        for one in range(number):
            world.order(version, name=f"{name.lower()} {one + 1}", parents=[cluster])
            world.finish()
    world.clock.advance(3600)
    world.as_admin("POST", f"/api/blockyard/v1/blocks/{uuid_of(cluster)}/detect")
    planned = world.claimed()
    _register(world, planned, ["prepare", "plan"])
    for step, seconds, text in (("prepare", 7, "Initializing provider plugins...\n"), ("plan", 23, PLAN)):
        _tell(world, planned, {"id": step, "status": "IN_PROGRESS"})
        world.clock.advance(seconds)
        _tell(world, planned, {"id": step, "status": "SUCCEEDED", "systemMessage": text})
    done = StatusUpdate.model_validate({"status": "SUCCEEDED", "changesDetected": True, "artifact": "YQ=="})
    world.db.write_now(lambda tx: world.reports.report(tx, planned.principal, planned.run_id, "runner", done))
    return cluster, planned


def _needing(version: JsonObject) -> dict[str, Any]:
    return {"dependencyDefinitionRefs": [{"uuid": definition_of(version), "kind": "meshBuildingBlockDefinition"}]}


def _register(world: ScreenWorld, claimed: Claimed, steps: Sequence[str]) -> None:
    named: list[Json] = [{"id": step, "displayName": step.title()} for step in steps]
    sent = SourceRegistration.model_validate({"source": {"id": "runner"}, "steps": named})
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, sent))


def _tell(world: ScreenWorld, claimed: Claimed, step: JsonObject) -> None:
    update = StatusUpdate.model_validate({"status": None, "steps": [step]})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def _running(world: ScreenWorld) -> Claimed:
    claimed = world.claimed()
    registration: JsonObject = {
        "source": {"id": "runner"},
        "steps": [{"id": "prepare", "displayName": "Prepare"}, {"id": "apply", "displayName": "Apply"}],
    }
    sent = SourceRegistration.model_validate(registration)
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, sent))
    for step, status, text in (
        ("prepare", "IN_PROGRESS", ""),
        ("prepare", "SUCCEEDED", "Initializing provider plugins...\n"),
        ("apply", "IN_PROGRESS", APPLYING),
    ):
        _tell(world, claimed, {"id": step, "status": status, "systemMessage": text or None})
        world.clock.advance(11)
    return claimed


def _people(world: ScreenWorld, name: str) -> tuple[str, str]:
    """Fill the shop with people, a group, keys and tags; return the name of the group and the id of a key."""
    services = world.services
    declare(world.db, services.tag_definitions, TargetKind.PROJECT, "environment", options=["dev", "prod"])
    declare(world.db, services.tag_definitions, TargetKind.WORKSPACE, "costCenter")
    today = utc_now().date()
    for username, role, days in (
        ("mia", WorkspaceRole.MEMBER, 5),
        ("lee", WorkspaceRole.MANAGER, 20),
        ("kim", WorkspaceRole.MEMBER, None),
    ):
        new = NewUser(username=username, first_name=username.title(), last_name="Example", email=f"{username}@x.test")
        world.db.write_now(partial(world.users.seed, new=new, password=PASSWORD))
        binding = NewBinding(
            name=f"{username}-shop",
            kind=BindingKind.USER,
            workspace="shop",
            subject=username,
            role=role,
            expires_on=today + timedelta(days=days) if days else None,
        )
        world.db.write_now(partial(services.bindings.create, principal=ADMINISTRATOR, new=binding))
    world.db.write_now(
        lambda tx: services.groups.create(
            tx, ADMINISTRATOR, name="shop-devs", display_name=name[:60], workspace="shop", usernames=["mia", "kim"]
        )
    )
    issued = [
        world.db.write_now(
            partial(services.api_keys.create, principal=ADMINISTRATOR, workspace="shop", settings=settings)
        )
        for settings in (
            KeySettings(display_name=name, permissions=("BUILDINGBLOCK_LIST",), expires_at=today + timedelta(days=6)),
            KeySettings(display_name="Terraform", permissions=("BUILDINGBLOCK_LIST", "PROJECT_LIST"), expires_at=None),
        )
    ]
    return "shop-devs", str(issued[0].api_key.id)
