"""Passes TCP on and brings every answer late; costs hardly any processor time, unlike a proxy that reads HTTP.

usage: latency_relay.py PORT UPSTREAM_PORT SECONDS
"""

import asyncio
import sys


class Upstream(asyncio.Protocol):
    """What the server answers goes to the client `late` seconds later, in order."""

    def __init__(self, client, late):
        self.client, self.late = client, late

    def data_received(self, data):
        asyncio.get_running_loop().call_later(self.late, self.client.write, data)

    def connection_lost(self, error):
        asyncio.get_running_loop().call_later(self.late, self.client.close)


class Client(asyncio.Protocol):
    def __init__(self, port, late):
        self.port, self.late = port, late
        self.waiting, self.upstream = [], None

    def connection_made(self, transport):
        self.transport = transport
        self.task = asyncio.ensure_future(self.connect())

    async def connect(self):
        loop = asyncio.get_running_loop()
        made = await loop.create_connection(lambda: Upstream(self.transport, self.late), "127.0.0.1", self.port)
        self.upstream = made[0]
        for data in self.waiting:
            self.upstream.write(data)

    def data_received(self, data):
        self.upstream.write(data) if self.upstream else self.waiting.append(data)

    def connection_lost(self, error):
        if self.upstream:
            self.upstream.close()


async def main():
    port, upstream, late = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    server = await asyncio.get_running_loop().create_server(lambda: Client(upstream, late), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
