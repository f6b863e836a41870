"""A receiver of webhooks in a process of its own, to be killed: its book, and its port, are named.

It writes down what it received, one line each, before it confirms.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from receiver import plain, read_request


async def main(book, port):
    out = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle(reader, writer):
        try:
            while (received := await read_request(reader)) is not None:
                data = json.loads(received.body)["data"]
                line = {
                    "position": data["position"],
                    "order": data["order"],
                    "name": received.headers["webhook-id"],
                }
                os.write(out, json.dumps(line).encode() + b"\n")
                writer.write(plain())
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
