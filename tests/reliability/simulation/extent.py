"""How much is tried: a little on every run, much more before a release.

`SMONEY_RELIABILITY=full` asks for the full counts; `SMONEY_SEED` for another seed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many of each."""

    blows: int | None  # for each scenario; None: all that there are
    seeds: int
    steps: int
    postgresql_seeds: int
    mutants: int | None  # None: all


QUICK = Extent(blows=1, seeds=3, steps=50, postgresql_seeds=1, mutants=6)
FULL = Extent(blows=None, seeds=300, steps=200, postgresql_seeds=20, mutants=None)
EXTENT = FULL if os.environ.get("SMONEY_RELIABILITY") == "full" else QUICK
SEED = int(os.environ.get("SMONEY_SEED", "20141014"))
