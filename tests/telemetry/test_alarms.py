"""Alarms and dashboard ask for metrics that exist, and every alarm is explained."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest
import yaml
from documented import ROOT, Measured, measured

from smoney_bot.book.engine import Book

_DEPLOY = ROOT / "deploy"
_ASKED = re.compile(r"\b(smoney_[a-z_]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
_BY = re.compile(r"\bby \(([^)]*)\)")
_COMMAND = re.compile(r"smoney-bot ([a-z]+(?: [a-z-]+)?)")


def alarms() -> list[dict[str, Any]]:
    told = yaml.safe_load((_DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in told["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((_DEPLOY / "grafana" / "smoney.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = board["panels"]
    return found


def expressions() -> list[str]:
    shown = [one["expr"] for panel in panels() for one in panel.get("targets", [])]
    return [rule["expr"] for rule in alarms()] + shown


def unknown(expression: str, known: dict[str, Measured]) -> set[str]:
    """Return the metrics and labels of *expression* that do not exist."""
    by_sample = {name: one for one in known.values() for name in one.samples}
    asked = _ASKED.findall(expression)
    wrong = {name for name, _ in asked if name not in by_sample}
    labels = {label for name, _ in asked if name in by_sample for label in by_sample[name].labels}
    labels |= {"le"} if "_bucket" in expression else set()
    for name, matchers in asked:
        wrong |= set(_MATCHER.findall(matchers)) - (
            by_sample[name].labels if name in by_sample else set()
        )
    grouped = {label.strip() for group in _BY.findall(expression) for label in group.split(",")}
    return wrong | (grouped - labels)


@pytest.fixture
def known(sqlite_book: Book) -> dict[str, Measured]:
    return measured(sqlite_book)


def test_alarms_and_dashboard_ask_only_for_what_is_measured(known: dict[str, Measured]) -> None:
    look = partial(unknown, known=known)
    assert {one: look(one) for one in expressions() if look(one)} == {}


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("max(smoney_inbox_age_seconds) > 1", "smoney_inbox_age_seconds"),
        ("rate(smoney_messages[5m])", "smoney_messages"),
        ('smoney_messages_total{result="applied"}', "result"),
        ("sum by (handle) (smoney_messages_total)", "handle"),
        ("histogram_quantile(0.9, sum by (le) (rate(smoney_batch_seconds_bucket[5m])))", ""),
    ],
)
def test_the_look_for_what_is_not_measured_finds_it(
    expression: str, wrong: str, known: dict[str, Measured]
) -> None:
    assert unknown(expression, known) == ({wrong} if wrong else set())


def test_every_metric_is_watched_or_shown(known: dict[str, Measured]) -> None:
    """What nobody looks at need not be measured."""
    asked = {name for one in expressions() for name, _ in _ASKED.findall(one)}
    unseen = {name for name, one in known.items() if not set(one.samples) & asked}
    assert unseen == {"smoney_build_info"}


# Alarms -------------------------------------------------------------------------------


def test_every_alarm_says_what_is_wrong_what_to_do_and_where_it_is_explained() -> None:
    explained = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\w+)$", explained, re.MULTILINE)
    assert sections == [rule["alert"] for rule in alarms()], "in the same order"
    for rule in alarms():
        told = rule["annotations"]
        assert told["summary"]
        assert told["what_to_do"]
        assert told["runbook"] == f"docs/alarms.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_links_between_explanations_lead_somewhere() -> None:
    explained = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    sections = {word.lower() for word in re.findall(r"^## (\w+)$", explained, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", explained)) <= sections
    assert all((ROOT / "docs" / name).is_file() for name in re.findall(r"\]\((\w+\.md)", explained))


# Dashboard ----------------------------------------------------------------------------


def test_panels_have_a_title_a_sentence_a_unit_and_a_place_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["title"]
            assert panel["description"].endswith(".")
            assert panel["fieldConfig"]["defaults"]["unit"]
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))


def test_the_dashboard_has_a_row_for_each_part() -> None:
    titles = [panel["title"] for panel in panels() if panel["type"] == "row"]
    assert titles == [
        "Now",
        "Flow",
        "Codes",
        "X",
        "Ledger and loops",
        "Desk",
        "Held, collections and console",
    ]


def test_prometheus_reads_the_alarms_and_both_kinds_of_process() -> None:
    told = yaml.safe_load((_DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert told["rule_files"] == ["alerts.yml"]
    jobs = {job["job_name"] for job in told["scrape_configs"]}
    assert jobs == {"smoney-web", "smoney-work"}
