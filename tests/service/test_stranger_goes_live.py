"""A stranger follows docs/going-live.md to the first payment, without a question.

The page is read, not retold: what it says is carried out, against the sandbox. So it
cannot tell a command that does not work, or leave one out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import Done
from going_live import ELSEWHERE, PAGE, inline_commands, lines, names_of_keys, sections
from stranger import APP, CONSOLE, ROOT, Stranger, UnknownLine
from structlog.testing import capture_logs
from x_side import XSide, x_side

from smoney_bot.cli.questions import QUESTIONS

TEXT = PAGE.read_text(encoding="utf-8")
PARTS = sections(TEXT)
FIRST_PAYMENT = PARTS["The first customers and the first payment"]

#: What `doctor` may find wrong before `x register`, by the page.
BEFORE = {"webhook", "subscriptions"}


@pytest.fixture
def x() -> Iterator[XSide]:
    with x_side(app=APP) as running:
        yield running


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """`init` reads the environment too."""
    for name in ("X_API_URL", *(one.setting for one in QUESTIONS)):
        monkeypatch.delenv(f"SMONEY_{name}", raising=False)


def wrong(doctor: Done) -> set[str]:
    """Return which lines of the doctor begin with a cross."""
    return set(re.findall(r"^✗ +(\w+)", doctor.out, re.MULTILINE))


def check_what_was_promised(stranger: Stranger) -> None:
    """Look at the screens as the page tells them."""
    ill, well = (done for command, done in stranger.done if command == "doctor")
    assert (wrong(ill), ill.code) == (BEFORE, 1), ill.out
    assert (wrong(well), well.code) == (set(), 0), well.out
    assert "!" not in well.out, "nothing is left to look at yourself"
    screens = {re.sub(r" 7K3Q-48$", "", command): done for command, done in stranger.done}
    for shown in (screens["payment list"], screens["payment show"]):
        for fact in (stranger.reference, "1.00 €", "alice", "bob", "booked"):
            assert fact in shown.out, fact
    assert "1.00" in stranger.answer
    assert "applied" in screens["inbox list"].out
    assert "sent" in screens["outbox list"].out
    assert stranger.service.balance("alice") == 1900
    assert stranger.service.balance("bob") == 100


@pytest.mark.usefixtures("_no_settings")
def test_with_docker(x: XSide, tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    def another_host(made: Path) -> None:
        """Put the database here where the composed one would be, at db."""
        secret = made / "secrets/SMONEY_DATABASE_URL"
        assert "@db/" in secret.read_text()
        secret.unlink()
        secret.write_text(postgres_url())

    with Stranger(tmp_path, x, another_host) as stranger:
        text = PARTS["The settings"] + PARTS["Start"] + FIRST_PAYMENT
        stranger.follow(text)
        check_what_was_promised(stranger)
        typed = list(lines(text))
        assert stranger.told_next == [one for one in typed if one in stranger.told_next][:3]


@pytest.mark.usefixtures("_no_settings")
def test_without_docker(x: XSide, tmp_path: Path) -> None:
    on_with_step_5 = re.sub(r"^ +alias .+\n", "", FIRST_PAYMENT, flags=re.MULTILINE)
    with Stranger(tmp_path, x) as stranger, capture_logs():
        stranger.follow(PARTS["Without Docker"] + on_with_step_5)
        check_what_was_promised(stranger)


def test_every_line_of_the_page_is_known_here(x: XSide, tmp_path: Path) -> None:
    stranger = Stranger(tmp_path, x)
    said = {*lines(TEXT), *inline_commands(TEXT)}
    assert len(said) > 25
    assert [line for line in sorted(said) if not stranger.knows(line)] == []
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).exists()] == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("docker compose upp --detach", "nobody can carry out"),
        ("bto customer open alice --x-id 1", "nobody can carry out"),
        ("cp deploy/systemd/smoney.sysuser.conf /usr/lib/sysusers.d/smoney.conf", "to copy"),
        ("systemctl enable --now smony", "no such unit"),
        ("alias bot='docker compose run bto'", "alias"),
        ("smoney-bot customer opne alice --x-id 111111111", "No such command"),
        ("smoney-bot customer open alice --xid 111111111", "No such option"),
        ("smoney-bot payment show 7K3Q-19", "not a reference"),
    ],
)
def test_a_line_that_is_misspelt_or_out_of_order_stops_the_stranger(
    x: XSide, tmp_path: Path, sqlite_url: str, line: str, complaint: str
) -> None:
    stranger = Stranger(tmp_path, x)
    stranger.service.environment["SMONEY_DATABASE_URL"] = sqlite_url
    with pytest.raises(AssertionError, match=complaint):
        stranger.follow(f"Then\n\n    {line}\n")


def test_a_line_nobody_knows_has_an_error_of_its_own(x: XSide, tmp_path: Path) -> None:
    with pytest.raises(UnknownLine, match="teach it to tests"):
        Stranger(tmp_path, x).follow("    rm -rf secrets\n")


def test_init_asks_for_each_key_by_the_name_that_the_page_gives_it() -> None:
    asked = [one.prompt for one in QUESTIONS if one.secret]
    named = names_of_keys(PARTS["The app, in X's developer console (developer.x.com)"])
    assert named == list(CONSOLE)
    assert [
        name for name, prompt in zip(named, asked, strict=True) if prompt[: len(name)] != name
    ] == []


def test_the_units_start_what_the_page_installs() -> None:
    (home,) = re.findall(r"python3 -m venv (\S+) &&", PARTS["Without Docker"])
    for unit in (ROOT / "deploy/systemd").glob("*.service"):
        (start,) = re.findall(r"^ExecStart=(\S+)", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert start.startswith((f"{home}/bin/smoney-bot", f"{home}/deploy/")), unit.name


def test_the_page_passes_on_what_the_caddyfile_does() -> None:
    caddy = (ROOT / "deploy/caddy/Caddyfile").read_text(encoding="utf-8")
    paths = " ".join(re.findall(r"^\s+path (.+)$", caddy, re.MULTILINE)).split()
    (told,) = re.findall(r"pass on (.+?) and nothing else", PARTS["Without Docker"])
    assert set(re.findall(r"`(\S+)`", told)) == {path.removesuffix("/*") for path in paths}
