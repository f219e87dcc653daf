"""`blockyard demo`: a Blockyard of its own, two sample definitions, and an order that is followed to its end.

Everything happens through the commands a person would type; each is printed before it runs. The demo's server, its data and
its sign-in live below one directory, so that nothing of the user's is touched.
"""

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import httpx2
from rich.console import Console
from rich.markup import escape

from blockyard.cli.exits import ExitCode, Failure
from blockyard.protocol.jsontypes import Json

PLATFORM_TEAM = "platform-team"
APPLICATION_TEAM = "shop"
START_SECONDS = 60
STOP_SECONDS = 60
GIT_REPOSITORY = "Git repository"
MANUAL_APPROVAL = "Manual approval"
_PORTS = range(8500, 8600)
_OF_EVERY_DEMO = frozenset({"blocks"})
"""What a demo makes first."""

_RECENT_ENGINE = "1.11.4"
_GIT = ("-c", "user.name=Blockyard", "-c", "user.email=demo@blockyard.invalid", "-c", "init.defaultBranch=main")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: where it is and how its commands reach it."""

    folder: Path
    url: str
    environment: Mapping[str, str]
    console: Console

    def run(self, *arguments: str) -> None:
        """Print a `blockyard` command, run it, show its output.

        Raises:
            Failure: the command failed.
        """
        self._show(*arguments)
        code = _follow([*_program(), *arguments], self.environment)
        if code:
            raise Failure("a command of the demo failed", exit_code=_exit_code(code))

    def ask(self, *arguments: str) -> Json:
        """Run a command silently and return its JSON. Raises Failure."""
        words = [*_program(), *arguments, "--output", "json"]
        command = subprocess.run(  # noqa: S603  our own program
            words, env=self.environment, check=False, capture_output=True, process_group=0
        )
        if command.returncode:
            sys.stderr.buffer.write(command.stderr)
            raise Failure(f"`blockyard {shlex.join(arguments)}` failed", exit_code=_exit_code(command.returncode))
        answer: Json = json.loads(command.stdout)
        return answer

    def title(self, sentence: str) -> None:
        """Say what comes next."""
        self.console.print(f"\n[bold]{escape(sentence)}[/bold]")

    def _show(self, *arguments: str) -> None:
        line = shlex.join(arguments)
        self.console.print(f"[dim]$[/dim] [cyan]blockyard {escape(line)}[/cyan]", soft_wrap=True)


def demo(folder: Path, *, port: int | None, leave: bool) -> None:
    """Run the demo below `folder`; with `leave` also update and destroy what was ordered, verify it, and end.

    Without a `port` it takes the usual one, or the next that is free. SIGTERM and SIGHUP end it as Ctrl-C does.

    Raises:
        Failure: a step did not end as it should.
    """
    console = Console()
    if shutil.which("git") is None:
        raise Failure("the demo needs git", remedy="Install git and start the demo again.")
    folder = folder.resolve()
    _prepare(folder)
    repository = _sample_repository(folder)
    with _ending_on_signals(), _server(folder, _port(port, console), console) as (server, url, announcement):
        running = Demo(folder, url, _client_environment(folder, url), console)
        block = _order_everything(running, repository)
        if leave:
            _update_and_destroy(running, block)
            return
        _point_around(running, announcement, block)
        _wait_for_end(server, folder)


def _prepare(folder: Path) -> None:
    """Make the demo's folder; one that holds something else is left alone. Raises Failure."""
    remedy = "Choose another --data-dir."
    if folder.exists() and not folder.is_dir():
        raise Failure(f"{folder} is a file, not a directory", remedy=remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise Failure(f"{folder} cannot be used: {error.strerror}", remedy=remedy) from error
    if present and not present >= _OF_EVERY_DEMO:
        raise Failure(f"{folder} holds files that are not a demo's", remedy=remedy)


def _order_everything(demo: Demo, repository: Path) -> str:
    demo.title("The platform team publishes two definitions")
    for workspace in (PLATFORM_TEAM, APPLICATION_TEAM):
        builder = ["--builder"] if workspace == PLATFORM_TEAM else []
        if not _exists(demo, workspace):
            demo.run("workspaces", "create", workspace, *builder)
        elif builder:
            demo.run("workspaces", "update", workspace, *builder)
    known = _definitions(demo)
    with as_file(files("blockyard.cli.samples")) as samples:
        if GIT_REPOSITORY not in known:
            demo.run(
                "definitions", "import", str(repository), "--path", "git-repository", "--workspace", PLATFORM_TEAM,
                "--file", str(samples / "git-repository.toml"), "--engine-version", _engine_version(), "--release",
            )  # fmt: skip
        if MANUAL_APPROVAL not in known:
            demo.run(
                "definitions", "import", "--manual", "--workspace", PLATFORM_TEAM,
                "--file", str(samples / "manual-approval.toml"), "--release",
            )  # fmt: skip
    if known >= {GIT_REPOSITORY, MANUAL_APPROVAL}:
        demo.console.print("Both are there from the last demo.")

    demo.title("The application team orders a repository, and gets it")
    name = f"orders-{secrets.token_hex(3)}"
    token = demo.folder / "deploy-token.txt"  # a secret on the command line is seen by every user of the machine
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(12) + "\n")
    demo.run(
        "blocks", "order", GIT_REPOSITORY, "--workspace", APPLICATION_TEAM, "--name", name,
        "-i", f"name={name}", "-f", f"deploy_token={token}",
    )  # fmt: skip
    block = _newest_block(demo, name)
    path = _output(demo, block, "path")
    if not (Path(path) / "HEAD").is_file():
        raise Failure(f"the repository {path} was not made")
    demo.console.print(f"[green]✓[/green] there is a bare repository at {escape(path)}", soft_wrap=True)

    demo.title("It also asks for an approval, which waits for the platform team")
    approval = f"approval for {name}"
    demo.run(
        "blocks", "order", MANUAL_APPROVAL, "--workspace", APPLICATION_TEAM, "--name", approval,
        "-i", f"reason=a repository for {name}", "--no-wait",
    )  # fmt: skip
    waiting = _newest_block(demo, approval)
    demo.run("blocks", "update", waiting, "-i", "decision=approved")
    demo.run("blocks", "outputs", waiting)
    return block


def _update_and_destroy(demo: Demo, block: str) -> None:
    path = Path(_output(demo, block, "path"))
    demo.title("The application team changes its order")
    demo.run("blocks", "update", block, "-i", "description=Changed by the demo")
    described = (path / "description").read_text().strip()
    if described != "Changed by the demo":
        raise Failure(f"the change did not arrive: the description is '{described}'")
    demo.console.print("[green]✓[/green] the description of the repository has changed", soft_wrap=True)
    demo.title("and returns it")
    demo.run("blocks", "delete", block, "--yes")
    if path.exists():
        raise Failure(f"the repository {path} is still there")
    demo.console.print(f"[green]✓[/green] {escape(str(path))} is gone", soft_wrap=True)
    demo.title("The demo went through.")


def _point_around(demo: Demo, announcement: str, block: str) -> None:
    prefix = f"XDG_CONFIG_HOME={shlex.quote(str(demo.folder / 'config'))} "
    demo.title(f"Look around at {demo.url}")
    demo.console.print(escape(announcement), soft_wrap=True)
    demo.console.print("\nIn another terminal:")
    for words in (
        ("blocks", "list"),
        ("blocks", "show", block),
        ("blocks", "update", block, "-i", "description=Changed by me"),
        ("blocks", "delete", block),
    ):
        command = shlex.join([*_shown_program(), *words])
        demo.console.print(f"  [cyan]{escape(prefix + command)}[/cyan]", soft_wrap=True)
    demo.console.print(
        "\nCtrl-C ends the demo; its blocks stay, and the next `blockyard demo` in this directory finds them again.",
        soft_wrap=True,
    )


def _exists(demo: Demo, workspace: str) -> bool:
    command = [*_program(), "workspaces", "show", workspace, "--output", "json"]
    found = subprocess.run(  # noqa: S603  our own program
        command, env=demo.environment, check=False, capture_output=True, process_group=0
    )
    return found.returncode == 0


def _definitions(demo: Demo) -> set[str]:
    listed = demo.ask("definitions", "list", "--workspace", PLATFORM_TEAM)
    return {str(_member(item, "spec", "displayName")) for item in (listed if isinstance(listed, list) else [])}


def _member(document: Json, *path: str) -> Json:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _newest_block(demo: Demo, name: str) -> str:
    return _first_id(demo.ask("blocks", "list", "--workspace", APPLICATION_TEAM, "--name", name), name)


def _first_id(listed: Json, name: str) -> str:
    items = listed if isinstance(listed, list) else []
    for item in items:  # the newest first
        if _member(item, "spec", "displayName") == name:
            return str(_member(item, "metadata", "uuid"))
    raise Failure(f"the demo does not find '{name}'")


def _output(demo: Demo, block: str, name: str) -> str:
    answer = demo.ask("blocks", "outputs", block, name)
    return str(answer)


def _sample_repository(folder: Path) -> Path:
    """Return a git repository with the sample modules, made or brought up to date."""
    repository = folder / "blocks"
    repository.mkdir(exist_ok=True)
    with as_file(files("blockyard.cli.samples")) as samples:
        shutil.copytree(samples / "git-repository", repository / "git-repository", dirs_exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    changed = ["commit", "--quiet", "--allow-empty", "-m", "Sample definitions"]
    for arguments in (["init", "--quiet"], ["add", "--all"], changed):
        subprocess.run(  # noqa: S603  git, with our own arguments
            ["git", *_GIT, *arguments],  # noqa: S607  found on PATH as on every machine with git
            cwd=repository,
            env=environment,
            check=True,
        )
    return repository


def _engine_version() -> str:
    """Return the version of the engine on PATH, so that the demo needs no download; a recent one if there is none."""
    for name in ("tofu", "terraform"):
        program = shutil.which(name)
        if program is None:
            continue
        answer = subprocess.run(  # noqa: S603  the engine itself
            [program, "version", "-json"], capture_output=True, check=False, env={"PATH": os.environ.get("PATH", "")}
        )
        if answer.returncode == 0:
            return str(json.loads(answer.stdout)["terraform_version"])
    return _RECENT_ENGINE


def _exit_code(returncode: int) -> ExitCode:
    return ExitCode(returncode) if returncode in {*ExitCode} else ExitCode.REFUSED


def _program() -> list[str]:
    return [sys.executable, "-m", "blockyard"]


def _shown_program() -> list[str]:
    beside = Path(sys.executable).parent / "blockyard"
    return [str(beside)] if beside.exists() else _program()


def _client_environment(folder: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BLOCKYARD_")}
    root = folder / "repositories"
    root.mkdir(exist_ok=True)
    environment = {**kept, "XDG_CONFIG_HOME": str(folder / "config"), "DEMO_REPOSITORIES": str(root)}
    login = [
        *_program(),
        "login",
        "--url",
        url,
        "--key-file",
        str(folder / "data" / "admin-key.json"),
        "--output",
        "json",
    ]
    answer = subprocess.run(  # noqa: S603  our own program
        login, env=environment, check=False, capture_output=True, process_group=0
    )
    if answer.returncode:
        sys.stderr.buffer.write(answer.stderr)
        raise Failure("the demo cannot sign in")
    return environment


def _follow(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command in front of the user and return its exit code; Ctrl-C is for the demo, which passes it on when it can."""
    process = subprocess.Popen(command, env=environment, process_group=0)  # noqa: S603  our own program
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        raise
    finally:
        process.kill()


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the demo as Ctrl-C does, unless they are ignored, as SIGHUP is below `nohup`."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _port(wanted: int | None, console: Console) -> int:
    """Return the port to listen on: the wanted one, else the first that is free."""
    if wanted is not None:
        return wanted
    free = next((port for port in _PORTS if _is_free(port)), 0)
    if free != _PORTS.start:
        console.print(f"Port {_PORTS.start} is used by another program; the demo takes another one.")
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _server(folder: Path, port: int, console: Console) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Start `blockyard up`, wait until it is ready, give it, its URL and what it announced; stop it at the end."""
    data, log = folder / "data", folder / "server.log"
    console.print(f"Starting Blockyard (its log is {escape(str(log))}) …", soft_wrap=True)
    written = log.stat().st_size if log.exists() else 0
    with log.open("ab") as errors:
        words = [*_program(), "up", "--data-dir", str(data), "--port", str(port), "--parent", str(os.getpid())]
        process = subprocess.Popen(  # noqa: S603  our own program
            words, stdout=subprocess.PIPE, stderr=errors, start_new_session=True, text=True
        )
    try:
        url, announcement = _announced(process, log, written)
        yield process, url, announcement
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _announced(process: subprocess.Popen[str], log: Path, written: int) -> tuple[str, str]:
    lines: list[str] = []
    done = threading.Thread(target=_collect, args=(process, lines), daemon=True)
    done.start()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        url = next((line.split()[-1] for line in lines if line.startswith("Blockyard is at ")), None)
        if url and _is_ready(url):
            return url, "\n".join(lines[1:])
        time.sleep(0.05)
    with log.open("rb") as file:
        file.seek(written)
        said = file.read().decode(errors="replace").strip().splitlines()
    cause = said[-1].removeprefix("blockyard: ") if said else "it said nothing"
    raise Failure(f"the server did not start: {cause}", remedy=f"{log} has its whole log.")


def _collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    lines.extend(line.rstrip("\n") for line in process.stdout or ())


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=5).is_success
    except httpx2.TransportError:
        return False


def _wait_for_end(server: subprocess.Popen[str], folder: Path) -> None:
    """Wait for Ctrl-C. Raises Failure when the server ends by itself."""
    try:
        server.wait()
    except KeyboardInterrupt:
        return
    raise Failure("the server has ended", remedy=f"{folder / 'server.log'} says why.")
