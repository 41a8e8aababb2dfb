"""Stand-ins for the base images, by debootstrap, where none can be pulled.

They have the very names that the Dockerfile and docker-compose.yml use, so that both
are tried as they are. `stand-ins/` says what each of them has in common with the real one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from docker_engine import Engine

ROOT = Path(__file__).parents[2]
_RECIPES = Path(__file__).parent / "stand-ins"
_DEBIAN = "trixie"  # from the mirror that debootstrap itself prefers
_BASE = "smoney-stand-in"
_AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
_PLUGIN = "/usr/libexec/docker/cli-plugins/docker-compose"


def names() -> dict[str, str]:
    """Return which base images the product names, by our recipe for each."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    composed = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = dict(re.findall(r"\$\{([A-Z]+)_IMAGE:-(\S+)\}", composed))
    (found["PYTHON"],) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    return {name: found[name.upper()] for name in ("python", "postgres", "caddy")}


def make(engine: Engine) -> None:
    """Give *engine* all of them, and `docker compose` if this machine has none."""
    if engine.ask("image", "inspect", _BASE).returncode:
        _import(engine, _debian(engine.folder))
    for recipe, name in names().items():
        _build(engine, recipe, name)
    if engine.ask("compose", "version").returncode:
        _take_compose(engine)


def _debian(folder: Path) -> Path:
    """Return a folder with Debian's smallest system, made once."""
    made = folder / _DEBIAN
    if not made.exists():
        part = folder / f"{_DEBIAN}.part"
        shutil.rmtree(part, ignore_errors=True)
        words = ["--variant=minbase", "--include=ca-certificates", _DEBIAN, str(part)]
        subprocess.run(["debootstrap", *words], check=True, capture_output=True)  # noqa: S603, S607 - fixed words, wherever it is
        # Builds trust whom this machine trusts: there may be a proxy that signs for all.
        shutil.copyfile(f"/{_AUTHORITIES}", part / _AUTHORITIES)
        part.rename(made)
    return made


def _import(engine: Engine, system: Path) -> None:
    archive = engine.folder / "base.tar"
    fresh = [f"--exclude=./{one}/*" for one in ("proc", "sys", "dev")]
    subprocess.run(["tar", "-C", system, *fresh, "-cf", archive, "."], check=True)  # noqa: S603, S607 - as above
    engine.run("import", str(archive), _BASE)
    archive.unlink()


def _build(engine: Engine, recipe: str, name: str) -> None:
    # The classic builder, which needs no plugin of its own.
    engine.run("build", "--tag", name, str(_RECIPES / recipe), DOCKER_BUILDKIT="0")


def _take_compose(engine: Engine) -> None:
    _build(engine, "compose", "smoney-compose")
    made = engine.run("create", "smoney-compose", "true").strip()
    engine.run("cp", f"{made}:{_PLUGIN}", f"{engine.environment['DOCKER_CONFIG']}/cli-plugins/")
    engine.run("rm", made)
