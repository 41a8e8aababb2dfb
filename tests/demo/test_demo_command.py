"""`smoney-bot demo` as somebody new to it meets it: start, look, post, Ctrl-C."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]

_STARTS_WITHIN_SECONDS = 90.0
_ANSWERS_WITHIN_SECONDS = 15.0
_ENDS_WITHIN_SECONDS = 10.0

_ADDRESS = re.compile(r"Open (http://127\.0\.0\.1:[0-9]+)")
_BOX = re.compile(r'<textarea id="post-text"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
_FORM = re.compile(r'<form method="post" action="([^"]+)" id="post-form">')


@dataclass(frozen=True)
class Command:
    """How Python is started."""

    words: tuple[str, ...]
    environment: dict[str, str]


_USUAL = Command((sys.executable,), {})


class Running:
    """The command as a process, with a folder of its own for what it leaves behind."""

    def __init__(self, folder: Path, *words: str, python: Command = _USUAL) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.printed = folder / "printed.txt"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SMONEY_")}
        environment |= python.environment
        with self.printed.open("wb") as printed:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*python.words, "-m", "smoney_bot", "demo", *words],
                cwd=folder,
                env=environment | {"TMPDIR": str(self.temporary)},
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def url(self) -> str:
        """Return the address that it prints, as a reader would take it from there."""
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while (found := _ADDRESS.search(self.text())) is None:
            self.check_alive(deadline)
        return found[1]

    def text(self) -> str:
        return self.printed.read_text(encoding="utf-8")

    def left_behind(self) -> list[str]:
        return [one.name for one in self.temporary.iterdir()]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal and return the exit code; a start is finished first."""
        self.process.send_signal(number)
        return self.process.wait(_STARTS_WITHIN_SECONDS + _ENDS_WITHIN_SECONDS)

    def check_alive(self, deadline: float) -> None:
        assert self.process.poll() is None, self.text()
        assert time.monotonic() < deadline, self.text()
        time.sleep(0.02)


@contextmanager
def running(folder: Path, *words: str, python: Command = _USUAL) -> Iterator[Running]:
    started = Running(folder, *words, python=python)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def from_sources() -> Command:
    """Return a Python that has the libraries and the sources, as `make demo` leaves it."""
    folder = ROOT / ".pytest_cache" / "libraries"  # always there, so that it is compiled once
    folder.mkdir(parents=True, exist_ok=True)
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not one.name.startswith(("smoney", "_smoney", "__editable__", "_editable")):
            link = folder / one.name
            if not link.exists():  # or it leads to an environment that is gone
                link.unlink(missing_ok=True)
                with suppress(FileExistsError):  # another process was faster
                    link.symlink_to(one)
    # Without `site` nothing else is found: not the package that the tests have installed.
    return Command((sys.executable, "-S"), {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"})


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--port", "0") as started:
        yield started


@pytest.fixture
def new_here(tmp_path: Path) -> Iterator[Running]:
    """The demonstration on a machine where nothing was installed before."""
    with running(tmp_path, "--port", "0", python=from_sources()) as started:
        yield started


def get(url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
    """Return the address and the text of the page where *url*, or the form sent there, leads."""
    data = urlencode(form).encode() if form is not None else None
    with urlopen(url, data, timeout=10) as answer:  # noqa: S310 - our own address
        assert answer.status == 200
        return answer.url, answer.read().decode()


def first(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    assert found is not None, page
    return unescape(found[1])


def check_elsewhere(demo: Running, page: str) -> str:
    """Look where the terminal and the *page* say that more is; return the password shown there."""
    printed = demo.text()
    for place, words in (
        ("c/jardin", "Un jardin pour le quartier"),
        ("statement", "<form"),
        ("console", 'name="password"'),
    ):
        address = first(re.compile(rf"(http://127\.0\.0\.1:[0-9]+/{place})\b"), printed)
        assert f'href="{address}?lang=' in page
        assert words in get(address)[1]

    collection = first(re.compile(r"(http://\S+/c/jardin)"), printed)
    deadline = time.monotonic() + _ANSWERS_WITHIN_SECONDS
    while get(collection)[1].count("@carol") != 2:  # who gives before anybody looks
        demo.check_alive(deadline)
    assert "€40.00" in get(f"{collection}?lang=en")[1]

    password = first(re.compile(r"teller +password (\S+)"), printed)
    form = {"name": "teller", "password": password, "code": ""}
    signed_in = _answer_to_form(f"{address}/sign-in", form)
    assert signed_in.status == 303
    assert signed_in.getheader("Location") == "/console"
    assert _answer_to_form(f"{address}/sign-in", form | {"password": "x"}).status == 401
    assert "app secret" in printed  # nobody can press Enter where there is no terminal
    return password


def _answer_to_form(url: str, fields: dict[str, str]) -> http.client.HTTPResponse:
    """Send a form and follow nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(
        "POST",
        parts.path,
        urlencode(fields),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_a_reader_without_javascript_posts_the_offered_order_is_answered_and_looks_around(
    new_here: Running,
) -> None:
    address, page = get(new_here.url())
    offered = first(_BOX, page)
    assert re.fullmatch(r"@Smoney #20 @bob #[0-9]{8}", offered)

    address, page = get(urljoin(address, first(_FORM, page)), {"text": offered})

    deadline = time.monotonic() + _ANSWERS_WITHIN_SECONDS
    while "Payé" not in page:
        new_here.check_alive(deadline)
        _, page = get(address)
    assert 'data-cents="28000"' in page
    assert first(_BOX, page) != offered  # the next code
    assert new_here.left_behind() != []  # the book, while it runs
    assert offered[-8:] not in new_here.text()
    password = check_elsewhere(new_here, page)

    assert new_here.end() == 0
    assert new_here.text().count(password) == 1
    assert new_here.left_behind() == []


def test_ctrl_c_ends_it_while_a_page_waits_for_news(demo: Running) -> None:
    with urlopen(f"{demo.url()}/changes", timeout=10) as news:  # noqa: S310 - our own address
        assert news.readline().startswith(b"data: ")
        assert demo.end() == 0
    assert demo.left_behind() == []
    assert '"level": "error"' not in demo.text()
    assert "Traceback" not in demo.text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_while_it_starts_it_leaves_nothing_behind(
    demo: Running, number: signal.Signals
) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while not any(demo.temporary.glob("smoney-demo-*/demo.db")):
        demo.check_alive(deadline)
    assert demo.end(number) == 0
    assert demo.left_behind() == []
    assert "Traceback" not in demo.text()


def test_who_is_new_here_has_only_the_libraries_installed() -> None:
    """As after the first command of the README, which is to need no more."""
    python = from_sources()
    look = "import importlib.metadata as m; m.version('smoney-bot')"
    missing = subprocess.run(  # noqa: S603 - our own program
        [*python.words, "-c", look],
        env=os.environ | python.environment,
        capture_output=True,
        check=False,
    )
    assert b"PackageNotFoundError" in missing.stderr


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with running(tmp_path, "--port", str(port)) as demo:
            assert demo.process.wait(_STARTS_WITHIN_SECONDS) == 1
    said = " ".join(demo.text().split())
    assert f"Port {port} or {port + 1} cannot be used (Address already in use). Choose" in said
    assert "--port 0" in said
    assert "Traceback" not in said
    assert demo.left_behind() == []
