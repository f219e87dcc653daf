"""How many runs there may be at once, by implementation type."""

import threading
import time

from blockyard.protocol.run import ImplementationType
from blockyard.runner.settings import RunnerSettings


class Slots:
    """The slots for runs of some types. Thread-safe."""

    def __init__(self, types: tuple[ImplementationType, ...], number: int) -> None:
        self.types = types
        self.number = number
        self._taken = 0
        self._changed = threading.Condition()

    @property
    def name(self) -> str:
        """What they are for, as metrics and logs show it."""
        return ",".join(self.types)

    def take(self, seconds: float) -> bool:
        """Take a slot, waiting for a free one up to `seconds`; tell whether there was one."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._taken >= self.number:
                if not self._changed.wait(end - time.monotonic()):
                    return False
            self._taken += 1
            self._changed.notify_all()
        return True

    def wait_until_taken(self, seconds: float) -> bool:
        """Wait up to `seconds` until no slot is free; tell whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._taken >= self.number, seconds)

    def take_anyway(self) -> None:
        """Take a slot for a run that is there already, free or not."""
        with self._changed:
            self._taken += 1
            self._changed.notify_all()

    def give_back(self) -> None:
        """Let another run have the slot."""
        with self._changed:
            self._taken -= 1
            self._changed.notify_all()


def slots_of(settings: RunnerSettings) -> list[Slots]:
    """Return the slots of a runner: types without a number of their own share `concurrency`."""
    shared = tuple(kind for kind in settings.implementation_types if kind not in settings.slots)
    own = [Slots((kind,), number) for kind, number in settings.slots.items()]
    return [*([Slots(shared, settings.concurrency)] if shared or not own else []), *own]
