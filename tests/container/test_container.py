"""The image is built, docker-compose.yml is brought up, and a payment goes all the way through.

The shipped files as they are, on an engine of its own; only the base images are stand-ins
(`stand_ins.py`), since none can be pulled here. `make container` runs it, as root.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from composed import STAY, URL, Composed, certifi, lay_out, leads_to
from docker_engine import Engine, why_not
from people_at_x import PEOPLE, START_EUROS, Town, town, wait_for
from stand_ins import ROOT, make

INSIDE = Path(__file__).with_name("inside.py")
OURS = ("web", "work")
DRAINS_SECONDS = 10.0
_REFERENCE = re.compile(r"\b[0-9A-Z]{4,}-[0-9]{2}\b")

_absent = why_not()
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("SMONEY_CONTAINER") != "full",
        reason="builds images, minutes: make container",
    ),
    pytest.mark.skipif(_absent is not None, reason=_absent or ""),
]


@dataclass(frozen=True)
class House:
    """What is up, and the people outside."""

    composed: Composed
    town: Town


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Build and bring up all of it, once."""
    with ExitStack() as open_:
        kept = os.environ.get("SMONEY_CONTAINER_FOLDER")
        folder = kept or open_.enter_context(_folder())
        project = open_.enter_context(_folder())
        engine = open_.enter_context(Engine(Path(folder)))
        make(engine)
        people = open_.enter_context(town())
        lay_out(Path(project), people.url)
        composed = Composed(engine, Path(project), _free_port())
        open_.callback(composed.compose, "--profile", "*", "down", "--volumes")
        _told("built, and all healthy, after {:.1f} s", composed.up())
        composed = replace(composed, certifi=certifi(engine))
        open_.enter_context(leads_to(composed.port, composed.trust_caddy()))
        yield House(composed, people)


def _folder() -> tempfile.TemporaryDirectory[str]:
    """On a disk: other tests' folders are in memory, and images are large."""
    return tempfile.TemporaryDirectory(prefix="smoney-", dir="/var/tmp")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _told(sentence: str, *facts: object) -> None:
    print(sentence.format(*facts))  # noqa: T201 - the figures of this run: pytest -s or -rP


@pytest.fixture(scope="module")
def open_house(house: House) -> House:
    """Register at X, and have customers."""
    house.composed.bot("x", "register")
    house.town.open(house.composed)
    return house


def test_what_stays_is_healthy_and_the_migration_is_over(house: House) -> None:
    states = {name: one["State"] for name, one in house.composed.inspect().items()}
    assert set(states) == STAY | {"migrate"}
    assert {states[name]["Health"]["Status"] for name in STAY} == {"healthy"}
    assert (states["migrate"]["Status"], states["migrate"]["ExitCode"]) == ("exited", 0)


def test_only_caddy_is_reached_from_here_and_passes_on_nothing_of_the_inside(house: House) -> None:
    ports = {n: one["NetworkSettings"]["Ports"] for n, one in house.composed.inspect().items()}
    published = {name: [p for p in found.values() if p] for name, found in ports.items()}
    assert [name for name, found in published.items() if found] == ["caddy"]
    for path in ("/", "/metrics", "/health/live", "/health/ready", "/console"):
        answer = requests.get(URL + path, timeout=10)
        assert answer.status_code == 404, path
        assert "Alt-Svc" not in answer.headers, "it names a port that is not open"


def test_a_payment_goes_through_caddy_web_worker_and_postgresql(open_house: House) -> None:
    composed, people = open_house.composed, open_house.town
    assert "✗" not in composed.bot("doctor")
    began = time.monotonic()
    answer = people.answer_to(people.pay("alice", "bob"))
    _told("a payment was answered after {:.2f} s: {}", time.monotonic() - began, answer)
    assert "1.00" in answer
    (reference,) = _REFERENCE.findall(answer)
    shown = composed.bot("payment", "show", reference)
    for fact in ("alice", "bob", "1.00 €", "booked"):
        assert fact in shown, fact
    asked = "SELECT count(*) FROM inbox WHERE state = 'applied'"
    query = ["psql", "-U", "smoney", "-tAc", asked]  # as the operators' guide asks
    assert composed.compose("exec", "-T", "db", *query).strip() == "1"
    assert composed.facts("ledger", "verify")["problems"] == []


@pytest.mark.parametrize("service", OURS)
def test_its_user_writes_nowhere_but_in_its_folder_and_in_memory(
    open_house: House, service: str
) -> None:
    words = ["exec", "-T", service, "python", "-c", INSIDE.read_text(encoding="utf-8")]
    seen = json.loads(open_house.composed.compose(*words))
    _told("{}: {} folders and {} files tried", service, seen["folders"], seen["files"])
    assert seen["folders"] > 500
    assert set(seen["open"]) <= {"/tmp", "/var/lib/smoney", "/dev/shm", "/dev/mqueue"}  # noqa: S108 - where it may
    assert "/var/lib/smoney" in seen["open"]
    assert seen["changed"] == []


def test_without_the_confinement_it_would(house: House) -> None:
    """The control: as root on a file system that can be written, the same look finds a lot."""
    words = ["--rm", "--user=0", "--entrypoint=python", "smoney-bot", "-c"]
    seen = json.loads(house.composed.engine.run("run", *words, INSIDE.read_text(encoding="utf-8")))
    assert {"/", "/etc", "/opt/smoney/bin"} <= set(seen["open"])
    assert "/etc/passwd" in seen["changed"]
    assert any(int(one["CapEff"], 16) for one in seen["rights"])


@pytest.mark.parametrize("service", OURS)
def test_none_of_its_processes_is_root_or_has_a_capability(house: House, service: str) -> None:
    words = ["exec", "-T", service, "python", "-c", INSIDE.read_text(encoding="utf-8")]
    rights = json.loads(house.composed.compose(*words))["rights"]
    assert len(rights) >= 2  # init, and the daemon
    for one in rights:
        assert set(one["Uid"].split() + one["Gid"].split()) == {"10001"}
        assert {int(one[name], 16) for name in one if name.startswith("Cap")} == {0}
        assert (one["NoNewPrivs"], one["Seccomp"]) == ("1", "2")


def test_sigterm_drains_within_ten_seconds_under_load_and_nothing_is_lost(
    open_house: House,
) -> None:
    composed, people = open_house.composed, open_house.town
    before = sum(people.answers().values())
    crowd = threading.Thread(target=_post_many, args=[people])
    crowd.start()
    wait_for(lambda: sum(people.answers().values()) >= before + 5, 30, "nothing is answered")
    began = datetime.now(UTC)
    composed.compose("stop", "web", "work")
    ended = composed.ended_after(began, "web", "work")
    answered = sum(people.answers().values()) - before
    crowd.join()
    brought = len(people.posts)
    assert {code for code, _ in ended.values()} == {0}, ended
    assert max(seconds for _, seconds in ended.values()) < DRAINS_SECONDS, ended
    assert answered < brought, "it was not under load any more"
    composed.up()
    wait_for(lambda: set(people.posts) <= set(people.answers()), 120, "orders were lost")
    _told("ended {}; {} of {} answered by then, the rest later", ended, answered, brought)
    _check_sums(open_house)


def _post_many(people: Town) -> None:
    """Post one payment after the other, as long as three of them have codes."""
    for _ in range(16):
        for payer in ("bob", "carol", "mallory"):
            people.pay(payer, "alice")


def _check_sums(house: House) -> None:
    """Each post is answered once and paid once; all money is there, all seals hold."""
    answers = house.town.answers()
    assert {post: answers[post] for post in house.town.posts if answers[post] != 1} == {}
    assert house.composed.facts("ledger", "verify")["problems"] == []
    paid = house.composed.facts("payment", "list", "--most", "1000")
    assert len(paid) == len(house.town.posts)
    assert sum(_balances(house).values()) == len(PEOPLE) * START_EUROS * 100


def _balances(house: House) -> dict[str, int]:
    shown = {name: house.composed.facts("customer", "show", name) for name in PEOPLE}
    return {name: one["balance_cents"] for name, one in shown.items()}


@pytest.mark.parametrize("service", OURS)
def test_its_log_is_json_lines_that_end(open_house: House, service: str) -> None:
    events = [json.loads(line)["event"] for line in open_house.composed.log(service)]
    _told("{}: {} lines", service, len(events))
    assert events
    held = open_house.composed.inspect(service)[service]["HostConfig"]["LogConfig"]
    assert held == {"Type": "json-file", "Config": {"max-file": "5", "max-size": "10m"}}


def test_no_secret_shows_in_what_the_engine_keeps(open_house: House) -> None:
    """Containers as they are described, logs, layers of images, volumes, by their bytes."""
    composed = open_house.composed
    secrets, codes = list(composed.secrets().values()), open_house.town.codes_given
    assert (len(secrets), len(codes)) == (8, 79)
    told = json.dumps(composed.inspect()) + composed.compose("config")
    told += composed.engine.run("history", "--no-trunc", "smoney-bot")
    for service in OURS:
        told += composed.compose("exec", "-T", service, "env")
    assert [one for one in [*secrets, *codes] if one in told] == []
    held = composed.compose("exec", "-T", "web", "ls", "/run/secrets").split()
    assert set(held) < set(composed.secrets()) | {"SMONEY_X_CLIENT_SECRET"}
    data = composed.engine.data
    assert _found_on_disk(data, secrets) == []
    # Not in the images, and not within longer numbers: eight digits stand in many places.
    written = [data / "containers", data / "volumes"]
    found = [_found_on_disk(one, codes, "--word-regexp") for one in written]
    assert found == [[], []]
    assert _found_on_disk(data / "containers", [URL]) != [], "the search finds what is there"


def test_a_backup_goes_back_by_the_lines_of_the_guide(open_house: House, tmp_path: Path) -> None:
    composed = open_house.composed
    guide = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"\n\n((?: {4}.+\n)+ {4}deploy/restore.sh(?:.+\n)+)", guide)
    before = _whole(open_house)
    copy = composed.shell(f"deploy/backup.sh --compose {tmp_path}").split()[-1]
    named = re.sub(r"/mnt/elsewhere/book-\S+", copy, lines)
    composed.shell(named.replace("/mnt/elsewhere", str(tmp_path)))
    composed.up()
    assert _whole(open_house) == before
    assert "1.00" in open_house.town.answer_to(open_house.town.pay("alice", "bob"))
    _check_sums(open_house)


def test_more_doors_and_workers_are_one_line(open_house: House) -> None:
    composed, people = open_house.composed, open_house.town
    composed.compose("up", "--detach", "--scale", "web=2", "--scale", "work=4")
    running = composed.compose("ps", "--services", "--status=running").split()
    ids = composed.compose("ps", "--quiet", "web", "work").split()
    assert (set(running), len(ids)) == (STAY, 6)
    for _ in range(3):
        people.pay("alice", "bob")
    wait_for(lambda: set(people.posts) <= set(people.answers()), 60, "no answer")
    _check_sums(open_house)
    composed.up()


def test_down_and_up_lose_nothing(open_house: House) -> None:
    composed, people = open_house.composed, open_house.town
    balances, history, transfers = _whole(open_house)
    composed.compose("down")
    assert composed.inspect() == {}
    kept = composed.engine.run("volume", "ls", "--quiet").split()
    assert kept == ["smoney_book", "smoney_caddy"], "the others hold nothing"
    meanwhile = people.pay("alice", "bob")
    _told("healthy {:.1f} s after down", composed.up())
    assert "1.00" in people.answer_to(meanwhile, 120)
    after = _whole(open_house)
    _told("{} payments, {} transfers", len(history), transfers)
    assert after[1][1:] == history  # the newest comes first
    assert after[2] == transfers + 1
    moved = {"alice": -100, "bob": 100, "carol": 0, "mallory": 0}
    assert after[0] == {name: cents + moved[name] for name, cents in balances.items()}
    _check_sums(open_house)


def _whole(house: House) -> tuple[dict[str, int], list[object], int]:
    """Return balances, all payments, and how many transfers the ledger has."""
    history = house.composed.facts("payment", "list", "--most", "1000")
    verified = house.composed.facts("ledger", "verify")
    assert verified["holds"]
    return _balances(house), history, verified["sealed"] + verified["unsealed"]


def _found_on_disk(folder: Path, words: list[str], *how: str) -> list[str]:
    """Return which files below *folder* hold one of *words*, by their bytes."""
    search = "grep --recursive --files-with-matches --text --fixed-strings"
    done = subprocess.run(  # noqa: S603 - fixed words
        [*search.split(), *how, "--exclude-dir=merged", "--file=-", str(folder)],
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        input="\n".join(words),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()
