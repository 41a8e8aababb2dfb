"""Runs inside a container, as its user: where it can write, and what rights it has.

Prints one JSON object. Every folder and every file is tried for real: a folder by making
a file in it, a file by opening it to change it, without changing it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

_KERNEL = ("/proc", "/sys", "/dev/pts")
_RIGHTS = ("Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")


def folders() -> Iterator[tuple[str, list[str]]]:
    """Yield every folder of the container with its files, but for the kernel's own."""
    for folder, below, files in os.walk("/"):
        below[:] = [one for one in below if os.path.join(folder, one) not in _KERNEL]  # noqa: PTH118 - as os.walk has it
        yield folder, files


def takes_a_file(folder: str) -> bool:
    """Whether a file can be made in *folder*; it is removed again."""
    probe = Path(folder) / f"probe-{uuid.uuid4()}"
    try:
        probe.write_text("probe")
    except OSError:
        return False
    probe.unlink()
    return True


def can_be_changed(path: Path) -> bool:
    """Whether a regular file can be opened to write into it."""
    with contextlib.suppress(OSError):
        if stat.S_ISREG(path.lstat().st_mode):
            os.close(os.open(path, os.O_WRONLY))
            return True
    return False


def rights() -> list[dict[str, str]]:
    """Return what the kernel says of each process of this container."""
    told = []
    for status in Path("/proc").glob("[0-9]*/status"):
        facts = dict(line.split(":", 1) for line in status.read_text().splitlines())
        told.append({name: facts[name].strip() for name in _RIGHTS})
    return told


def look() -> dict[str, object]:
    """Look everywhere."""
    seen = list(folders())
    files = [Path(folder) / name for folder, names in seen for name in names]
    return {
        "folders": len(seen),
        "files": len(files),
        "open": sorted(folder for folder, _ in seen if takes_a_file(folder)),
        "changed": sorted(str(path) for path in files if can_be_changed(path)),
        "rights": rights(),
    }


if __name__ == "__main__":
    print(json.dumps(look()))  # noqa: T201 - this is its answer
