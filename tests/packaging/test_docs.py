"""The pages in docs/: the commands they tell exist, their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_readme import code, exists

import smoney_bot
from smoney_bot.bank.references import read_reference
from smoney_bot.book.tables import metadata

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))

#: Where people read what the service is like: its pages, its help and its answers.
_READ = [
    DOCS.parent / "README.md",
    *PAGES,
    *(one for one in Path(smoney_bot.__file__).parent.rglob("*") if one.suffix in {".py", ".po"}),
]

#: With a letter in it, which a date has not.
_REFERENCE = re.compile(r"(?<![\w-])(?=\d*[A-Z])[0-9A-Z]{4,13}-[0-9]{2}(?![\w-])", re.ASCII)

#: `bot` is what these pages call `docker compose run --rm bot`.
_OURS = re.compile(r"(?:docker compose run (?:--\S+ )*bot|bot|smoney-bot) ((?:[a-z-]+ ?)+.*)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")


def commands(markdown: str) -> set[str]:
    """Return the words of our commands in a page's code, without what a shell adds."""
    found = (_OURS.fullmatch(line.strip()) for line in code(markdown))
    lines = {re.split(r" [|>&]", one[1])[0].replace("…", "") for one in found if one}
    return {line for line in lines if "\\" not in line}


def anchors(path: Path) -> set[str]:
    """Return what a link to a heading of this page may say behind #."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}


def dead_links(markdown: str, folder: Path, own: set[str]) -> list[str]:
    dead = []
    for name, anchor in _LINK.findall(markdown):
        if "://" in name:
            continue
        target = folder / name
        if not target.exists():
            dead.append(name)
        elif anchor and anchor not in (anchors(target) if name else own):
            dead.append(f"{name}#{anchor}")
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_a_page_tells_exists(page: Path) -> None:
    told = commands(page.read_text(encoding="utf-8"))
    assert [command for command in sorted(told) if not exists(command)] == []


def test_commands_are_found_in_the_pages() -> None:
    told = commands((DOCS / "going-live.md").read_text(encoding="utf-8"))
    assert {"doctor", "x register", "customer invite alice", "init"} <= told
    assert [one for one in commands("    bot fly now\n    bot doctor") if not exists(one)] == [
        "fly now"
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page.read_text(encoding="utf-8"), DOCS, anchors(page)) == []


def test_a_dead_link_is_found() -> None:
    text = "[a](nowhere.md), [b](law.md#nothing), [c](law.md), [d](#here), [e](#there)"
    assert dead_links(text, DOCS, {"here"}) == ["nowhere.md", "law.md#nothing", "#there"]


def test_every_reference_that_people_read_is_one() -> None:
    told = {
        one: path.name
        for path in _READ
        for one in _REFERENCE.findall(path.read_text(encoding="utf-8"))
    }
    assert "7K3Q-48" in told
    assert {one: page for one, page in told.items() if read_reference(one) != one} == {}


def test_the_page_on_privacy_speaks_of_every_table() -> None:
    """A new table belongs on that page, and into `customer export` and `erase`."""
    text = (DOCS / "privacy.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+)`", text))
    assert set(metadata.tables) - told == set()
    listed = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    names = re.findall(r"`([a-z_]+)`", " ".join(listed))
    assert len(names) == len(set(names)), "each once"
