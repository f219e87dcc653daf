"""What must hold after a run, whatever was killed in it."""

import json
import time
import uuid
from collections import Counter
from pathlib import Path

import httpx2

from blockyard.protocol.jsontypes import JsonObject
from chaos.module import EXTRA, RESOURCES, Site
from chaos.processes import is_alive, of_runs_below, words_of
from chaos.stack import Stack
from tests.support.installation import outputs, status, text_of

_PATIENCE_SECONDS = 5.0
_KEYS = frozenset({"master.key", "admin-key.json", "runner-api-key.json", "runner-key.pem"})


class Finding(Exception):
    """Something is not as it must be."""


def check_applied(
    stack: Stack, block: JsonObject, site: Site, *, limit: int, extra: bool, makes: bool = True
) -> tuple[list[str], list[str]]:
    """Return what is wrong with an applied block, and which creations were repeated.

    `makes` tells whether its latest run had something to make.
    """
    findings = []
    if status(block) != "SUCCEEDED":
        findings.append(f"the block is {status(block)}")
    names = (*RESOURCES, EXTRA) if extra else RESOURCES
    given = outputs(block)
    if given.get("count") != len(names):
        findings.append(f"the outputs are {given}")
    state = current_state(stack, block)
    if state is None:
        return [*findings, "there is no state"], []
    findings += _check_resources(state, names, str(given.get("ids", "")))
    counts = site.counts()
    for name in names:
        made = counts[f"create {name}"]
        if not 1 <= made <= limit:
            findings.append(f"{name} was created {made} times, {limit} at most")
    if limit == 1 and makes:
        findings += _check_log(stack, block, [f"done create {names[-1]}"])
    findings += check_lock(stack, block)
    return findings, _repeated(counts, [f"create {name}" for name in names])


def check_destroyed(
    stack: Stack, block: JsonObject, site: Site, *, limit: int, made: int = 1
) -> tuple[list[str], list[str]]:
    """Return what is wrong with a destroyed block, and which destructions were repeated."""
    findings = []
    lifecycle = text_of(block, "status", "lifecycle", "state")
    if lifecycle != "DELETED":
        findings.append(f"the block is {lifecycle}, its run {status(block)}")
    state = current_state(stack, block)
    if state is not None and state["resources"]:
        findings.append("the state still names resources")
    counts = site.counts()
    for name in RESOURCES:
        if not 1 <= counts[f"create {name}"] <= made:
            findings.append(f"{name} was created {counts[f'create {name}']} times")
        gone = counts[f"destroy {name}"]
        if not 1 <= gone <= limit:
            findings.append(f"{name} was destroyed {gone} times, {limit} at most")
    findings += check_lock(stack, block)
    return findings, _repeated(counts, [f"destroy {name}" for name in RESOURCES])


def _repeated(counts: Counter[str], acts: list[str]) -> list[str]:
    """Return each act as often as it was done too often."""
    return [act for act in acts for _ in range(counts[act] - 1)]


def check_nothing_runs(stack: Stack) -> list[str]:
    """Return which processes and files of runs are left."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and of_runs_below(stack.work_dir):
        time.sleep(0.05)
    findings = [f"process left: {words_of(pid)}" for pid in of_runs_below(stack.work_dir)]
    findings += [f"killed, but alive: {words_of(pid)}" for pid in stack.killed_processes if is_alive(pid)]
    for name in ("runs", "spool"):
        folder = stack.work_dir / name
        left = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        if left:
            findings.append(f"left in {name}: {', '.join(left)}")
    return findings


def check_disk(stack: Stack, secrets: set[str]) -> list[str]:
    """Return in which files secrets stand in clear."""
    folders = [stack.data, stack.work_dir]
    findings = []
    needles = [text.encode() for text in secrets]
    for path in [*_files(folders), stack.folder / "data.log", stack.folder / "runner.log"]:
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if any(needle in content for needle in needles):
            findings.append(f"a secret stands in {path.relative_to(stack.folder)}")
    return findings


def _files(folders: list[Path]) -> list[Path]:
    found = []
    for folder in folders:
        found += [path for path in folder.rglob("*") if path.is_file() and path.name not in _KEYS]
    return found


def current_state(stack: Stack, block: JsonObject) -> JsonObject | None:
    """Return the newest state of a block, if there is one."""
    response = stack.blockyard.client.get(_state_path(block))
    if response.status_code == httpx2.codes.NOT_FOUND:
        return None
    if not response.is_success:
        raise Finding(f"the state cannot be read: {response.status_code} {response.text[:300]}")
    state: JsonObject = json.loads(response.content)
    return state


def _check_resources(state: JsonObject, names: tuple[str, ...], ids: str) -> list[str]:
    found: dict[str, str] = {}
    findings = []
    resources = state["resources"]
    assert isinstance(resources, list)
    for resource in resources:
        assert isinstance(resource, dict)
        instances = resource["instances"]
        assert isinstance(instances, list)
        if len(instances) != 1:
            findings.append(f"{resource['name']} has {len(instances)} instances")
            continue
        instance = instances[0]
        assert isinstance(instance, dict)
        if instance.get("status") == "tainted":
            findings.append(f"{resource['name']} is tainted")
        attributes = instance["attributes"]
        assert isinstance(attributes, dict)
        found[str(resource["name"])] = str(attributes["id"])
    if set(found) != {*names, "vault"}:
        findings.append(f"the state has {sorted(found)}")
    elif " ".join(found[name] for name in RESOURCES) != ids:
        findings.append("the ids in the state are not those of the outputs")
    return findings


def _check_log(stack: Stack, block: JsonObject, lines: list[str]) -> list[str]:
    """Return which lines the log of the latest run does not have exactly once."""
    text = stack.blockyard.logs(block)
    return [f"'{line}' is {text.count(line)} times in the log" for line in lines if text.count(line) != 1]


def check_lock(stack: Stack, block: JsonObject) -> list[str]:
    """Take the lock and give it back."""
    info = {"ID": str(uuid.uuid4()), "Operation": "chaos", "Who": "chaos", "Version": "", "Created": "", "Path": ""}
    path = _state_path(block)
    answer = stack.blockyard.client.request("LOCK", path, json=info)
    if answer.status_code == httpx2.codes.NOT_FOUND:
        return []
    if not answer.is_success:
        return [f"the state is locked: {answer.status_code} {answer.text[:200]}"]
    stack.blockyard.client.request("UNLOCK", path, json=info)
    return []


def _state_path(block: JsonObject) -> str:
    workspace = text_of(block, "spec", "targetRef", "name")
    return f"/api/terraform/state/workspace/{workspace}/buildingBlock/{text_of(block, 'metadata', 'uuid')}"
