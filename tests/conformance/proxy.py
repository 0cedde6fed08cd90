"""A TCP proxy that can lose replies: requests pass, what comes back is dropped, then the connection breaks."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Iterator

_CHUNK = 65536


class Proxy:
    """Passes bytes between clients and `upstream` ("host:port")."""

    def __init__(self, upstream: str) -> None:
        host, port = upstream.rsplit(":", 1)
        self._upstream = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._loses_replies = False
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_replies(self) -> None:
        """From now on nothing comes back."""
        with self._lock:
            self._loses_replies = True

    def break_connections(self) -> None:
        """Ends all connections; new ones work well again."""
        with self._lock:
            self._loses_replies = False
            connections, self._connections = self._connections, []
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        # Wakes `accept`, which `close` alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_connections()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._upstream)
        except OSError:
            client.close()
            return
        with self._lock:
            self._connections += [client, server]
        for source, target, replies in (
            (client, server, False),
            (server, client, True),
        ):
            threading.Thread(
                target=self._pass_on, args=(source, target, replies), daemon=True
            ).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, replies: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                with self._lock:
                    is_lost = replies and self._loses_replies
                if not is_lost:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    between = Proxy(upstream)
    try:
        yield between
    finally:
        between.close()
