# pathlib would double the time this program takes to start:
# ruff: noqa: PTH104, PTH118, PTH123
"""Starts one command, survives the runner and writes down how the command ended.

A program of its own, started with `python -I -S` in a new session; nothing but the standard library. Its only argument
is a directory: `command.json` says what to start, `claim` is created so that no second supervisor starts it again,
standard output and error go to the file `output`, `started` names supervisor and command, each by pid and start time,
and `exit` holds the exit code. It adopts every process the command leaves behind and lives as long as they do, so that
the runner finds and ends them.
"""

import ctypes
import json
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36
EXIT_CANNOT_START = 127
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFAULT_FOR_COMMAND = (*_IGNORED, signal.SIGPIPE, signal.SIGXFSZ)


def supervise(folder: str) -> None:
    """Start the command of `folder` unless another supervisor has, and wait until it and all it left are gone."""
    if not _claim(folder):
        return
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with open(os.path.join(folder, "command.json"), encoding="utf-8") as file:
        command = json.load(file)
    output = os.open(os.path.join(folder, "output"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        pid = _start(folder, command, output)
    except OSError as error:
        os.write(output, f"cannot start {command['argv'][0]}: {error.strerror}\n".encode())
        _write(folder, "exit", str(EXIT_CANNOT_START))
        return
    _write(folder, "started", f"{os.getpid()} {start_time(os.getpid())} {pid} {start_time(pid)}")
    _reap(folder, pid)


def _claim(folder: str) -> bool:
    try:
        os.close(os.open(os.path.join(folder, "claim"), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def _start(folder: str, command: dict[str, object], output: int) -> int:
    argv = [str(argument) for argument in command["argv"]]  # type: ignore[attr-defined]  # a list, by command.json
    stdin = os.open(os.path.join(folder, "stdin") if command["stdin"] else os.devnull, os.O_RDONLY)
    os.chdir(str(command["cwd"]))
    if not command["keep_locale"]:
        os.environ.pop("LC_CTYPE", None)  # Python itself sets it where no locale is given
    files = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    return os.posix_spawnp(
        argv[0], argv, os.environ, file_actions=files, setpgroup=0, setsigmask=(), setsigdef=_DEFAULT_FOR_COMMAND
    )


def _reap(folder: str, command_pid: int) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        if pid == command_pid:
            _write(folder, "exit", str(os.waitstatus_to_exitcode(status)))


def start_time(pid: int) -> int:
    """Return when a living process started, in ticks since boot; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == b"Z" else int(fields[19])


def _write(folder: str, name: str, text: str) -> None:
    path = os.path.join(folder, name)
    descriptor = os.open(path + ".draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    os.rename(path + ".draft", path)


if __name__ == "__main__":
    supervise(sys.argv[1])
