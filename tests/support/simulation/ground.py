"""What every simulation stands on: the server, its workspaces and definitions, made once and as new for each seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.model.policies import Lifetimes
from blockyard.server.drift.model import NoiseRule
from blockyard.server.identity.model import KeySettings
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.kit.clock import Clock
from blockyard.server.tofu_state.model import NewState
from blockyard.server.tofu_state.service import StateAddress
from tests.support.approvals import policies
from tests.support.block_world import PLATFORM, a_value, an_input, an_output, definition_of, uuid_of
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR
from tests.support.simulation.database import InstantDatabase
from tests.support.simulation.engines import made_of
from tests.support.tenant_world import TenantWorld


@dataclass(frozen=True)
class Kind:
    """A definition of the simulation.

    Attributes:
        versions: the ids of its versions, the newest last; `adds` are the inputs that the last one asks for in addition.
        user, operator: the inputs that consumers and operators enter.
        schedule: the mode in which it is checked for drift, each day; None if it is not.
        repairs: what its checks find is repaired by itself.
        undo: for so many minutes a deletion can be taken back.
        days: so many days a block lives at most.
        approved: the policies of approvals that it has.
        composes: its module orders a tenant, and waits for it.
        on_tenants: it comes with tenants.
        parents: for each input that is an output of a parent, the kind of that parent.
    """

    name: str
    definition_id: UUID
    versions: tuple[UUID, ...]
    user: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    composes: bool = False
    on_tenants: bool = False
    parents: Mapping[str, str] = field(default_factory=dict)
    approved: tuple[str, ...] = ()
    schedule: str | None = None
    repairs: bool = False
    undo: int = 0
    days: int | None = None

    def asked(self, version_id: UUID) -> tuple[str, ...]:
        """Return the inputs that a version asks consumers for."""
        return self.user if version_id == self.versions[0] else (*self.user, *self.adds)


NOISE = "noise"
"""The attribute whose changes are no drift, by a rule of each definition that has a schedule."""

PROJECTS = ("dev", "prod")
"""Where tenants are ordered: each has one at most."""


class Ground:
    """Services, definitions, and the image of the database to begin with."""

    def __init__(self) -> None:
        self.db = InstantDatabase.made()
        self.world = TenantWorld(self.db, FixedClock())
        self.services = self.world.services
        self.kinds: dict[str, Kind] = {}
        self._add_compositions()
        self._add("network", user=("name",), adds=("zone",), approved=("versionUpgrade",), undo=20, schedule=_DETECTS)
        self._add(
            "server",
            user=("size",),
            parents={"network": "network"},
            approved=("anyInputChanges",),
            undo=20,
            schedule=_RECONCILES,
            repairs=True,
        )
        self._add(
            "app",
            user=("title",),
            operator=("approval",),
            parents={"network": "network", "server": "server"},
            schedule=_RECONCILES,
            repairs=True,
            days=3,
        )
        settings = KeySettings(display_name="keeper", permissions=tuple(sorted(PLAIN | MANAGED)), expires_at=None)
        issued = self.db.write_now(lambda tx: self.services.api_keys.create(tx, PLATFORM, "platform", settings))
        self.keeper = issued.api_key.principal()
        """Who makes bulk jobs: the server asks what they may do when it goes on."""
        self._image = self.db.raw.serialize()
        self._furnish()
        self._furnished = self.db.raw.serialize()

    def renew(self, clock: Clock, rng: Random, *, furnished: bool) -> None:
        """Let everything be as it was made: with blocks that have run, or with none."""
        self.db.raw.deserialize(self._furnished if furnished else self._image)
        self.world.whole.renew(clock, lambda: UUID(int=rng.getrandbits(128), version=4))

    def _furnish(self) -> None:
        """Order a network and two servers, let them run, and write their states twice; their ids are the same in every process."""
        clock, rng = FixedClock(), Random(0)  # noqa: S311  the same each time
        clock.advance(-3600)
        self.world.whole.renew(clock, lambda: UUID(int=rng.getrandbits(128), version=4))
        above: list[JsonObject] = []
        for name, inputs in (("network", {"name": "a"}), ("server", {"size": "a"}), ("server", {"size": "b"})):
            clock.advance(60)
            version: JsonObject = {"metadata": {"uuid": str(self.kinds[name].versions[0])}}
            block = self.world.order(version, {**inputs}, parents=above)
            claimed = self.world.claimed()
            taken = {key: str(item["value"]) for key, item in claimed.inputs.items()}
            self.world.report(claimed, outputs={"out": a_value(made_of(name, taken))})
            above = above or [block]
            for serial in (1, 2):
                self._write_state(UUID(uuid_of(block)), serial)

    def _write_state(self, block_id: UUID, serial: int) -> None:
        """Write a version of a state; no two are alike."""
        new = NewState(serial=serial, lineage="one", md5=f"{serial}", size_bytes=serial, sealed=b"")
        address = StateAddress(None, block_id)
        self.db.write_now(lambda tx: self.services.state.write(tx, ADMINISTRATOR, address, new, None))

    def _add_compositions(self) -> None:
        """Define what comes with tenants, and what orders them."""
        outputs = {"out": an_output("STRING", "PLATFORM_TENANT_ID")}
        of_tenants = self.world.define_for_tenants(outputs=outputs)
        self.world.add_zone("default", mandatory=[of_tenants])
        self._keep("repository", of_tenants, on_tenants=True)
        about = {"title": an_input(updateableByConsumer=True)}
        self._keep(
            "stack",
            self.world.define("Stack", inputs=about, outputs={"out": an_output()}),
            user=("title",),
            composes=True,
        )

    def _keep(self, name: str, version: JsonObject, **more: Any) -> None:
        ids = UUID(definition_of(version)), (UUID(uuid_of(version)),)
        self.kinds[name] = Kind(name, *ids, **more)

    def _add(
        self,
        name: str,
        *,
        user: tuple[str, ...],
        operator: tuple[str, ...] = (),
        adds: tuple[str, ...] = (),
        parents: Mapping[str, str] | None = None,
        approved: tuple[str, ...] = (),
        schedule: str | None = None,
        repairs: bool = False,
        undo: int = 0,
        days: int | None = None,
    ) -> None:
        taken = {key: self.kinds[kind].definition_id for key, kind in (parents or {}).items()}
        inputs: JsonObject = {
            **{key: an_input(updateableByConsumer=True) for key in user},
            **{key: an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT") for key in operator},
            **{key: an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{id_}.out") for key, id_ in taken.items()},
        }
        refs = [{"uuid": str(id_), "kind": "meshBuildingBlockDefinition"} for id_ in taken.values()]
        content: dict[str, Any] = {"outputs": {"out": an_output()}, "dependencyDefinitionRefs": refs}
        about = policies(*approved)
        if schedule is not None:
            about["schedule"] = {"mode": schedule, "frequency": "DAILY", "automaticApproval": repairs}
        first = self.world.define(name.title(), about=about, inputs=inputs, **content)
        self._say_more(UUID(definition_of(first)), Lifetimes(undo_minutes=undo, maximum_days=days), schedule)
        versions = [UUID(uuid_of(first))]
        if adds:
            more: JsonObject = {**inputs, **{key: an_input(updateableByConsumer=True) for key in adds}}
            versions.append(UUID(uuid_of(self.world.next_version(first, inputs=more, **content))))
        self.kinds[name] = Kind(
            name,
            UUID(definition_of(first)),
            tuple(versions),
            user,
            operator,
            adds,
            parents=dict(parents or {}),
            approved=approved,
            schedule=schedule,
            repairs=repairs,
            undo=undo,
            days=days,
        )

    def _say_more(self, definition_id: UUID, lifetimes: Lifetimes, schedule: str | None) -> None:
        """Say how long blocks live, and what is no drift of theirs."""
        lives, drift = self.services.definitions.lifetimes, self.services.drift
        self.db.write_now(lambda tx: lives.put(tx, PLATFORM, DefinitionId(definition_id), lifetimes))
        ignored = [NoiseRule(attribute=NOISE)]
        if schedule is not None:
            self.db.write_now(
                lambda tx: drift.change_rules(tx, PLATFORM, definition_id, ignored=ignored, paused=False, reason=None)
            )


_DETECTS, _RECONCILES = "DRIFT_DETECTION", "DRIFT_RECONCILIATION"


@cache
def ground() -> Ground:
    """Return the ground of this process."""
    return Ground()
