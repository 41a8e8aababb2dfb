"""A stranger who follows docs/going-live.md, and carries out its code line by line.

Translated is only what stands around the bot: Docker, systemd and the name in the DNS.
`docker compose run --rm bot X` and `smoney-bot X` are the same command here, with the
.env and the secrets that `init` made; what starts the daemon starts it. X is the sandbox.
A line that is not known here is an `UnknownLine`: the page must not tell what nobody tries.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from dotenv import dotenv_values
from driver import Done, Service
from enrolment_cast import ask
from going_live import ELSEWHERE, lines
from typer.testing import CliRunner
from x_side import ALICE, BOT, XSide

from smoney_bot import settings as environment
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.cli import app
from smoney_bot.cli.opening import opened_to_pay
from smoney_bot.cli.running import working
from smoney_bot.settings import Settings
from smoney_bot.web.app import create_app

ROOT = Path(__file__).parents[2]

#: What X's console shows a stranger, by the names that `init` gives them.
CONSOLE = {
    "API key": "an-invented-consumer-key",
    "API key secret": "an-invented-consumer-secret",
    "Access token": f"{BOT}-an-invented-token",
    "Access token secret": "an-invented-token-secret",
    "Bearer token": "an-invented-bearer-token",
    "OAuth 2.0 client secret": "",
}
APP = AppKeys(
    consumer_key=CONSOLE["API key"],
    consumer_secret=CONSOLE["API key secret"],
    access_token=CONSOLE["Access token"],
    access_token_secret=CONSOLE["Access token secret"],
    bearer_token=CONSOLE["Bearer token"],
    bot_id=BOT,
)

_BOT = re.compile(r"(?:docker compose run --rm bot|smoney-bot|bot) (.+)")
_REFERENCE = re.compile(r"\b[0-9A-Z]{4,}-[0-9]{2}\b")


class UnknownLine(AssertionError):
    """The page tells something that this stranger cannot do."""

    def __init__(self, line: str) -> None:
        super().__init__(
            f"docs/going-live.md tells {line!r}, which nobody can carry out:"
            " correct it there, or teach it to tests/service/stranger.py"
        )


@dataclass
class Stranger:
    """Carries out; `done` has each command of the bot with what it printed, in order.

    *after_init* is called with the folder that `init` made: there a test puts what
    stands for another machine.
    """

    folder: Path
    x: XSide
    after_init: Callable[[Path], None] = lambda _made: None
    done: list[tuple[str, Done]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    reference: str = ""
    answer: str = ""
    told_next: list[str] = field(default_factory=list)
    known_as_bot: str = ""

    def __post_init__(self) -> None:
        self._open = ExitStack()
        self.service = self._open.enter_context(Service(self.folder, "", self.x.url))
        self._given(SMONEY_LOG_FORMAT="json")
        self._acts: list[tuple[str, Callable[[re.Match[str]], object]]] = [
            (r"smoney-bot init(?: (/\S+))?(?: (--.+))?", self._init),
            (r"docker compose up --detach", self._compose_up),
            (r"docker compose ps", self._look_at_daemons),
            (r"systemctl enable --now ([\w. -]+)", self._enable),
            (r"cp (?:-r )?(.+) /\S+", self._copy),
            (r"cd (/\S+)", self._enter),
            (r"export SMONEY_SECRETS_DIR=(/\S+)", self._name_secrets),
            (r"alias bot=(.+)", self._alias),
            (_BOT.pattern, self._run),
            (r"@\w+ #.+", self._post),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def knows(self, line: str) -> bool:
        """Whether it could carry out *line*, or knows where that is tried."""
        return self._find(line) is not None

    def follow(self, text: str) -> None:
        """Carry out the code of *text*, from top to bottom."""
        for line in lines(text):
            act = self._find(line)
            if act is None:
                raise UnknownLine(line)
            act()

    def _find(self, line: str) -> Callable[[], object] | None:
        if any(re.fullmatch(one, line) for one in ELSEWHERE):
            return lambda: None
        for pattern, act in self._acts:
            found = re.fullmatch(pattern, line)
            if found is not None:
                return lambda: act(found)
        return None

    # What stands around the bot --------------------------------------------------------

    def _at(self, path: str) -> Path:
        """Return where a folder of the page lies here: root's are under the test's own."""
        return self.folder / path.lstrip("/") if path.startswith("/") else self.folder

    def _given(self, **settings: str) -> None:
        """Let the environment hold these settings of ours, and no other."""
        kept = {k: v for k, v in self.service.environment.items() if not k.startswith("SMONEY_")}
        self.service.environment = kept | settings

    def _init(self, found: re.Match[str]) -> None:
        """Answer its questions from X's console; the sandbox and its port stand in .env before."""
        made = self._at(found[1] or "")
        made.mkdir(parents=True, exist_ok=True)
        beside_x = {"X_API_URL": self.x.url, "PORT": str(self.service.port)}
        (made / ".env").write_text("".join(f"SMONEY_{k}={v}\n" for k, v in beside_x.items()))
        words = shlex.split(found[2] or "")
        words = [re.sub(r"(?<=sqlite:///)/", f"{self.folder}/", word) for word in words]
        facts = [self.service.url, "Smoney", APP.access_token.split("-")[0], "5.00"]
        typed = "".join(f"{one}\n" for one in [*facts, *CONSOLE.values()])
        asked = CliRunner().invoke(app, ["init", str(made), *words], input=typed)
        assert asked.exit_code == 0, asked.output
        _, _, told = asked.output.partition("Next:")
        self.told_next = [line.partition("#")[0].strip() for line in told.strip().splitlines()]
        self.after_init(made)

    def _compose_up(self, _: re.Match[str]) -> None:
        """As docker-compose.yml has it: `migrate`, then `web` and `work`."""
        self._given(SMONEY_SECRETS_DIR="secrets", SMONEY_LOG_FORMAT="json")
        migrated = self.service.call("db", "upgrade")
        assert migrated.code == 0, migrated.err
        self._start("web", "work")
        ends = time.monotonic() + 15  # some seconds, says the page
        while "has ever come round" in self.service.call("doctor").out:
            assert time.monotonic() < ends, self.service.log()
            time.sleep(0.1)

    def _enable(self, found: re.Match[str]) -> None:
        """As the units have it: .env as the environment, secrets in a folder, then `serve`.

        In this process, which is quicker: the other way to go live has processes.
        """
        units = [one if "." in one else f"{one}.service" for one in found[1].split()]
        absent = [one for one in units if not (ROOT / "deploy/systemd" / one).exists()]
        assert absent == [], "there is no such unit"
        settings = self._at("/etc/smoney")
        self._at("/var/lib/smoney").mkdir(mode=0o700, parents=True)  # StateDirectoryMode
        env = {name: value or "" for name, value in dotenv_values(settings / ".env").items()}
        env["SMONEY_SECRETS_DIR"] = str(settings / "secrets")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            self._serve(environment.load())

    def _serve(self, settings: Settings) -> None:
        book = self._open.enter_context(opened_to_pay(settings, new=True))
        workers = self._open.enter_context(working(settings, book))
        bot = create_app(settings, book, workers.wake)
        self._open.callback(serve(bot, port=settings.port).stop)
        self.service.wait_ready()

    def _start(self, *daemons: str) -> None:
        self.daemons: list[subprocess.Popen[bytes]] = [self.service.start(one) for one in daemons]
        self.service.wait_ready()

    def _look_at_daemons(self, _: re.Match[str]) -> None:
        assert [one.poll() for one in self.daemons] == [None, None], self.service.log()
        assert self.service.get("/health/ready")[0] == 200

    def _copy(self, found: re.Match[str]) -> None:
        for source in found[1].split():
            assert list(ROOT.glob(source)), f"there is no {source} to copy"

    def _enter(self, found: re.Match[str]) -> None:
        self.service.folder = self._at(found[1])

    def _name_secrets(self, found: re.Match[str]) -> None:
        self.service.environment["SMONEY_SECRETS_DIR"] = str(self._at(found[1]))

    def _alias(self, found: re.Match[str]) -> None:
        (self.known_as_bot,) = shlex.split(found[1])
        assert _BOT.fullmatch(f"{self.known_as_bot} doctor"), found[0]

    # The bot ---------------------------------------------------------------------------

    def _run(self, found: re.Match[str]) -> None:
        assert self.known_as_bot or not found[0].startswith("bot "), "bot: no such command yet"
        command = found[1].replace("7K3Q-48", self.reference or "7K3Q-48")
        done = self.service.call(*shlex.split(command))
        self.done.append((found[1], done))
        if found[1].startswith("customer invite "):
            self._enrol(done.out.strip())
        elif done.code != 0 and found[1] != "doctor":
            raise AssertionError(f"{found[0]}: {done.err or done.out}")

    def _enrol(self, link: str) -> None:
        """Be alice, over real HTTP: a PIN, then the card, and its first code."""
        assert link.startswith(f"{self.service.url}/enrolment/"), "no link"
        assert ask(link).status == 200
        drawn = ask(link, {"pin": "7391", "again": "7391"})
        first, *self.codes = drawn.codes
        assert ask(f"{link}/code", {"code": first}).status == 303

    def _post(self, found: re.Match[str]) -> None:
        """Be alice, on X; her answer comes within seconds, under her post."""
        post = self.x.world.post(ALICE, found[0].replace("07482193", self.codes[0]))
        ends = time.monotonic() + 15
        while time.monotonic() < ends:
            seen = self.x.world.changes()
            for one in self.x.world.timeline(10):
                if (one.author_id, one.in_reply_to) == (BOT, post.id):
                    self.answer = one.text
                    (self.reference,) = _REFERENCE.findall(one.text)
                    return
            self.x.world.wait(seen, 1)
        raise AssertionError(f"no answer to {post.id}: {self.service.log()}")
