"""A proxy before an object store that spoils a share of the requests, so that tests see what networks and stores do.

usage: fault_proxy.py PORT UPSTREAM [MODE SHARE] [--latency SECONDS]

Modes: 429, 500, 503, reset (the connection is cut), stall (no byte comes), truncated (the body breaks off), flip (one
byte of the body is another), error-in-200 (an error where a success was announced). `GET /__counts` tells what was
done: requests by method (LIST counts those GETs that list), spoiled ones, and the largest body that came back.
"""

import argparse
import asyncio
import collections
import random
import socket
import struct

import aiohttp
from aiohttp import web
from yarl import URL

ERROR = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>spoiled by the test</Message></Error>'
CODES = {"429": b"TooManyRequests", "500": b"InternalError", "503": b"SlowDown"}
NOT_PASSED_ON = {"transfer-encoding", "content-length", "expect", "connection", "date", "server"}


class Proxy:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(1)
        self.counts = collections.Counter()
        self.session = None

    async def answer(self, request):
        if request.path == "/__counts":
            return web.json_response(self.counts)
        body = await request.read()
        self.counts["requests"] += 1
        self.counts[request.method] += 1
        if request.method == "GET" and "list-type" in request.query:
            self.counts["LIST"] += 1
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        mode = self.options.mode if self.random.random() < self.options.share else None
        if mode:
            self.counts["spoiled"] += 1
        if mode in CODES:
            return web.Response(status=int(mode), body=ERROR % CODES[mode], content_type="application/xml")
        if mode == "error-in-200":
            return web.Response(body=ERROR % b"InternalError", content_type="application/xml")
        if mode == "reset":
            return self.cut(request)
        if mode == "stall":
            await asyncio.sleep(600)
        return await self.pass_on(request, body, mode)

    @staticmethod
    def cut(request):
        peer = request.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
        return web.Response()

    async def pass_on(self, request, body, mode):
        headers = {k: v for k, v in request.headers.items() if k.lower() not in NOT_PASSED_ON}
        async with self.session.request(
            request.method,
            URL(self.options.upstream + request.raw_path, encoded=True),
            headers=headers,
            data=body if request.method in ("PUT", "POST") else None,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            allow_redirects=False,
        ) as upstream:
            content = await upstream.read()
            headers = {k: v for k, v in upstream.headers.items() if k.lower() not in NOT_PASSED_ON}
            length = upstream.headers.get("Content-Length", str(len(content)))
            status = upstream.status
        self.counts["largest_body"] = max(self.counts["largest_body"], len(content))
        if request.method == "HEAD":
            answer = web.StreamResponse(status=status, headers={**headers, "Content-Length": length})
            await answer.prepare(request)
            return answer
        # A list has no checksum; on a real network TCP and TLS keep it whole.
        if mode == "flip" and len(content) > 1 and "xml" not in headers.get("Content-Type", ""):
            spoiled = bytearray(content)
            spoiled[len(spoiled) // 2] ^= 0x40
            content = bytes(spoiled)
        if mode == "truncated" and len(content) > 1:
            answer = web.StreamResponse(status=status, headers={**headers, "Content-Length": length})
            await answer.prepare(request)
            await answer.write(content[: len(content) // 2])
            request.transport.close()
            return answer
        return web.Response(status=status, headers=headers, body=content)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("upstream")
    parser.add_argument("mode", nargs="?")
    parser.add_argument("share", nargs="?", type=float, default=0)
    parser.add_argument("--latency", type=float, default=0)
    proxy = Proxy(parser.parse_args())
    timeout = aiohttp.ClientTimeout(total=None)
    proxy.session = aiohttp.ClientSession(
        auto_decompress=False, timeout=timeout, connector=aiohttp.TCPConnector(limit=0)
    )
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", proxy.answer)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", proxy.options.port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
