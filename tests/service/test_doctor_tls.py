"""The doctor at a door behind TLS: certificates that X would take, and others."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smoney_bot.channels.x.signature import sign
from smoney_bot.cli.checkup.address import probe
from smoney_bot.cli.checkup.findings import Mark

SECRET = "an-invented-consumer-secret"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = parse_qs(urlsplit(self.path).query)["crc_token"][0]
        body = f'{{"response_token": "{sign(SECRET, token.encode())}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def certificate(folder: Path, *, days: int, host: str = "127.0.0.1") -> Path:
    """Write a certificate of its own signing, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "invented")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{days}-{host}.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@contextmanager
def behind_tls(file: Path) -> Iterator[str]:
    """Run a door with the certificate in *file*, and return its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{web.server_port}/webhooks/x"
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def marks(url: str, *, trusted: str | bool = True) -> dict[str, Mark]:
    return {one.check: one.mark for one in probe(url, SECRET, trusted=trusted)}


def test_a_chain_that_is_trusted_passes(tmp_path: Path) -> None:
    file = certificate(tmp_path, days=9)
    with behind_tls(file) as url:
        assert marks(url, trusted=str(file)) == {"certificate": Mark.GREEN, "door": Mark.GREEN}


def test_nobody_trusts_a_certificate_of_its_own_signing(tmp_path: Path) -> None:
    with behind_tls(certificate(tmp_path, days=9)) as url:
        (found,) = probe(url, SECRET)
    assert (found.check, found.mark) == ("certificate", Mark.RED)
    assert "self-signed" in found.said
    assert "crc_token" not in found.said


@pytest.mark.parametrize(("days", "host"), [(-1, "127.0.0.1"), (9, "127.0.0.2")])
def test_nor_one_that_has_expired_or_is_another_hosts(tmp_path: Path, days: int, host: str) -> None:
    file = certificate(tmp_path, days=days, host=host)
    with behind_tls(file) as url:
        assert marks(url, trusted=str(file)) == {"certificate": Mark.RED}


def test_authorities_that_only_this_machine_trusts_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, days=9)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    with behind_tls(file) as url:
        assert marks(url) == {"certificate": Mark.RED}


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_doctor_that_did_not_look_would_find_nothing(tmp_path: Path) -> None:
    """The negative control."""
    with behind_tls(certificate(tmp_path, days=-1)) as url:
        assert marks(url, trusted=False)["certificate"] is Mark.GREEN
