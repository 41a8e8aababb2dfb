"""A disk whose power may fail: what is on it, and what the system still keeps in memory.

Ordered metadata, as on ext4: files appear, are cut and leave in the order in
which that was asked for, and syncing one file puts all of it on disk. Contents
of a file are sure once it is synced; until then each sector of 512 bytes may be
there or not. The disk itself keeps its word.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from recording import Acknowledge, Create, Step, Sync, Truncate, Unlink, Write

SECTOR = 512

Files = dict[str, bytearray]


@dataclass(slots=True)
class Disk:
    """The files as they would be found for sure, and what was asked for since."""

    files: Files
    acknowledged: int = 0
    _pending: list[Create | Write | Truncate | Unlink] = field(default_factory=list)

    def do(self, step: Step) -> None:
        """Go on by one step."""
        match step:
            case Acknowledge(number):
                self.acknowledged = number
            case Sync(name):
                self._sync(name)
            case _:
                self._pending.append(step)

    def image(self, dice: random.Random) -> Files:
        """Return what may be found if the power fails now."""
        found = {name: bytearray(content) for name, content in self.files.items()}
        metadata = sum(not isinstance(step, Write) for step in self._pending)
        arrived, share = dice.randint(0, metadata), dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        still_there: set[str] = set()  # what is written under these names went to another file
        for step in self._pending:
            if isinstance(step, Write):
                if step.name not in still_there:
                    _write_some(found, step, share, dice)
            elif arrived > 0:
                arrived -= 1
                _change(found, step)
            elif isinstance(step, Unlink):
                still_there.add(step.name)
        return found

    def _sync(self, name: str | None) -> None:
        left: list[Create | Write | Truncate | Unlink] = []
        for step in self._pending:
            if isinstance(step, Write) and step.name != name:
                left.append(step)
                continue
            _change(self.files, step)
            if isinstance(step, Truncate | Unlink):  # what waited to be written there is void
                left = [one for one in left if not _is_void(one, step)]
        self._pending = left


def _is_void(waiting: Create | Write | Truncate | Unlink, after: Truncate | Unlink) -> bool:
    size = after.size if isinstance(after, Truncate) else 0
    return isinstance(waiting, Write) and waiting.name == after.name and waiting.offset >= size


def _change(files: Files, step: Create | Write | Truncate | Unlink) -> None:
    match step:
        case Create(name):
            files.setdefault(name, bytearray())
        case Write(name, offset, data):
            _put(files[name], offset, data)
        case Truncate(name, size):
            content = files[name]
            del content[size:]
            content.extend(bytes(size - len(content)))
        case Unlink(name):
            files.pop(name, None)


def _write_some(files: Files, write: Write, share: float, dice: random.Random) -> None:
    """Put a *share* of the sectors of *write* into its file, if that is there."""
    content = files.get(write.name)
    if content is None:
        return
    start, end = write.offset, write.offset + len(write.data)
    for sector in range(start // SECTOR * SECTOR, end, SECTOR):
        first, last = max(start, sector), min(end, sector + SECTOR)
        if dice.random() < share:
            _put(content, first, write.data[first - start : last - start])


def _put(content: bytearray, offset: int, data: bytes) -> None:
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
