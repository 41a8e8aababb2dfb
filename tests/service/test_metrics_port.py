"""Workers without a web half answer Prometheus on a port of their own."""

from __future__ import annotations

import base64
import socket
import urllib.request

import pytest

from smoney_bot import settings as environment
from smoney_bot.book.engine import Book
from smoney_bot.cli.running import measured
from smoney_bot.settings import BadSettings, Settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(port: int | None) -> Settings:
    key = "test:" + base64.b64encode(b"k" * 32).decode()
    return environment.load(secret_keys=key, metrics_port=port)


def test_it_tells_what_the_process_counts_and_what_the_book_says(sqlite_book: Book) -> None:
    port = free_port()
    with (
        measured(settings(port), sqlite_book),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
    ):
        told = answer.read().decode()
    for line in ("smoney_book_up 1.0", "smoney_inbox_waiting 0.0", "smoney_x_halted 0.0"):
        assert line in told.splitlines()
    assert 'smoney_messages_total{outcome="applied"}' in told
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_book_that_is_away_is_said_to_be() -> None:
    port = free_port()
    away = Book("postgresql+psycopg://smoney:invented-word@127.0.0.1:9/smoney")
    with (
        measured(settings(port), away),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
    ):
        told = answer.read().decode()
    away.close()
    assert "smoney_book_up 0.0" in told.splitlines()
    assert "smoney_inbox_waiting" not in told
    assert "smoney_messages_kept_total" in told, "what the process counts is told all the same"


def test_without_a_port_nothing_listens(sqlite_book: Book) -> None:
    with measured(settings(None), sqlite_book):
        pass


def test_a_port_that_is_taken_stops_the_start(sqlite_book: Book) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(BadSettings, match="SMONEY_METRICS_PORT"),
            measured(settings(taken.getsockname()[1]), sqlite_book),
        ):
            pass
