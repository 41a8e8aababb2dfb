"""What the page tells browsers, whom it turns away, and what it never keeps or prints."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from enrolment_cast import PIN, Answer, Site, ask, log_put_back, site
from live_files import contents
from renewal_cast import CARD, holder, opens_window, renew

from smoney_bot import telemetry
from smoney_bot.book.engine import Book
from smoney_bot.web.enrolment.shield import REQUESTS_MAX

Enrol = Callable[[], tuple[dict[str, str], bytes, bytes]]

FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


@pytest.fixture
def alone(sqlite_book: Book) -> Iterator[Site]:
    """The page on SQLite."""
    with site(sqlite_book) as served:
        yield served


def policy(answer: Answer) -> dict[str, str]:
    directives = (
        part.split(maxsplit=1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    return dict(directives)


def test_every_answer_has_the_headers_and_none_may_be_kept(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    answers = {
        "begin": ask(link),
        "card": drawn,
        "code": ask(f"{link}/code"),
        "refused": ask(link, {"pin": "0000", "again": "0000"}),
        "confirmed": ask(f"{link}/code", {"code": drawn.codes[0]}),
        "done": ask(f"{alone.url}/enrolment/done"),
        "dead": ask(link),
        "unknown": ask(f"{alone.url}/enrolment/a/b/c"),
        "method": ask(link, method="DELETE"),
        "renew": ask(f"{alone.url}/enrolment"),
        "not admitted": renew(alone, "WDJB-MJHT", CARD[0]),
        "admitted": renew(alone, holder(alone.book).opens_window(), CARD[0]),
        "foreign": ask(link, {"pin": PIN, "again": PIN}, headers=FOREIGN),
        "large": ask(link, body=b"pin=" + b"7" * 5000),
        "style": ask(f"{alone.url}/enrolment/static/enrolment.css"),
        "image": ask(f"{alone.url}/enrolment/static/coin.svg"),
    }
    statuses = {name: answer.status for name, answer in answers.items()}
    assert statuses == {
        "begin": 200,
        "card": 200,
        "code": 200,
        "refused": 422,
        "confirmed": 303,
        "done": 200,
        "dead": 404,
        "unknown": 404,
        "method": 405,
        "renew": 200,
        "not admitted": 422,
        "admitted": 303,
        "foreign": 403,
        "large": 413,
        "style": 200,
        "image": 200,
    }
    for answer in answers.values():
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert policy(answer) == {
            "default-src": "'none'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }


def test_pages_carry_no_script_no_inline_style_and_no_address_elsewhere(alone: Site) -> None:
    link = alone.invite()
    drawn = alone.drawn(link)
    pages = (
        ask(link),
        drawn,
        ask(f"{link}/code"),
        ask(f"{alone.url}/enrolment/done"),
        ask(f"{alone.url}/enrolment"),
    )
    for page in pages:
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page.text)
        found = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
        assert found
        assert all(
            one.startswith(("/enrolment", "/statement", "otpauth://totp/smoney-bot"))
            for one in found
        )


def test_a_form_from_another_site_changes_nothing(alone: Site) -> None:
    link = alone.invite()
    no_address = {"Origin": "http://["}
    elsewhere = {"Origin": "https://evil.example"}
    for headers in (FOREIGN, {"Sec-Fetch-Site": "same-site"}, elsewhere, no_address):
        assert ask(link, {"pin": PIN, "again": PIN}, headers=headers).status == 403
    assert ask(f"{link}/code").status == 303  # nothing was staged
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert ask(link, {"pin": PIN, "again": PIN}, headers=own).status == 200


def test_another_site_cannot_renew_for_anybody(alone: Site) -> None:
    alice = holder(alone.book)
    fields = {"word": alice.opens_window(), "code": CARD[0]}
    assert ask(f"{alone.url}/enrolment", fields, headers=FOREIGN).status == 403
    assert alice.failures == 0
    assert ask(f"{alone.url}/enrolment", fields).status == 303


def test_a_body_without_length_is_cut_off_at_the_limit(alone: Site) -> None:
    link = alone.invite()

    def pieces() -> Iterator[bytes]:
        yield b"pin="
        for _ in range(64):
            yield b"7" * 1024

    answer = ask(link, body=pieces())  # type: ignore[arg-type]  # sent chunked
    assert answer.status == 413


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=undefined",
        "multipart/form-data; boundary=x; charset=punycode",
        "multipart/form-data; boundary=x; charset=unicode_escape",
        "multipart/form-data",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded, multipart/form-data",
        "",
    ],
)
def test_other_kinds_of_forms_are_not_taken(alone: Site, kind: str) -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n-99\\ud800\r\n'
    body = b"".join(field % (name, b"") for name in (b"pin", b"again", b"word", b"code"))
    for sent in (body + b"--x--\r\n", field % (b"pin", b'; filename="p"') + b"--x--\r\n"):
        for address in (alone.invite(), f"{alone.url}/enrolment"):
            answer = ask(address, body=sent, headers={"Content-Type": kind})
            assert answer.status == 415
            assert "This request was not understood" in answer.text


def test_a_form_is_taken_however_its_kind_is_spelt(alone: Site) -> None:
    headers = {"Content-Type": "Application/X-WWW-form-urlencoded ; charset=undefined"}
    fields = {"pin": PIN, "again": PIN}
    assert ask(alone.invite(), fields, headers=headers).status == 200


def test_one_address_may_ask_so_often_and_no_more(sqlite_book: Book) -> None:
    with site(sqlite_book, requests_max=REQUESTS_MAX) as served:
        link = served.invite()
        assert [ask(link).status for _ in range(REQUESTS_MAX)] == [200] * REQUESTS_MAX
        answer = ask(link)
        assert answer.status == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "One moment, please" in answer.text
        assert ask(link, {"pin": PIN, "again": PIN}).status == 429
        assert renew(served, "WDJB-MJHT", CARD[0]).status == 429
        assert ask(f"{served.url}/enrolment/static/enrolment.css").status == 200


# --- what is never kept and never printed -----------------------------------------------


def shapes(secret: str) -> set[bytes]:
    """The forms in which *secret* could lie somewhere."""
    plain = secret.encode()
    return {
        plain,
        plain.hex().encode(),
        base64.b64encode(plain).rstrip(b"="),
        secret.encode("utf-16-le"),
        secret.encode("utf-16-be"),
    }


def found_in(raw: bytes, secrets: dict[str, str]) -> set[str]:
    """The names of the *secrets* that lie in *raw*; a PIN only where it stands by itself.

    Four digits stand in many a hash by chance, between letters or more digits.
    """
    found = set()
    for name, secret in secrets.items():
        for shape in shapes(secret):
            edge = rb"[0-9A-Za-z+/]" if len(secret) <= len(PIN) else rb"[0-9]"
            if re.search(rb"(?<!%b)%b(?!%b)" % (edge, re.escape(shape), edge), raw):
                found.add(name)
    return found


def files_of(book_file: Path) -> bytes:
    """The database file and whatever SQLite keeps beside it."""
    return b"".join(contents(book_file.parent.glob(f"{book_file.name}*")).values())


def _renewed(served: Site, code: str) -> str:
    """Renew by *code*, after a wrong one; return the token of the fresh link."""
    word = opens_window(served.book)
    assert renew(served, word, f"{code[:-1]}{(int(code[-1]) + 1) % 10}").status == 422
    admitted = renew(served, word, code)
    assert admitted.status == 303
    return admitted.headers["Location"].rsplit("/", 1)[1].partition("?")[0]


@pytest.fixture
def enrolled(sqlite_url: str, capfd: pytest.CaptureFixture[str]) -> Iterator[Enrol]:
    """Return what was secret in a whole enrolment, the files of the book, and all output."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))

    def enrol() -> tuple[dict[str, str], bytes, bytes]:
        with closing(Book(sqlite_url)) as book, site(book) as served:
            link = served.invite()
            drawn = served.drawn(link)
            staged = files_of(path)
            ask(f"{link}/code", {"code": drawn.codes[19][:-1] + "x"})
            ask(f"{link}/code", {"code": "01" + drawn.codes[1][2:]})
            assert ask(f"{link}/code", {"code": drawn.codes[0]}).status == 303
            fresh = _renewed(served, drawn.codes[5])
        secrets = {f"code {one[:2]}": one for one in drawn.codes}
        secrets |= {"pin": PIN, "app": drawn.secret, "token": link.rsplit("/", 1)[1]}
        secrets["fresh token"] = fresh
        captured = capfd.readouterr()
        return secrets, staged + files_of(path), (captured.out + captured.err).encode()

    with log_put_back():
        telemetry.configure("json", "debug")
        yield enrol


def test_no_secret_lies_in_the_database_or_in_the_log(
    enrolled: Enrol,
) -> None:
    secrets, kept, printed = enrolled()
    assert len(secrets) == 24
    assert b"$argon2id$" in kept
    assert b"enrolment.done" in printed
    assert found_in(kept, secrets) == set()
    assert found_in(printed, secrets) == set()
    raw_key = base64.b32decode(secrets["app"])
    assert raw_key not in kept


def test_the_same_search_finds_every_secret_that_was_planted(
    enrolled: Enrol, sqlite_url: str
) -> None:
    secrets, _, printed = enrolled()
    with closing(Book(sqlite_url)) as book, book.writing() as connection:
        for name, secret in secrets.items():
            connection.exec_driver_sql(
                "INSERT INTO invitations (token_hash, customer_id, staged, failures, created_at,"
                " expires_at) VALUES (?, 1, ?, 0, '', '')",
                (name, f'{{"planted":"{secret}"}}'),
            )
    kept = files_of(Path(sqlite_url.removeprefix("sqlite:///")))
    assert found_in(kept, secrets) == set(secrets)
    for shape in shapes(secrets["pin"]) | shapes(secrets["code 01"]):
        assert found_in(printed + b' "' + shape + b'" ', secrets)
