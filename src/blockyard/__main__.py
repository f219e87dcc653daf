"""The one command, `blockyard`.

The only module that imports inside its functions: the client and a runner-only installation start fast and need nothing
of the server.
"""

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, Never

import typer

from blockyard.diagnosis import finding
from blockyard.protocol.names import RUNNER_TYPES

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where everything is kept; left out, BLOCKYARD_DATA_DIR, else ~/.local/share/blockyard."
    ),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 = any free one.")]

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="File whose first line encrypts the archive."),
]

EXIT_UNUSABLE = 2
"""Settings, files or the database cannot be used as they are."""


class Incomplete(Exception):
    """The libraries of a command are not installed, as on machines that only run blocks."""

    def __init__(self, command: str) -> None:
        hint = "; `blockyard doctor --runner` examines a runner" if command == "doctor" else ""
        super().__init__(
            f"`blockyard {command}` needs the whole installation: "
            f"`pip install --require-hashes --no-deps -r requirements/runtime.txt` (docs/operating.md, Installation){hint}"
        )


def main() -> None:
    """Run the command."""
    words = sys.argv[1:]
    absent = {name for name, library in _NEEDED.items() if importlib.util.find_spec(library) is None}
    if words and words[0] in absent:
        _fail(Incomplete(words[0]))
    if words and words[0] in _SERVERS:
        from blockyard.cli.usage_errors import Commands

        app = typer.Typer(
            cls=Commands,
            add_completion=False,
            no_args_is_help=True,
            pretty_exceptions_enable=False,
            rich_markup_mode="rich" if sys.stdout.isatty() else None,
            context_settings={"help_option_names": ["-h", "--help"]},
        )
    else:
        with _importing():
            from blockyard.cli.app import build

        app = build()
    for name, command in _SERVERS.items():
        app.command(name, rich_help_panel="Servers", hidden=name in _HIDDEN | absent)(command)
    app()


def up(
    *,
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    new_runner_key: Annotated[
        bool,
        typer.Option(
            "--new-runner-key",
            help="Accept another key of the shared runner; all secret inputs are entered again then.",
        ),
    ] = False,
    parent: Annotated[int, typer.Option(hidden=True, help="End when the process of this id has ended.")] = 0,
) -> None:
    """Start server, runner and SQLite on this machine."""
    with _importing():
        from blockyard.server.app import data_dir as directory
        from blockyard.server.app import keys, settings
        from blockyard.server.app import up as command

    overrides = {"data_dir": _text(data_dir), "host": host, "port": port}
    environment = settings.environment()
    umask = _make_private_files()
    try:
        loaded = settings.load_settings({"BLOCKYARD_ALLOW_FILE_REPOSITORIES": "true"} | dict(environment), overrides)
        command.up(loaded, environment, runs_umask=umask, parent=parent, new_runner_key=new_runner_key)
    except (settings.SettingsError, keys.KeyFileError, directory.DataDirError, OSError) as error:
        _fail(error)


def demo(
    *,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where the demo keeps everything.")] = Path(".demo"),
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            help="Port to listen on; 0 = any free one. [default: 8500, or the next free one]",
        ),
    ] = None,
    leave: Annotated[bool, typer.Option("--exit", help="Also update and destroy, verify, and end.")] = False,
) -> None:
    """Start a Blockyard with samples, and follow an order."""
    from blockyard.cli import demo as command
    from blockyard.cli import exits, output

    try:
        command.demo(data_dir, port=port, leave=leave)
    except exits.Failure as failure:
        output.Printer(output.Format.TABLE).fail(failure)
        raise SystemExit(failure.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(exits.ExitCode.INTERRUPTED) from None


def serve(host: Host = None, port: Port = None) -> None:
    """Start one replica of the server on PostgreSQL."""
    with _importing():
        from blockyard.server.app import keys, settings
        from blockyard.server.app import migrate as migrations
        from blockyard.server.app import serve as command

    _make_private_files()
    try:
        command.serve(settings.load_settings(settings.environment(), {"host": host, "port": port}))
    except (settings.SettingsError, keys.KeyFileError, migrations.SchemaError, OSError) as error:
        _fail(error)


def runner(
    *,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", min=1, max=256, help="Runs executed at the same time.")
    ] = None,
    slots: Annotated[
        str | None,
        typer.Option(
            "--slots",
            metavar="TYPE=NUMBER,…",
            help=(
                "Runs of single types at the same time, such as GITHUB_WORKFLOW=200; all others share --concurrency. "
                f"The types: {', '.join(RUNNER_TYPES.values())}."
            ),
        ),
    ] = None,
    parent: Annotated[int, typer.Option(hidden=True, help="End when the process of this id has ended.")] = 0,
) -> None:
    """Start a runner, which executes the runs of a server."""
    with _importing():
        from blockyard.runner import configuration, settings
        from blockyard.runner import main as command

    options = {"CONCURRENCY": concurrency, "SLOTS": slots}
    chosen = {f"{settings.PREFIX}{name}": str(value) for name, value in options.items() if value is not None}
    try:
        loaded = configuration.load_configuration({**os.environ, **chosen})
    except settings.SettingsError as error:
        message = str(error)
        for name in chosen:  # whoever gave an option may not know its variable
            message = message.replace(name, f"--{name.removeprefix(settings.PREFIX).lower()}")
        _fail(settings.SettingsError(message))
    raise SystemExit(command.run(loaded.runner, loaded.executors(), parent=parent))


def migrate(
    *,
    data_dir: DataDir = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if code and migrations disagree.")
    ] = False,
    message: Annotated[str, typer.Option("--new", hidden=True, help="Write a new migration.")] = "",
) -> None:
    """Bring the database to this version's tables."""
    from blockyard.server.app import data_dir as directory
    from blockyard.server.app import maintenance, settings

    _make_private_files()
    try:
        loaded = settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)})
        raise SystemExit(maintenance.migrate(loaded, check=check, message=message))
    except (settings.SettingsError, directory.DataDirError, OSError) as error:
        _fail(error)


def admin_password(data_dir: DataDir = None) -> None:
    """Give the local administrator a new password.

    It is printed. The server's database and master key are needed.
    """
    from blockyard.server.app import keys, maintenance, migrate, settings

    try:
        maintenance.reset_admin_password(settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)}))
    except (settings.SettingsError, keys.KeyFileError, migrate.SchemaError, OSError) as error:
        _fail(error)


def sign_in_link(data_dir: DataDir = None) -> None:
    """Print a link that signs an administrator in once.

    The server's database and master key are needed.
    """
    from blockyard.server.app import keys, maintenance, migrate, settings

    try:
        maintenance.print_sign_in_link(settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)}))
    except (settings.SettingsError, keys.KeyFileError, migrate.SchemaError, OSError) as error:
        _fail(error)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write.")],
    *,
    data_dir: DataDir = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Back up database and keys while everything runs."""
    from blockyard.server.app import keys, migrate, settings
    from blockyard.server.app.backup import commands, errors

    _make_private_files()
    try:
        loaded = settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)})
        commands.backup(loaded, file, passphrase_file)
    except (settings.SettingsError, keys.KeyFileError, migrate.SchemaError, errors.BackupError, OSError) as error:
        _fail(error)


def restore(
    file: Annotated[Path, typer.Argument(help="The archive to read.")],
    *,
    data_dir: DataDir = None,
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Make an installation from an archive.

    The data directory, or the database, must be empty.
    """
    from blockyard.server.app import data_dir as directory
    from blockyard.server.app import keys, settings
    from blockyard.server.app.backup import commands, errors

    _make_private_files()
    try:
        loaded = settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)})
        commands.restore(loaded, file, passphrase_file, force=force)
    except (
        settings.SettingsError,
        keys.KeyFileError,
        directory.DataDirError,
        errors.BackupError,
        OSError,
    ) as error:
        _fail(error)


def doctor(
    *,
    data_dir: DataDir = None,
    of_runner: Annotated[
        bool, typer.Option("--runner", help="Examine a runner, from its own settings, instead of a server.")
    ] = False,
    output: Annotated[
        Literal["table", "json"], typer.Option("--output", "-o", help="Lines for people, or JSON for programs.")
    ] = "table",
) -> None:
    """Say what is wrong here, and what to do about it.

    It ends with 1 if something keeps the installation from working.
    """
    findings = _examine_runner() if of_runner else _examine_server(data_dir)
    sys.stdout.write(finding.as_json(findings) if output == "json" else finding.as_lines(findings))
    raise SystemExit(1 if finding.worst(findings) is finding.Outcome.FAILED else 0)


def _examine_server(data_dir: Path | None) -> list[finding.Finding]:
    if importlib.util.find_spec(_OF_SERVERS) is None:
        _fail(Incomplete("doctor"))
    with _importing():
        from blockyard.runner import configuration
        from blockyard.runner import doctor as runner_doctor
        from blockyard.runner import settings as runner_settings
        from blockyard.server.app import doctor as server_doctor
        from blockyard.server.app import settings

    try:
        loaded = settings.load_settings(settings.environment(), {"data_dir": _text(data_dir)})
        findings = server_doctor.examine(loaded)
        environment = server_doctor.embedded_runner_environment(loaded, settings.environment())
        if environment is not None:
            embedded = configuration.load_configuration(environment)
            findings += runner_doctor.examine_programs(embedded)
            findings.append(
                runner_doctor.compare_time(embedded.runner.run_timeout_minutes, loaded.attempt_ceiling_minutes)
            )
    except (settings.SettingsError, runner_settings.SettingsError) as error:
        return [finding.failed("settings", str(error), "correct them; docs/operating.md has the list")]
    return findings


def _examine_runner() -> list[finding.Finding]:
    from blockyard.runner import configuration, settings
    from blockyard.runner import doctor as runner_doctor

    try:
        return runner_doctor.examine(configuration.load_configuration(os.environ))
    except settings.SettingsError as error:
        return [finding.failed("settings", str(error), "correct them; docs/operating.md has the list")]


def openapi() -> None:
    """Print the OpenAPI document."""
    from blockyard.server.app import maintenance

    sys.stdout.write(maintenance.openapi_document())


@contextmanager
def _importing() -> Iterator[None]:
    """Look for no garbage among modules, now or later: they stay, and the search takes a fifth of the start of a server."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _make_private_files() -> int:
    """Let only this user read what the process makes from now on; return what was allowed before."""
    return os.umask(0o077)


def _fail(error: Exception) -> Never:
    sys.stderr.write(f"blockyard: {error}\n")
    raise SystemExit(EXIT_UNUSABLE)


_SERVERS: Mapping[str, Callable[..., None]] = {
    "up": up,
    "demo": demo,
    "serve": serve,
    "runner": runner,
    "migrate": migrate,
    "admin-password": admin_password,
    "sign-in-link": sign_in_link,
    "backup": backup,
    "restore": restore,
    "doctor": doctor,
    "openapi": openapi,
}
_HIDDEN = frozenset({"openapi"})
_OF_SERVERS = "sqlalchemy"
_NEEDED: Mapping[str, str] = {name: _OF_SERVERS for name in _SERVERS if name not in {"runner", "doctor"}} | {
    "runner": "prometheus_client"
}
"""A library that only an installation with this command has."""


if __name__ == "__main__":
    main()
