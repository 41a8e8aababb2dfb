"""Dockerfile, docker-compose.yml, Caddyfile and units: what they promise, read from them."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_repository import unpinned
from typer.testing import CliRunner

from smoney_bot.cli import app
from smoney_bot.cli.questions import QUESTIONS
from smoney_bot.settings import Settings

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
DAEMONS = ["web", "work"]
OURS = ["migrate", *DAEMONS, "bot"]

Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    found: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    """Its instructions, one a line, without comments."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [one.strip() for one in "\n".join(lines).replace("\\\n", " ").splitlines() if one]


def is_setting(name: str) -> bool:
    """Whether SMONEY_... is a setting, or the folder that secrets are read from."""
    return name.removeprefix("SMONEY_").lower() in {*Settings.model_fields, "secrets_dir"}


# --- names ----------------------------------------------------------------------------


def settings_named(text: str) -> set[str]:
    return set(re.findall(r"\bSMONEY_[A-Z0-9_]+", text))


@pytest.mark.parametrize("path", ["Dockerfile", "docker-compose.yml", *map(str, UNITS)])
def test_every_setting_that_is_named_exists(path: str) -> None:
    named = settings_named((ROOT / path).read_text(encoding="utf-8"))
    assert named
    assert {name for name in named if not is_setting(name)} == set()


def test_a_setting_that_does_not_exist_is_found() -> None:
    named = settings_named("environment: { SMONEY_PORTS: 8000, SMONEY_PORT: 8000 }")
    assert {name for name in named if not is_setting(name)} == {"SMONEY_PORTS"}


# --- docker-compose.yml ---------------------------------------------------------------


def test_no_service_can_write_but_where_it_should_or_gain_rights(compose: Compose) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
    added = {n: s["cap_add"] for n, s in compose["services"].items() if "cap_add" in s}
    assert added == {"caddy": ["NET_BIND_SERVICE"]}


def test_every_service_that_stays_has_limits_and_a_log_that_ends(compose: Compose) -> None:
    for name, service in compose["services"].items():
        assert {"max-size", "max-file"} == set(service["logging"]["options"]), name
        if service.get("restart"):
            assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"]), name


def test_only_caddy_is_open_to_the_world(compose: Compose) -> None:
    published = {n: s["ports"] for n, s in compose["services"].items() if "ports" in s}
    assert published.pop("caddy") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    internal = {name for name, one in compose["networks"].items() if one.get("internal")}
    assert {"front", "back"} <= internal
    for name in ("db", "web"):
        assert set(compose["services"][name]["networks"]) <= internal, name


def test_secrets_are_files_and_each_service_gets_its_own_alone(compose: Compose) -> None:
    services = compose["services"]
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}
    assert set(services["work"]["secrets"]) == set(compose["secrets"]) - {"POSTGRES_PASSWORD"}
    for name in ("db", "caddy", "prometheus", "grafana"):
        named = {one for one in services[name].get("secrets", []) if one.startswith("SMONEY_")}
        assert named == set()
    posting = {"SMONEY_X_ACCESS_TOKEN", "SMONEY_X_ACCESS_TOKEN_SECRET", "SMONEY_X_BEARER_TOKEN"}
    assert posting.isdisjoint(services["web"]["secrets"]), "the door cannot post on X"
    assert services["migrate"]["secrets"] == ["SMONEY_DATABASE_URL"]


def test_no_secret_stands_in_the_environment(compose: Compose) -> None:
    for name, service in compose["services"].items():
        given = service.get("environment", {})
        assert {key for key in given if key in compose["secrets"] and given[key]} == set(), name


def test_what_compose_reads_is_what_init_makes(compose: Compose, tmp_path: Path) -> None:
    CliRunner().invoke(app, ["init", str(tmp_path), "--defaults"])
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    made |= {f"SMONEY_{one.setting}" for one in QUESTIONS if one.secret}
    assert made == set(compose["secrets"])
    url = (tmp_path / "secrets/SMONEY_DATABASE_URL").read_text()
    db = compose["services"]["db"]["environment"]
    assert url.startswith(f"postgresql+psycopg://{db['POSTGRES_USER']}:")
    assert url.strip().endswith(f"@db/{db['POSTGRES_DB']}")


def test_the_bot_starts_when_the_tables_are_there(compose: Compose) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in DAEMONS:
        wanted = {"migrate": {"condition": "service_completed_successfully"}}
        assert services[name]["depends_on"] == wanted
    assert services["migrate"]["command"] == ["db", "upgrade"]
    assert [services[name]["command"] for name in DAEMONS] == [["web"], ["work"]]


def test_our_services_run_one_image(compose: Compose) -> None:
    for name in OURS:
        assert compose["services"][name]["image"] == "smoney-bot"
        assert compose["services"][name]["build"] == "."


def test_every_folder_that_is_mounted_is_there(compose: Compose) -> None:
    mounted = [one for s in compose["services"].values() for one in s.get("volumes", [])]
    ours = [one.split(":")[0] for one in mounted if one.startswith("./")]
    assert ours
    assert [one for one in ours if not (ROOT / one).exists()] == []
    named = {one.split(":")[0] for one in mounted if not one.startswith("./")}
    assert named == set(compose["volumes"])


# --- Dockerfile -----------------------------------------------------------------------


def test_the_image_is_made_of_what_is_pinned(dockerfile: list[str]) -> None:
    installing = [one for one in dockerfile if re.search(r"\bpip\b.* (install|wheel) ", one)]
    assert len(installing) == 3
    for one in installing:
        pinned = "--require-hashes" in one or "--no-index" in one
        assert pinned, one


def test_the_build_backend_is_the_one_that_is_tested() -> None:
    build = (ROOT / "requirements-build.lock").read_text(encoding="utf-8")
    assert unpinned(build) == []
    assert "://" not in build
    pins = re.findall(r"^[\w.-]+==\S+", build, re.MULTILINE)
    tested = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    assert any(pin.startswith("hatchling==") for pin in pins)
    assert [pin for pin in pins if f"\n{pin} " not in f"\n{tested}"] == []


def test_the_last_stage_has_a_user_and_no_tools(dockerfile: list[str]) -> None:
    last = dockerfile[max(n for n, one in enumerate(dockerfile) if one.startswith("FROM")) :]
    assert not [one for one in last if re.search(r"\b(pip|apt-get|curl|git)\b", one)]
    assert "USER 10001:10001" in last
    copied = [one for one in last if one.startswith(("COPY", "ADD"))]
    assert copied == ["COPY --from=build /opt/smoney /opt/smoney"]


def test_signals_reach_the_daemon(dockerfile: list[str]) -> None:
    """In the form without a shell, which would keep SIGTERM for itself."""
    assert 'ENTRYPOINT ["smoney-bot"]' in dockerfile
    assert 'CMD ["serve"]' in dockerfile
    assert "STOPSIGNAL SIGTERM" in dockerfile
    assert next(one for one in dockerfile if one.startswith("HEALTHCHECK")).find('CMD ["') > 0


def test_no_setting_of_the_image_hides_a_secret_file(dockerfile: list[str]) -> None:
    """The environment wins over files: what may be a secret file is not set in it."""
    fixed = settings_named("\n".join(one for one in dockerfile if one.startswith("ENV")))
    assert fixed == {"SMONEY_HOST", "SMONEY_PORT", "SMONEY_LOG_FORMAT"}


def test_the_builder_gets_what_the_dockerfile_copies_and_nothing_else(
    dockerfile: list[str],
) -> None:
    copied = [one.split()[1:-1] for one in dockerfile if re.match(r"COPY (?!--)", one)]
    wanted = {name for names in copied for name in names}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == wanted
    assert [name for name in wanted if not (ROOT / name).exists()] == []


# --- systemd --------------------------------------------------------------------------


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_hands_its_secrets_over_in_memory(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    handed = [line.partition("=")[2] for line in lines if line.startswith("LoadCredential=")]
    assert handed
    assert all(
        one == f"{one.split(':')[0]}:/etc/smoney/secrets/{one.split(':')[0]}" for one in handed
    )
    assert any("SMONEY_SECRETS_DIR=%d" in line for line in lines)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_units_and_finds_them_well_confined(tmp_path: Path) -> None:
    for path in (ROOT / "deploy/systemd").glob("*.[st][ei]*[er]"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == len(UNITS) + 1
    verified = analyze(tmp_path, "verify", *(f"./{name}" for name in names))
    assert verified == ""
    for path in UNITS:
        found = analyze(tmp_path, "security", "--offline=yes", f"./{path.name}")
        level = re.search(r"exposure level for \S+: ([0-9.]+)", found)
        assert level, found
        assert float(level[1]) <= 1.5, path.name


def analyze(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed words
        ["systemd-analyze", *words],  # noqa: S607 - wherever it is
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_timer_starts_the_backup() -> None:
    timer = RawConfigParser(strict=False)
    timer.read(ROOT / "deploy/systemd/smoney-backup.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert (ROOT / "deploy/systemd/smoney-backup.service").exists()
