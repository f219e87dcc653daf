"""Starts commands, survives the runner and writes down how each command ended.

A program of its own, started once with `python -I -S` in a new session; nothing but the standard library. Each message on
the socket that is its standard input brings a file; for each it forks a supervisor (a fork costs a tenth of a new
interpreter), in a session of its own, which reads its order from that file, one line of JSON. At the end of the socket
(the runner is gone) it ends; its supervisors stay.

An order names a directory: `claim` is created there so that no second supervisor starts the command again, and names the
supervisor; standard output and error go to the file `output`, `started` names supervisor and command, each by pid and start
time, and `exit` holds the exit code. A supervisor adopts every process the command leaves behind and lives as long as they
do, so that the runner finds and ends them; `over` says that none is left. Should a supervisor be killed, its session still
tells which processes were below it. Orders hold secrets, so only the supervisor that an order is for reads it. An order may have
`mounts`: folders that the command, and nobody else, sees at other places (decision 92).
"""

# pathlib would double the time this program takes to start:
# ruff: noqa: PTH100, PTH102, PTH103, PTH104, PTH110, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211

import ctypes
import errno
import json
import os
import signal
import socket
import sys

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
PROBE = b"?"
"""Asks whether commands can see files of their own at fixed paths."""

PROBED = "/var/run/secrets/workload-identity/aws"
"""A place as they are, where that is tried."""

EXIT_CANNOT_START = 127
_RESERVED = 16
"""Bytes that an exit code takes at most."""

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFAULT_FOR_COMMAND = (*_IGNORED, signal.SIGPIPE, signal.SIGXFSZ)


def serve() -> None:
    """Fork a supervisor for each order until the runner is gone."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for supervisors
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    nothing = os.open(os.devnull, os.O_RDONLY)
    with socket.socket(fileno=0) as orders:
        while True:
            message, files, _, _ = socket.recv_fds(orders, 1, 1)
            if not message:
                return
            if message == PROBE:
                if os.fork() == 0:
                    _answer_probe(library, orders)
                continue
            if os.fork() == 0:
                os.dup2(nothing, 0)
                os.setsid()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                if library is not None:
                    library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
                for file in files:
                    supervise(file, library)
                os._exit(0)
            for file in files:
                os.close(file)


def supervise(order_file: int, library: ctypes.CDLL | None = None) -> None:
    """Read the order, start its command and wait until it and all it left are gone."""
    with open(order_file, encoding="utf-8") as file:
        line = file.readline()
    if not line.endswith("\n"):
        return
    order = json.loads(line)
    folder: str = order["folder"]
    if not _claim(folder):
        return
    output = os.open(os.path.join(folder, "output"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _reserve(folder, "exit")
    try:
        if order.get("mounts"):
            mount_own(library, order["mounts"])
        pid = _start(order["argv"], order["env"], order["cwd"], os.path.join(folder, "stdin"), output)
    except OSError as error:
        os.write(output, f"cannot start {order['argv'][0]}: {error.strerror}\n".encode())
        _write(folder, "exit", str(EXIT_CANNOT_START))
        _write(folder, "over", "")
        return
    _write(folder, "started", f"{os.getpid()} {start_time(os.getpid())} {pid} {start_time(pid)}")
    _reap(folder, pid)


def mount_own(library: ctypes.CDLL | None, mounts: list[list[str]]) -> None:
    """Let this process, and all it starts, see folders at other places, each a pair of folder and place. Raises OSError."""
    if library is None:
        raise OSError(errno.ENOSYS, "no namespaces here")
    uid, gid = os.geteuid(), os.getegid()
    if library.unshare(CLONE_NEWNS):
        _require(library.unshare(CLONE_NEWUSER | CLONE_NEWNS))
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    _mount(library, "none", "/", MS_REC | MS_PRIVATE)
    ours: list[str] = []
    for source, target in mounts:
        place = os.path.realpath(target)
        if not os.path.isdir(place):
            _make_room(library, place, ours)
        _mount(library, source, place, MS_BIND | MS_REC)


def _make_room(library: ctypes.CDLL, place: str, ours: list[str]) -> None:
    """Make a folder where there is none, for this process alone: in a copy of the folder above, which shows all that is there."""
    above = place
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if not any(above == one or above.startswith(f"{one}/") for one in ours):
        if above == "/":
            raise OSError(errno.ENOENT, "no folder above but the root")
        behind = os.open(above, os.O_PATH | os.O_DIRECTORY)
        names = os.listdir(above)
        _mount(library, "tmpfs", above, MS_NOSUID | MS_NODEV, kind="tmpfs", options="mode=0755,size=1m")
        for name in names:
            _show_again(library, f"/proc/self/fd/{behind}/{name}", f"{above}/{name}")
        os.close(behind)
        ours.append(above)
    os.makedirs(place, 0o755)


def _show_again(library: ctypes.CDLL, was: str, there: str) -> None:
    if os.path.islink(was):
        os.symlink(os.readlink(was), there)
        return
    if os.path.isdir(was):
        os.mkdir(there)
    else:
        os.close(os.open(there, os.O_WRONLY | os.O_CREAT, 0o600))
    _mount(library, was, there, MS_BIND | MS_REC)


def _mount(
    library: ctypes.CDLL, source: str, target: str, flags: int, *, kind: str | None = None, options: str | None = None
) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _require(library.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def _require(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _answer_probe(library: ctypes.CDLL | None, orders: socket.socket) -> None:
    """Tell whether `mount_own` works here, and end: what was tried ends with this process."""
    try:
        mount_own(library, [[os.path.dirname(os.path.abspath(__file__)), PROBED]])
        orders.send(b"+")
    except OSError:
        orders.send(b"-")
    os._exit(0)


def _claim(folder: str) -> bool:
    try:
        claim = os.open(os.path.join(folder, "claim"), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    os.write(claim, f"{os.getpid()} {start_time(os.getpid())}".encode())
    os.close(claim)
    return True


def _start(argv: list[str], env: dict[str, str], cwd: str, stdin_file: str, output: int) -> int:
    stdin = os.open(stdin_file if os.path.exists(stdin_file) else os.devnull, os.O_RDONLY)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)  # the command is looked for on its own PATH
    files = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    return os.posix_spawnp(
        argv[0], argv, env, file_actions=files, setpgroup=0, setsigmask=(), setsigdef=_DEFAULT_FOR_COMMAND
    )


def _reap(folder: str, command_pid: int) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            _write(folder, "over", "")
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


def _reserve(folder: str, name: str) -> None:
    """Take the room for a later `_write` now: how a command ended can be noted even on a full disk."""
    descriptor = os.open(os.path.join(folder, name + ".draft"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, b" " * _RESERVED)
    os.close(descriptor)


def _write(folder: str, name: str, text: str) -> None:
    path = os.path.join(folder, name)
    descriptor = os.open(path + ".draft", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, text.encode().ljust(_RESERVED))
    os.close(descriptor)
    os.rename(path + ".draft", path)


if __name__ == "__main__":
    serve()
