"""A stream of NATS JetStream that keeps the feed: where it ends, and what is added to it.

Each message says after which sequence it has to stand. So the stream takes each position once and
in order, whatever is lost or sent twice on the way, and however many publish at once.
"""

import asyncio
import os
import random
import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import msgspec
import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, PubAck, RetentionPolicy, StorageType, StreamInfo
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

from application.feed.thin_event import FeedEvent, encoded
from application.sink.address import shown
from application.sink.credentials import PlainText, client_options
from application.sink.target import Target
from domain.errors import UserError

CONNECT_SECONDS = 3
ACK_SECONDS = 5.0
CLOSE_SECONDS = 1.0
DUPLICATES_SECONDS = 120.0
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
WRONG_LAST_SEQUENCE = 10071
ID = re.compile(r"([0-9a-f]{32})-(\d{1,19})")


class BrokerAway(UserError):
    """The broker cannot be reached, or takes nothing now. What it has confirmed stands."""


class StreamRefused(UserError):
    """The stream cannot be what the feed is published to."""


class StreamMoved(Exception):
    """The stream ends elsewhere than was thought: it has to be asked again."""


class StreamEnd(msgspec.Struct, frozen=True):
    """The last sequence of a stream, the position there, and the message's body."""

    sequence: int
    position: int
    body: bytes = b""


class FeedStream:
    """A stream on an open connection."""

    def __init__(self, client: Client, gone: asyncio.Event, target: Target) -> None:
        self._client = client
        self._gone = gone
        self._jetstream: JetStreamContext = client.jetstream(timeout=ACK_SECONDS)
        self._target = target

    async def close(self) -> None:
        """Close the connection."""
        await _close(self._client)

    async def end(self, known: StreamEnd | None) -> StreamEnd:
        """Where the stream ends; it is made if it is missing.

        `known` is its end when it was last seen: of a stream without messages nothing else tells
        the position. Raises `BrokerAway` and `StreamRefused`.
        """
        try:
            return await self._end(known)
        except (APIError, nats.errors.Error, TimeoutError) as error:
            raise self._problem(error) from error

    async def publish(self, events: Sequence[FeedEvent], after: int) -> None:
        """Add events behind the sequence `after`, and wait until the broker has them all.

        Raises `StreamMoved` if another has added some meanwhile, `BrokerAway`, `StreamRefused`.
        """
        sent = asyncio.gather(
            *(self._send(each, sequence) for sequence, each in enumerate(events, after)),
            return_exceptions=True,
        )
        gone = asyncio.ensure_future(self._gone.wait())
        either: set[asyncio.Future[Any]] = {sent, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not sent.done():
            sent.cancel()
            raise BrokerAway(f"The broker at {self._target.address} has gone.")
        for sequence, ack in enumerate(sent.result(), after + 1):
            self._check(ack, sequence)

    async def _send(self, event: FeedEvent, after: int) -> PubAck:
        """Send a message and wait for its confirmation.

        The client's own `publish_async` is not used: it drops the answers that are errors.
        """
        target = self._target
        kind = event.type.rpartition(".")[2]
        return await self._jetstream.publish(
            f"{target.subject}.{kind}",
            encoded(event),
            stream=target.stream,
            headers={
                "Nats-Msg-Id": f"{target.log}-{event.position}",
                "Nats-Expected-Last-Sequence": str(after),
                "Content-Type": CONTENT_TYPE,
            },
        )

    def _check(self, ack: PubAck | BaseException, sequence: int) -> None:
        if isinstance(ack, NoStreamResponseError) or (
            isinstance(ack, APIError) and ack.err_code == WRONG_LAST_SEQUENCE
        ):
            raise StreamMoved
        if isinstance(ack, BaseException):
            raise self._problem(ack) from ack
        if ack.seq != sequence:
            raise StreamMoved

    async def _end(self, known: StreamEnd | None) -> StreamEnd:
        info = await self._info()
        self._check_config(info)
        last = info.state.last_seq
        if last == 0:
            return StreamEnd(0, self._target.begins or 0)
        try:
            message = await self._jetstream.get_msg(self._target.stream, seq=last)
        except NotFoundError:
            return self._end_without_message(last, known)
        found = ID.fullmatch((message.headers or {}).get("Nats-Msg-Id", ""))
        if found is None:
            self._refuse("has messages that are not of a feed: it needs its own stream")
        if found[1] != self._target.log:
            self._refuse(f"has the feed of another log, {found[1]}; this one is {self._target.log}")
        return StreamEnd(last, int(found[2]), message.data or b"")

    def _end_without_message(self, last: int, known: StreamEnd | None) -> StreamEnd:
        if known is not None and known.sequence == last:
            return known
        if self._target.begins is None:
            self._refuse(
                "has lost its last message, so that nothing says where it stands: give the position"
                " after which to go on with --after"
            )
        return StreamEnd(last, self._target.begins)

    async def _info(self) -> StreamInfo:
        try:
            return await self._jetstream.stream_info(self._target.stream)
        except NotFoundError:
            return await self._jetstream.add_stream(
                name=self._target.stream,
                subjects=[f"{self._target.subject}.*"],
                description="The feed of orderlog, one message for each position",
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                duplicate_window=DUPLICATES_SECONDS,
            )

    def _check_config(self, info: StreamInfo) -> None:
        config, subject = info.config, self._target.subject
        wide = {".".join([*subject.split(".")[:n], ">"]) for n in range(subject.count(".") + 2)}
        if not {f"{subject}.*", *wide}.intersection(config.subjects or ()):
            self._refuse(f"does not take the subjects {subject}.*")
        if config.no_ack:
            self._refuse("confirms nothing (no_ack)")
        if config.retention not in {None, RetentionPolicy.LIMITS}:
            self._refuse("drops what was consumed, and then nothing says where it stands")

    def _refuse(self, what: str) -> NoReturn:
        raise StreamRefused(f"The stream {self._target.stream} {what}.")

    def _problem(self, error: BaseException) -> UserError:
        """The error of the client's as a sentence, without anything of the address's secrets."""
        address = self._target.address
        if isinstance(error, ServiceUnavailableError):
            says = error.description or "it has no JetStream"
            return BrokerAway(f"The broker at {address} takes nothing: {says}.")
        if isinstance(error, APIError):
            says = f"The broker at {address} refuses the stream {self._target.stream}"
            return StreamRefused(f"{says}: {error.description}.")
        return BrokerAway(f"The broker at {address} does not answer.")


async def connected(target: Target) -> FeedStream:
    """A stream on a connection of its own. Raises `BrokerAway`, `StreamRefused`."""
    servers = random.sample(target.address.servers, len(target.address.servers))
    refused: list[UserError] = []
    for server in servers:
        try:
            return await _stream(server, target)
        except (BrokerAway, StreamRefused) as reason:
            refused.append(reason)
    raise refused[0]


async def _close(client: Client) -> None:
    """Close a connection; one on which TLS has failed would never say that it is closed."""
    with suppress(TimeoutError, nats.errors.Error, OSError):
        await asyncio.wait_for(client.close(), CLOSE_SECONDS)


async def _stream(server: str, target: Target) -> FeedStream:
    """A stream on a connection to one server. Raises `BrokerAway`, `StreamRefused`."""
    failed: list[Exception] = []
    client, gone = Client(), asyncio.Event()

    async def note_end() -> None:
        gone.set()

    async def remember(error: Exception) -> None:
        failed.append(error)

    options = client_options(server, target.credentials)
    try:
        await client.connect(
            **options,
            name="orderlog feed publish",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_SECONDS,
            error_cb=remember,
            closed_cb=note_end,
        )
        if server.startswith("tls:") and not options["tls"].used:
            raise PlainText  # noqa: TRY301 - as where there are credentials
    except (nats.errors.Error, PlainText, TimeoutError, OSError) as error:
        await _close(client)
        raise _unreached(shown(server), [*failed, error]) from error
    return FeedStream(client, gone, target)


def _unreached(address: str, errors: Sequence[Exception]) -> UserError:
    """Why there is no connection: the first reason that says something."""
    said = " ".join(map(str, errors)).lower()
    if "authorization" in said or "authentication" in said:
        return StreamRefused(f"The broker at {address} refuses the credentials.")
    if any(isinstance(each, PlainText) for each in errors):
        return StreamRefused(f"The broker at {address} does not speak TLS: nothing was sent.")
    reasons = [_reason(each) for each in errors if isinstance(each, OSError)]
    reason = next(filter(None, reasons), "it does not answer")
    return BrokerAway(f"The broker at {address} cannot be reached: {reason}.")


def _reason(error: OSError) -> str:
    """What the system says, without addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good, {error.verify_message}"
    if isinstance(error, ssl.SSLError | socket.gaierror) or error.errno is None:
        return (error.strerror or "").lower()
    return os.strerror(error.errno).lower()
