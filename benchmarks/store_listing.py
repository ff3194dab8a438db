"""How fast a bucket is listed and planned, and what memory that takes: `pomona run --limit` over a stand-in for S3.

usage: .venv/bin/python benchmarks/store_listing.py [--objects 1000000] [--folders 100]

A million objects in MinIO want a million files; this server makes up ListObjectsV2 pages in the form S3 gives them, so
what is measured is Pomona: requests, reading of XML, manifest, plan.
"""

import argparse
import http.server
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    "<ETag>&quot;{etag:032x}&quot;</ETag><Size>51234</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


class Listing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        body = self.page(query).encode()
        self.send_response(200 if "list-type" in query else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self, query):
        """The objects of one folder, or, above them, the folders."""
        folder = re.fullmatch(r"raw/(label-\d+)/", query.get("prefix", ""))
        rows, next_token = "", ""
        if folder:
            first = int(query.get("continuation-token", 0))
            last = min(first + min(int(query.get("max-keys", 1000)), 1000), self.server.each)
            rows = "".join(ENTRY.format(key=f"raw/{folder[1]}/image-{i:08d}.jpg", etag=i) for i in range(first, last))
            next_token = str(last) if last < self.server.each else ""
        elif query.get("delimiter"):
            names = (f"raw/label-{i:04d}/" for i in range(self.server.folders))
            rows = "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in names)
        elif query.get("prefix") == "raw/":
            rows = ENTRY.format(key="raw/label-0000/image-00000000.jpg", etag=0)
        truncated = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{next_token}</NextContinuationToken>"
        return f"<ListBucketResult>{truncated if next_token else ''}{rows}</ListBucketResult>"

    def log_message(self, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "pomona")
    arguments = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listing)
    server.folders, server.each = arguments.folders, arguments.objects // arguments.folders
    threading.Thread(target=server.serve_forever, daemon=True).start()
    query = f"?endpoint_override=127.0.0.1:{server.server_address[1]}&scheme=http&region=r&anonymous=true"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        options = ["--extractor", "pixels", "--image-size", "4", "--max-failures", "0", "--progress", "json"]
        start = time.monotonic()
        run = subprocess.Popen(
            [arguments.program, "features", f"s3://bucket/raw{query}", "--output", output, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ, text=True)  # fmt: skip
        plan = output / "_pomona" / "plan.json"
        while not plan.exists() and run.poll() is None:
            time.sleep(0.02)
        seconds = time.monotonic() - start
        peak = next(line for line in Path(f"/proc/{run.pid}/status").read_text().splitlines() if "VmHWM" in line)
        run.kill()
        run.wait()
        images = json.loads(plan.read_text()).get("images")
    print(f"{images:,} objects listed and planned in {seconds:.1f} s: {images / seconds:,.0f} objects/s, {peak}")


if __name__ == "__main__":
    main()
