"""The repository as a whole: what must stand in it does, and what must not does not.

Words that must not stand in it are put together from pieces here, since this
file is looked through too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from smoney_bot.settings import Settings

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]

_REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "golang" + ".org",
    "crates" + ".io",
    "anaconda" + ".org",
    "arti" + "factory",
    "index" + "-url",
    "find" + "-links",
]
_HOMES = [
    "/ho" + "me/[a-z]",
    "/Us" + "ers/[A-Za-z]",
    "/ro" + "ot/",
    "/wo" + "rk/[a-z]",
    "[A-Z]:" + r"\\Us" + "ers",
]
_FOREIGN = re.compile(
    rf"(?:{'|'.join(map(re.escape, _REGISTRIES))})|(?<![\w./-])(?:{'|'.join(_HOMES)})".encode()
)


@cache
def repository() -> list[Path]:
    """Every file that git keeps, or would keep at the next `git add`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository")
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.decode()  # noqa: S603 - fixed words
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file()]


# --- what must not stand in it ----------------------------------------------------


def test_no_file_names_a_registry_or_a_developers_folder() -> None:
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in repository()
        if (match := _FOREIGN.search(path.read_bytes())) is not None
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "https://files.python" + "hosted.org/packages/x.whl",
        "--extra-index" + "-url https://mirror.example/simple",
        'path = "/ho' + 'me/alice/smoney"',
        "cd /ro" + "ot/smoney",
        "C:" + "\\Users\\alice",
    ],
)
def test_the_look_for_them_finds_them(planted: str) -> None:
    assert _FOREIGN.search(planted.encode())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_pins_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert unpinned(text) == []


def unpinned(lock: str) -> list[str]:
    """Return the requirements without an exact version or without a hash."""
    joined = lock.replace("\\\n", " ").splitlines()
    lines = [line for line in joined if line.strip() and not line.startswith("#")]
    pinned = re.compile(r"[\w.\[\],-]+==[\w.+!]+( ;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    return [line for line in lines if not pinned.fullmatch(line)]


@pytest.mark.parametrize(
    "line",
    [
        "rich==15.0.0\n",
        f"rich>=15 \\\n    --hash=sha256:{'0' * 64}\n",
        f"rich @ file:///rich.whl \\\n    --hash=sha256:{'0' * 64}\n",
        "rich==15.0.0 \\\n    --hash=md5:00\n",
    ],
)
def test_the_look_for_what_is_not_pinned_finds_it(line: str) -> None:
    assert len(unpinned(line)) == 1


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_what_the_project_asks_for(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    versions = dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["postgres"]
    absent = [
        str(one)
        for one in map(Requirement, asked)
        if one.name not in versions or not one.specifier.contains(versions[one.name])
    ]
    assert absent == []


# --- what must stand in it --------------------------------------------------------


def test_every_module_has_a_docstring() -> None:
    modules = [path for path in repository() if path.suffix == ".py"]
    assert len(modules) > 100
    bare = [
        str(path.relative_to(ROOT))
        for path in modules
        if not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert bare == []


def test_the_example_of_settings_names_every_setting_and_nothing_else() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:# ?)?SMONEY_([A-Z_]+)=", example, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## Unreleased$", changelog, re.MULTILINE)
