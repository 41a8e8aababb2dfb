"""The log: one line for each fact, in one format, and never a secret in it."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from smoney_bot import telemetry
from smoney_bot.book.engine import Book

#: A code that nobody ever says elsewhere in these tests.
PLANTED = "07482193"

#: What stands in a local variable: no stars would hide it.
LOCAL = "zqvcanary"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave logging as it was: other tests have theirs."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def configured(
    log_format: str = "json", level: str = "info", *, terminal: bool = False
) -> io.StringIO:
    """Configure the log and return the stream it goes to."""
    stream = Terminal() if terminal else io.StringIO()
    telemetry.configure(log_format, level, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def ours() -> Any:  # noqa: ANN401 - structlog's loggers take any facts
    return structlog.get_logger("smoney_bot.workers.counter")


# Form ---------------------------------------------------------------------------------


def test_a_line_of_json_tells_what_when_and_of_what() -> None:
    stream = configured()
    ours().info("payment.booked", reference="7K3Q-48", amount_cents=2000, who="é")
    (line,) = lines(stream)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.tzinfo == UTC
    assert line == {
        "event": "payment.booked",
        "level": "info",
        "logger": "smoney_bot.workers.counter",
        "reference": "7K3Q-48",
        "amount_cents": 2000,
        "who": "é",
    }
    assert "é" in stream.getvalue()


def test_a_line_of_text_is_for_people() -> None:
    stream = configured("text")
    ours().info("payment.booked", reference="7K3Q-48")
    assert re.search(r"info\s.*payment\.booked.*reference=7K3Q-48", stream.getvalue())
    assert "\x1b" not in stream.getvalue(), "no colours in a file"


def test_text_stands_in_columns_and_names_only_other_peoples_modules() -> None:
    stream = configured("text")
    ours().info("payment.booked", key="t:19", reference="7K3Q-48")
    ours().warning("reply.wait", reference="7K3Q-49")
    logging.getLogger("somebody").warning("out of paper")
    booked, wait, foreign = stream.getvalue().splitlines()
    assert re.match(r"\d\d:\d\d:\d\d info    payment\.booked +reference=7K3Q-48 key=t:19$", booked)
    assert booked.index("payment.booked") == wait.index("reply.wait")
    assert booked.index("reference=") == wait.index("reference=")
    assert foreign.endswith("[somebody]")


def test_a_line_of_text_is_one_line_whatever_it_says() -> None:
    stream = configured("text", terminal=False)
    ours().info("odd", words="one\ntwo\u2028three\x1b[2J", name="x\x1b]0;title\x07")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(("terminal", "text"), [(True, True), (False, False)])
def test_auto_is_text_on_a_terminal_and_json_elsewhere(
    terminal: bool,  # noqa: FBT001 - a column of the table
    text: bool,  # noqa: FBT001 - likewise
) -> None:
    stream = configured("auto", terminal=terminal)
    ours().info("payment.booked")
    assert ("\x1b[" in stream.getvalue()) is text
    assert stream.getvalue().startswith("{") is not text


def test_a_library_speaks_in_the_same_form() -> None:
    stream = configured()
    logging.getLogger("somebody").warning("out of %s", "paper")
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("out of paper", "warning", "somebody")


def test_each_line_is_one_line_whatever_it_says() -> None:
    stream = configured()
    ours().info("odd", words="one\ntwo\u2028three\x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_less_than_the_level_is_not_written(level: str, heard: int) -> None:
    stream = configured(level=level)
    for name in ("debug", "info", "warning", "error"):
        getattr(ours(), name)(name)
    assert len(lines(stream)) == heard


def test_configuring_again_does_not_say_everything_twice() -> None:
    configured()
    stream = configured()
    ours().info("once")
    assert len(lines(stream)) == 1


# Secrets ------------------------------------------------------------------------------


def _look_up(said: str) -> None:
    """Fail with a secret in a local variable."""
    deeper = {"code": said}
    dict[str, int]()["inner"]
    deeper.clear()


def _fail(said: str) -> None:
    """Fail for a cause, both with a secret in a local variable."""
    try:
        _look_up(said)
    except KeyError as cause:
        raise RuntimeError("outer") from cause


def logged_failure(log: Callable[..., None]) -> None:
    planted = LOCAL
    try:
        _fail(planted)
    except RuntimeError:
        log("it.failed")


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("who", ["ours", "theirs"])
def test_a_traceback_has_no_local_variables(
    log_format: str,
    terminal: bool,  # noqa: FBT001 - both
    who: str,
) -> None:
    stream = configured(log_format, terminal=terminal)
    logged_failure(ours().exception if who == "ours" else logging.getLogger("x").exception)
    text = stream.getvalue()
    assert "RuntimeError" in text
    assert "KeyError" in text
    assert "_fail" in text, "where it happened is told"
    assert LOCAL not in text


def test_a_traceback_with_local_variables_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: structlog's own choice shows them."""
    real = structlog.tracebacks.ExceptionDictTransformer
    monkeypatch.setattr(
        structlog.tracebacks, "ExceptionDictTransformer", lambda **_: real(show_locals=True)
    )
    stream = configured()
    logged_failure(ours().exception)
    assert LOCAL in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("terminal", [True, False])
def test_digits_in_the_words_of_an_exception_are_starred(
    log_format: str,
    terminal: bool,  # noqa: FBT001 - both
) -> None:
    stream = configured(log_format, terminal=terminal)
    for log in (ours().exception, logging.getLogger("x").exception):
        try:
            int(f"{PLANTED}x")
        except ValueError as error:
            error.add_note(f"it was {PLANTED}")
            both = ExceptionGroup("several", [error, OSError(f"disk {PLANTED}")])
            log("it.failed", exc_info=both)
    assert PLANTED not in stream.getvalue()
    assert stream.getvalue().count("*" * len(PLANTED)) == 6
    assert "test_telemetry.py" in stream.getvalue()


@pytest.mark.parametrize("said", ["1234", PLANTED, "\u0661\u0662\u0663\u0664", "x074821y"])
def test_digits_in_the_words_of_others_are_starred(said: str) -> None:
    stream = configured()
    logging.getLogger("somebody").warning("row %s is odd", said)
    logging.getLogger("somebody").warning("row %(said)s is odd", {"said": said})
    both = lines(stream)
    assert all(line.pop("timestamp") for line in both), "the time's own digits may be the same"
    assert said not in repr(both)
    assert [line["event"].count("*") >= 4 for line in both] == [True, True]


def test_few_digits_and_our_own_facts_stay() -> None:
    stream = configured()
    logging.getLogger("somebody").warning("port 443")
    ours().info("payment.booked", amount_cents=25000)
    assert lines(stream)[0]["event"] == "port 443"
    assert lines(stream)[1]["amount_cents"] == 25000


@pytest.mark.parametrize(
    "name",
    [
        "tweepy.client",
        "urllib3.connectionpool",
        "requests_oauthlib",
        "oauthlib.oauth1.rfc5849",
        "sqlalchemy.engine.Engine",
        "alembic.runtime.migration",
        "uvicorn.access",
        "uvicorn.error",
    ],
)
def test_libraries_that_write_headers_stay_quiet_at_debug(name: str) -> None:
    stream = configured(level="debug")
    logging.getLogger(name).debug("Authorization: %s", "secret")
    logging.getLogger(name).info("Authorization: %s", "secret")
    assert stream.getvalue() == ""
    logging.getLogger(name).warning("something is wrong")
    assert len(lines(stream)) == 1


def test_the_database_tells_no_row_at_debug(sqlite_book: Book) -> None:
    stream = configured(level="debug")
    with sqlite_book.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE planted (code TEXT)")
        connection.exec_driver_sql("INSERT INTO planted VALUES (?)", (PLANTED,))
    assert PLANTED not in stream.getvalue()


def test_a_warning_of_python_does_not_disturb_the_log() -> None:
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    ours().info("on")
    assert len(lines(stream)) == 1


def test_the_metrics_have_no_label_that_could_name_a_person() -> None:
    counters = (telemetry.MESSAGES, telemetry.KEPT, telemetry.TURNED_AWAY, telemetry.REPLIES)
    labels = {label for one in counters for label in one._labelnames}  # noqa: SLF001 - no other way
    assert labels == {"outcome", "why"}


def test_the_samples_of_the_page_are_what_is_written() -> None:
    page = (Path(__file__).parents[1] / "docs" / "logs.md").read_text(encoding="utf-8")
    found = re.search(r'^    (\{"amount_cents.*?\})$', page, re.MULTILINE | re.DOTALL)
    assert found
    sample = " ".join(found[1].split())
    told = json.loads(sample)
    ours = {"event", "level", "logger", "timestamp"}
    facts = {name: fact for name, fact in told.items() if name not in ours}

    def written(log_format: str) -> str:
        stream = configured(log_format)
        structlog.get_logger(told["logger"]).info(told["event"], **facts)
        return stream.getvalue().strip()

    line = written("json")
    assert line.replace(json.loads(line)["timestamp"], told["timestamp"]) == sample
    assert f"    21:04:13 {written('text').split(maxsplit=1)[1]}" in page.splitlines()
