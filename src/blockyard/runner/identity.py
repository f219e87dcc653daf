"""Keeps the identity tokens of a run: in files that the run alone sees at the usual paths, renewed at half of their lives.

Modules name fixed paths, and two runs at once need different tokens there. So the commands of a run that has tokens see a file system
in which a folder of theirs stands at that place (`supervisor.py`). Where the machine does not allow that, what names the path in
inputs is given the run's own path instead. The choice is noted in the journal: a restarted runner goes on with it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import httpx2
import structlog
from pydantic import ValidationError

from blockyard.protocol.identity import IdentityToken, RunIdentity
from blockyard.runner.durable import PRIVATE_DIRECTORY, replace_file
from blockyard.runner.frame.executor import Journal
from blockyard.runner.frame.identity import IdentityError

log = structlog.get_logger()

Fetch = Callable[[str], IdentityToken]
"""Asks for a token of the run for a cloud. Raises httpx2.HTTPError, ValidationError."""

RETRY_SECONDS = 30.0
"""After so long a renewal that failed is tried again; a token is good for an hour more by then."""

_MOUNTED = "identity.mounted"
_REWRITTEN = (
    "Warning: this runner cannot show each run its own files at the usual paths, so inputs that name these were given "
    "paths of this run. A module that names them itself finds no token."
)
_LEAST_PARTS = 4
"""Of a path: root, a folder, the folder that is put there, the file."""

_OVER = frozenset({401, 403, 404, 409})
"""Answers that say that the attempt gets no more tokens."""


class Secrets(Protocol):
    """Masks texts in all that is said of the run."""

    def add_secrets(self, values: Iterable[str]) -> None:
        """Mask these from now on."""


def boot_seconds() -> float:
    """Return a clock that goes on while the machine sleeps, as the lives of tokens do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the token of a cloud is: its usual path, and the file that holds it."""

    usual: str
    file: Path


class IdentityFiles:
    """The tokens of one run. Thread-safe as far as it is used: one thread provides, another renews."""

    def __init__(
        self,
        folder: Path,
        wanted: RunIdentity,
        *,
        fetch: Fetch,
        journal: Journal,
        can_mount: Callable[[], bool],
        secrets: Secrets,
        clock: Callable[[], float] = boot_seconds,
    ) -> None:
        self._folder = folder
        self._fetch = fetch
        self._journal = journal
        self._can_mount = can_mount
        self._secrets = secrets
        self._clock = clock
        self._places = _places(folder, wanted)
        self._needed = {cloud for cloud in wanted.needed if cloud in self._places}
        self._due: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def placed(self, text: str) -> str:
        """Return a text in which paths of tokens are those of this run. Each that it names will be provided."""
        for cloud, place in self._places.items():
            if place.usual in text:
                self._needed.add(cloud)
                if not self._is_mounted:
                    text = text.replace(place.usual, str(place.file))
        return text

    def located(self, path: str) -> Path | None:
        """Return the file of the token that the commands of the run find at a path; None if there is none of this run."""
        files = (place.file for place in self._places.values() if path in {place.usual, str(place.file)})
        return next(files, None)

    def provide(self) -> Sequence[str]:
        """Bring the tokens that the run needs, before its next command; return what to say about them. Raises IdentityError."""
        if not self._needed:
            return ()
        for cloud in sorted(self._needed - self._due.keys()):
            self._renew(cloud)
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_renewing, name="identity", daemon=True)
            self._thread.start()
        return self._said()

    def mounts(self) -> Sequence[tuple[Path, Path]]:
        """Return which folders the commands of the run see at which places."""
        if not self._due or not self._is_mounted:
            return ()
        kept = {self._places[cloud] for cloud in self._due}
        return sorted({(place.file.parent, Path(place.usual).parent) for place in kept})

    def renew_due(self) -> float:
        """Renew what has lived half of its life; return after how many seconds to look again. Infinite: nothing is left to renew."""
        now = self._clock()
        for cloud in [cloud for cloud, due in self._due.items() if now >= due]:
            try:
                self._renew(cloud)
            except IdentityError as error:
                log.warning("identity token not renewed", cloud=cloud, error=str(error))
                self._due[cloud] = max(self._due[cloud], now + RETRY_SECONDS)
        return min(self._due.values(), default=float("inf")) - self._clock()

    def close(self) -> None:
        """End the renewal."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def _is_mounted(self) -> bool:
        noted = self._journal.get(_MOUNTED)
        if noted is None:
            noted = self._can_mount()
            self._journal.set(_MOUNTED, noted)
        return noted is True

    def _keep_renewing(self) -> None:
        while (seconds := self.renew_due()) != float("inf"):
            if self._stop.wait(max(0.0, min(seconds, RETRY_SECONDS))):
                return

    def _renew(self, cloud: str) -> None:
        """Put a new token in place. Raises IdentityError; what nobody will be given any more is not asked for again."""
        place = self._places[cloud]
        try:
            fetched = self._fetch(cloud)
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            if status in _OVER and cloud in self._due:
                self._due[cloud] = float("inf")
            raise IdentityError(f"the server gives no identity token for {cloud}: status {status}") from error
        except (httpx2.HTTPError, ValidationError) as error:
            raise IdentityError(f"no identity token for {cloud} could be had: {type(error).__name__}") from error
        self._secrets.add_secrets([fetched.token, fetched.token.rpartition(".")[2]])
        try:
            place.file.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            replace_file(place.file, fetched.token.encode())
        except OSError as error:
            raise IdentityError(f"the identity token for {cloud} could not be stored: {error.strerror}") from error
        self._due[cloud] = self._clock() + fetched.renew_after_seconds

    def _said(self) -> Sequence[str]:
        clouds = ", ".join(sorted(self._due))
        if self._is_mounted:
            return [f"Identity tokens: {clouds}"]
        return [
            f"Identity tokens: {clouds}",
            _REWRITTEN,
        ]


def _places(folder: Path, wanted: RunIdentity) -> Mapping[str, _Place]:
    """Return where tokens are kept; paths in one folder share a folder of ours."""
    usual = {cloud: place.token_path for cloud, place in wanted.clouds.items() if _is_usable(place.token_path)}
    parents = sorted({str(PurePosixPath(path).parent) for path in usual.values()})
    return {
        cloud: _Place(path, folder / str(parents.index(str(PurePosixPath(path).parent))) / PurePosixPath(path).name)
        for cloud, path in usual.items()
    }


def _is_usable(path: str) -> bool:
    """Tell whether a path names a file below a folder that is not the root: nothing else is put over what is there."""
    pure = PurePosixPath(path)
    return pure.is_absolute() and ".." not in pure.parts and len(pure.parts) >= _LEAST_PARTS
