"""The first two stages of a run: module, engine and environment; then files and variables."""

import json
import shutil
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockyard.modules.literals import Literal
from blockyard.modules.module import Module, read_folder
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import Behavior, RunInput
from blockyard.runner.executors.opentofu import environment, variables
from blockyard.runner.executors.opentofu.backend import is_backend_file
from blockyard.runner.executors.opentofu.engine import Engine, Engines
from blockyard.runner.executors.opentofu.files import write_files, write_private
from blockyard.runner.executors.opentofu.git import Git, git_environment
from blockyard.runner.executors.opentofu.inputs import Opener, PlainInput, secret_parts, secrets, sensitive_keys, unique
from blockyard.runner.executors.opentofu.sources import Repository, fetch, parse_repository
from blockyard.runner.executors.opentofu.ssh import SshAccess, prepare_ssh
from blockyard.runner.executors.opentofu.version import EngineVersion, Product
from blockyard.runner.executors.opentofu.work import Work

_SOURCES = "opentofu.sources"
_INPUTS = "opentofu.inputs"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first stage leaves to the others."""

    engine: Engine
    environment: Mapping[str, str] = field(repr=False)
    """What every process of the run sees."""
    opened: tuple[PlainInput, ...] = field(repr=False)
    """Environment inputs, in clear."""


def prepare_sources(work: Work, engines: Engines, own: Mapping[str, str]) -> Prepared:
    """Bring module and engine; open environment inputs. Raises StepFailed, Stopped."""
    settings = work.context.settings
    opened = open_inputs(work, (given for given in _inputs(work) if given.is_environment))
    base = environment.base_environment(own, settings.pass_environment, work.run_dir)
    from_inputs = environment.input_environment(opened)
    repository = parse_repository(work.implementation.repository_url, allow_file=settings.allow_file_repositories)
    if repository.credentials is not None:
        user, password = repository.credentials
        work.reporter.add_secrets([password, b64encode(f"{user}:{password}".encode()).decode()])
    if not work.is_done(_SOURCES):
        _empty(work.run_dir)
    ssh = _ssh(work, own)
    if ssh is not None:
        base["GIT_SSH_COMMAND"] = ssh.command
    if work.is_done(_SOURCES):
        engine = _noted_engine(work, engines)
    else:
        _fetch(work, repository, ssh, base)
        work.check_stopped()
        engine = engines.find(work.implementation.terraform_version, must_stop=work.must_stop, say=work.say)
        work.say(f"Engine: {engine.version}")
        if engine.warning:
            work.say(engine.warning)
        note: JsonObject = {
            "path": str(engine.path),
            "product": engine.version.product.value,
            "version": engine.version.version,
            "programs": str(engine.programs),
        }
        work.done(_SOURCES, note)
    return Prepared(engine, {**base, **from_inputs}, tuple(opened))


def prepare_inputs(work: Work, prepared: Prepared) -> Module:
    """Write FILE inputs, then variables; return what the module declares. Raises StepFailed."""
    opened = [*prepared.opened, *open_inputs(work, (given for given in _inputs(work) if not given.is_environment))]
    if work.is_done(_INPUTS):
        return _read_module(work, prepared)
    write_files(work.run_dir, opened, work.say)
    module = _read_module(work, prepared)
    for warning in module.warnings:
        work.say(f"Warning: {warning}. Its variables count as having no type.")
    found = variables.from_inputs(opened, module)
    for warning in found.warnings:
        work.say(warning)
    values = {**found.values, **_own_values(work)}
    text = variables.Variables(values).file_text()
    write_private(work.run_dir / variables.VARIABLE_FILE, text.encode())
    declared = variables.declarations(module.variables)
    declaration_file = work.run_dir / variables.DECLARATION_FILE
    if declared is not None and not declaration_file.exists():
        declaration_file.write_text(declared)
    work.done(_INPUTS)
    return module


def open_inputs(work: Work, inputs: Iterable[RunInput]) -> list[PlainInput]:
    """Return inputs in clear, their secrets masked from now on. Raises StepFailed."""
    opener = _opener(work)
    sensitive = sensitive_keys(work.context.raw_document)
    opened = [opener.open(given, is_sensitive=given.key in sensitive) for given in inputs]
    work.reporter.add_secrets(text for plain in opened for text in secrets(plain))
    return opened


def open_all_inputs(work: Work) -> list[PlainInput]:
    """Return all inputs in clear. Raises StepFailed."""
    return open_inputs(work, _inputs(work))


def _read_module(work: Work, prepared: Prepared) -> Module:
    """Return the module as its author wrote it, without what this runner or an earlier process put beside it."""
    is_opentofu = prepared.engine.version.product is Product.OPENTOFU
    return read_folder(work.run_dir, opentofu=is_opentofu, leave_out=is_backend_file)


def _opener(work: Work) -> Opener:
    return Opener(work.context.private_key, in_clear=work.context.settings.run_json_file is not None)


def _inputs(work: Work) -> list[RunInput]:
    return unique(work.block.spec.inputs)


def _empty(folder: Path) -> None:
    """Remove what an interrupted attempt to fetch left."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _ssh(work: Work, own: Mapping[str, str]) -> SshAccess | None:
    sealed = work.implementation.ssh_private_key
    if not sealed:
        return None
    key = _opener(work).open_text(sealed, "the SSH private key")
    work.reporter.add_secrets(secret_parts(key))
    settings = work.context.settings
    return prepare_ssh(
        work.run_dir,
        key,
        work.implementation.known_host,
        own=own,
        known_hosts_file=settings.known_hosts_file,
        insecure=settings.insecure_host_keys,
    )


def _fetch(work: Work, repository: Repository, ssh: SshAccess | None, base: Mapping[str, str]) -> None:
    inherited = {name: value for name, value in base.items() if name not in {"GIT_SSH_COMMAND", "PWD"}}
    command = ssh.command if ssh is not None else "ssh -F /dev/null -o BatchMode=yes -o IdentityFile=/dev/null"
    git = Git(
        git_environment(inherited, protocols=repository.protocol, home=work.run_dir, ssh_command=command),
        stop=work.reporter.aborted,
        deadline=work.context.deadline,
    )
    implementation = work.implementation
    fetch(repository, implementation.ref_name, implementation.repository_path, work.run_dir, git, work.say, ssh)


def _noted_engine(work: Work, engines: Engines) -> Engine:
    note = work.context.journal.get(_SOURCES)
    if isinstance(note, dict):
        product, version = Product(str(note["product"])), str(note["version"])
        return Engine(Path(str(note["path"])), EngineVersion(product, version), Path(str(note["programs"])))
    return engines.find(work.implementation.terraform_version, must_stop=work.must_stop, say=work.say)


def _own_values(work: Work) -> Mapping[str, Literal]:
    """Return the variables of every run. A saved plan refuses other values than it was made with."""
    if work.behavior is Behavior.DETECT or work.plan_link is not None:
        return variables.own_values(work.block.uuid, None, None)
    text = json.dumps(work.context.raw_document, separators=(",", ":"), ensure_ascii=False)
    run_json = b64encode(text.encode("utf-8", "replace")).decode()
    return variables.own_values(work.block.uuid, work.run_id, run_json)
