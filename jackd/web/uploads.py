"""The files that are being read by friends now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from jackd.web.meter import Meter
from jackd.web.rate import Direction, Flow
from jackd.web.slots import MAX_STREAMS, MAX_STREAMS_PER_KEY, Slots

SAMPLE_SECONDS = 2.5
"""While anything is read. To wake up costs a millisecond when others have used the processor's caches meanwhile."""


@define(kw_only=True, eq=False)
class Upload:
    """
    One stream.

    :ivar who: the account's name.
    :ivar client: its address.
    :ivar file: its name.
    :ivar file_size: bytes that it has.
    :ivar size: bytes that were asked for.
    :ivar speed: bytes/s over the last seconds.
    :ivar told, told_at: bytes that were told of, and when.
    """

    who: str
    client: str
    file: str
    file_size: int
    size: int
    flow: Flow
    told_at: float
    told: int = 0
    speed: float = 0.0
    meter: Meter = field(factory=Meter)


Streamed = Callable[[Upload, int, float], object]
"""Is told, now and then and at the end, how many bytes more an upload has sent in how many seconds more."""


def _nobody(upload: Upload, moved: int, seconds: float) -> None: ...


class Uploads(Service):
    """
    All streams, their slots and their limits. Speeds are measured while the service runs.

    :param limits: those of this direction; none when not given.
    :param total: slots.
    :param each: slots that one account may have.
    :param streamed: is told of every stream, as long as it sends something.
    """

    def __init__(
        self,
        *,
        clock: IReactorTime,
        limits: Direction | None = None,
        total: int = MAX_STREAMS,
        each: int = MAX_STREAMS_PER_KEY,
        streamed: Streamed = _nobody,
    ) -> None:
        self.setName("uploads")
        self._clock = clock
        self._limits = limits or Direction()
        self.slots = Slots(total=total, each=each, now=clock.seconds)
        self._current: list[Upload] = []
        self._streamed = streamed
        self._sent = 0
        self._sampling = LoopingCall(self._sample)
        self._sampling.clock = clock

    def stopService(self) -> None:
        super().stopService()
        if self._sampling.running:
            self._sampling.stop()
        self._sample()

    @contextmanager
    def begun(self, *, who: str, client: str, file: str, file_size: int, size: int) -> Iterator[Flow]:
        """A stream that holds a slot already; it is listed until the block is left."""
        flow = self._limits.flow(who)
        at = self._clock.seconds()
        upload = Upload(who=who, client=client, file=file, file_size=file_size, size=size, flow=flow, told_at=at)
        self._current.append(upload)
        upload.meter.sample(at, 0)
        if self.running and not self._sampling.running:
            self._sampling.start(SAMPLE_SECONDS, now=False)
        try:
            yield flow
        finally:
            flow.close()
            self._current.remove(upload)
            self._sent += flow.moved
            self._tell(upload, self._clock.seconds())

    def current(self) -> list[Upload]:
        """Oldest first."""
        return list(self._current)

    @property
    def speed(self) -> float:
        """Bytes/s of all together."""
        return sum(upload.speed for upload in self._current)

    @property
    def sent(self) -> int:
        """Bytes since the start."""
        return self._sent + sum(upload.flow.moved for upload in self._current)

    def _sample(self) -> None:
        at = self._clock.seconds()
        for upload in self._current:
            upload.speed = upload.meter.sample(at, upload.flow.moved)
            self._tell(upload, at)
        if not self._current and self._sampling.running:
            self._sampling.stop()

    def _tell(self, upload: Upload, at: float) -> None:
        moved = upload.flow.moved
        if moved > upload.told:
            self._streamed(upload, moved - upload.told, at - upload.told_at)
            upload.told, upload.told_at = moved, at
