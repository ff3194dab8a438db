"""Hosts that data name: they take every connection, and tell what came."""

import http.server
import ssl
import threading

import pytest
from stores import make_certificates


class Listener:
    """A server on a free loopback port; `connections` counts those taken, `requests` has paths and headers."""

    def __init__(self, certificates=None):
        self.connections, self.requests = 0, []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                listener.requests.append((self.path, dict(self.headers)))
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def get_request(self):
                listener.connections += 1
                return super().get_request()

            def handle_error(self, *_):  # a client that breaks off in the handshake
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "public.crt", certificates / "private.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def plain_listener():
    listener = Listener()
    yield listener
    listener.stop()


@pytest.fixture(scope="session")
def listener_certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("listener") / "certificates", "IP:127.0.0.1")


@pytest.fixture
def tls_listener(listener_certificates):
    listener = Listener(listener_certificates)
    yield listener
    listener.stop()
