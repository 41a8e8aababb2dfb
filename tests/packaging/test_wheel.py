"""The wheel: what is in it, and that it works without the source tree beside it."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "smoney_bot"

_MADE_BY_TOOLS = re.compile(r"(^|/)(__pycache__|\.[^/]+)/|\.pyc$")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the backend that is installed here, so without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(["-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT, {})
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Every file in the wheel."""
    with ZipFile(wheel) as zipped:
        return set(zipped.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The wheel unzipped, which is what an installer does with it."""
    folder = wheel.parent / "installed"
    with ZipFile(wheel) as zipped:
        zipped.extractall(folder)
    return folder


def run(words: list[str], folder: Path, settings: dict[str, str]) -> str:
    """Run Python in *folder* with only these settings; return what it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SMONEY_", "PYTHON"))}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *words],
        cwd=folder,
        env=inherited | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path, name_inside: str) -> set[str]:
    """Return the files of a source folder by the names they should have in the wheel."""
    found = {
        f"{name_inside}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {name for name in found if not _MADE_BY_TOOLS.search(name)}


def strangers(names: Iterable[str]) -> set[str]:
    """Return what has no business in a wheel: tests, and what tools leave behind."""
    foreign = re.compile(r"(^|/)(tests?|benchmarks)/|(^|/)(test_[^/]*|conftest)\.py$")
    return {name for name in names if foreign.search(name) or _MADE_BY_TOOLS.search(name)}


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    assert files(PACKAGE, "smoney_bot") - names == set()
    assert "smoney_bot/py.typed" in names
    for kind in (
        r"locales/fr/.*\.po",
        r"locales/en/.*\.po",
        r"templates/.*\.html",
        r"static/.*\.css",
    ):
        assert [name for name in names if re.search(kind, name)], kind


def test_the_wheel_holds_every_migration(names: set[str]) -> None:
    expected = files(ROOT / "migrations", "smoney_bot/_migrations")
    assert [name for name in expected if "/versions/" in name]
    assert expected - names == set()


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    ours = files(PACKAGE, "smoney_bot") | files(ROOT / "migrations", "smoney_bot/_migrations")
    assert {name for name in names - ours if ".dist-info/" not in name} == set()
    assert strangers(names) == set()


def test_the_look_for_strangers_finds_them() -> None:
    planted = {
        "tests/conftest.py",
        "smoney_bot/test_money.py",
        "smoney_bot/bank/__pycache__/money.cpython-311.pyc",
        "smoney_bot/.mypy_cache/x.json",
    }
    assert strangers(planted | {"smoney_bot/bank/money.py"}) == planted


def test_the_command_is_an_entry_point(wheel: Path, names: set[str]) -> None:
    (name,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    points = ConfigParser()
    with ZipFile(wheel) as zipped:
        points.read_string(zipped.read(name).decode())
    assert points["console_scripts"]["smoney-bot"] == "smoney_bot.cli:main"


def test_the_licence_travels_with_the_wheel(names: set[str]) -> None:
    assert [name for name in names if re.search(r"\.dist-info/licenses/LICENSE$", name)]


def test_an_account_is_opened_without_the_source_tree(installed: Path, tmp_path: Path) -> None:
    settings = {
        "PYTHONPATH": str(installed),
        "SMONEY_DATABASE_URL": f"sqlite:///{tmp_path}/book.db",
        "SMONEY_SECRET_KEYS": "test:" + base64.b64encode(b"k" * 32).decode(),
    }
    where = run(["-c", "import smoney_bot; print(smoney_bot.__file__)"], tmp_path, settings)
    assert Path(where.strip()).is_relative_to(installed)  # not the source tree

    run(["-m", "smoney_bot", "db", "upgrade"], tmp_path, settings)
    words = ["customer", "open", "alice", "--x-id", "111111111", "--json"]
    opened = json.loads(run(["-m", "smoney_bot", *words], tmp_path, settings))
    assert (opened["handle"], opened["state"], opened["balance_cents"]) == ("alice", "open", 0)


def test_passlib_comes_from_libpass_alone() -> None:
    """Both distributions install the module `passlib`; the older one would overwrite ours."""
    there = {one.name.lower() for one in metadata.distributions()}
    assert "libpass" in there
    assert "passlib" not in there
    (only,) = set(metadata.packages_distributions()["passlib"])
    assert only == "libpass"
