"""X's door: verify the raw bytes, keep the messages, commit, then 200.

Closed by default: what is not signed is neither read nor stored. A 2xx is a
promise that the message is on disk; when the disk is away X is told 503 and
brings it again. A body brought twice changes nothing: its messages have keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from structlog import get_logger

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Message
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import customers, deletions
from smoney_bot.book.engine import Book
from smoney_bot.channels.x import signature, wire
from smoney_bot.telemetry import TURNED_AWAY, WEBHOOK_SECONDS
from smoney_bot.web.enrolment.shield import neighbourhood
from smoney_bot.web.keeper import Keeper
from smoney_bot.web.memory import Signed, Throttle

log = get_logger(__name__)

#: The largest body X may bring, in bytes; checked before anything is hashed.
BODY_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """Answers X: the challenge (GET) and the deliveries (POST).

    *secret* makes the signatures in *header* that deliveries must bear. Where
    X's app has two secrets, *crc_secret* is the other one, which answers the
    challenge: then no answer of ours can ever sign a delivery.
    """

    book: Book
    keeper: Keeper
    keyring: Keyring
    bot: Bot
    secret: str
    header: str
    crc_secret: str | None = None  # None: one secret for both
    crc_tokens: Callable[[str], bool] = signature.names_a_uuid
    signed: Signed = field(default_factory=Signed)
    throttle: Throttle = field(default_factory=Throttle)

    async def challenge(self, request: Request) -> Response:
        """Prove to X that this is our address (CRC); never touches the database."""
        if not self.throttle.admit(_address(request)):
            return _refuse(429, "too_many_challenges", "ask less often", retry_after=60)
        tokens = request.query_params.getlist("crc_token")
        try:
            answer = signature.crc_answer(self.crc_secret or self.secret, tokens, self.crc_tokens)
        except signature.BadToken as bad:
            # Signing whatever is asked would let anybody forge deliveries.
            return _refuse(400, "bad_challenge", str(bad))
        self.signed.add(answer)
        headers = {"Cache-Control": "no-store"}
        return JSONResponse({"response_token": answer}, headers=headers)

    async def deliver(self, request: Request) -> Response:
        """Take in one delivery of X."""
        with WEBHOOK_SECONDS.time():
            return await self._take_in(request)

    async def _take_in(self, request: Request) -> Response:
        if request.headers.get("content-encoding", "identity") != "identity":
            return _refuse(415, "encoded", "send the body as it is, without Content-Encoding")
        try:
            body = await request.body()
        except ClientDisconnect:
            return _refuse(400, "cut", "the body did not arrive whole: deliver it again")
        header = request.headers.get(self.header)
        if header in self.signed:
            # Somebody had us sign a challenge and tries it as X's own signature.
            log.error("door.attack", how="our own answer as a signature", client=_address(request))
            return _refuse(401, "attack", "this signature is not X's")
        try:
            signature.check(self.secret, body, header)
        except signature.BadSignature:
            return _refuse(401, "unsigned", f"the header {self.header} does not sign this body")
        try:
            delivery = wire.read(body, bot_id=self.bot.x_id)
        except wire.BadBody as bad:
            return _refuse(400, "malformed", str(bad))
        try:
            await self._keep(delivery)
        except TryLater:
            return _refuse(503, "away", "not kept: deliver it again", retry_after=5)
        return JSONResponse({"kept": len(delivery.messages)})

    async def _keep(self, delivery: wire.Delivery) -> None:
        for word in delivery.ignored:
            log.info("delivery.ignored", why=word)
        for x_id in delivery.revoked:
            own = x_id == self.bot.x_id
            say = log.error if own else log.info  # without its own access the bot is mute
            say("access.revoked", own=own)
        if delivery.deleted:
            # First, so that an order in the same body comes after its own deletion.
            await run_in_threadpool(self._note_deleted, delivery.deleted)
        if delivery.messages:
            new = await self.keeper.keep([self._conceal(one) for one in delivery.messages])
            for message in delivery.messages:
                if message.key in new:
                    log.info("message.kept", key=message.key, form=message.form.value)
        if delivery.handles:
            await run_in_threadpool(self._note_handles, delivery.handles)

    def _conceal(self, message: ClearMessage) -> Message:
        return conceal(message, self.keyring, self.bot)

    def _note_handles(self, handles: dict[str, str]) -> None:
        def see(connection: Connection) -> None:
            now = self.book.now(connection)  # X does not tell when they were changed
            customers.see(connection, {x_id: (one, now) for x_id, one in handles.items()})

        self.book.run(see)

    def _note_deleted(self, post_ids: Sequence[str]) -> None:
        new = self.book.run(lambda c: deletions.hear(c, post_ids, self.book.now(c)))
        log.info("post.deleted", posts=len(post_ids), new=new)


def _address(request: Request) -> str:
    return neighbourhood(request.client.host if request.client else "")


def _refuse(status: int, why: str, advice: str, retry_after: int | None = None) -> Response:
    TURNED_AWAY.labels(why).inc()
    log.warning("delivery.refused", status=status, why=why)
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return JSONResponse({"error": why, "advice": advice}, status_code=status, headers=headers)
