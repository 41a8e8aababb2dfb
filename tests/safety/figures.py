"""Lines of the safety suite in the table of figures (see `reliability_figures`)."""

from __future__ import annotations

from reliability_figures import SEED, record, seconds_so_far


def show(figure: str, *, violations: int, engine: str = "sqlite", **counted: object) -> None:
    """Add a line to the table: the name of a *figure*, and what was *counted*.

    The first of these tells how much was tried; the others are noted beside it.
    """
    (tried, number), *noted = ((name.replace("_", " "), value) for name, value in counted.items())
    record(
        figure,
        counted=f"{number:,} {tried}",
        violations=violations,
        seconds=seconds_so_far(),
        seed=SEED,
        engine=engine,
        note=", ".join(f"{name} {value}" for name, value in noted),
    )
