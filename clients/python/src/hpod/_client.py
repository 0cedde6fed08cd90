"""One connection to one daemon, shared by all studies of a process."""

from __future__ import annotations

import atexit
import logging
import threading
import uuid
from typing import Any, Dict, List, Optional, Tuple

from hpod import _fork  # before gRPC: sets what it reads when it starts
from hpod import _rpc
from hpod._leases import Lease, LeaseKeeper
from hpod._proto import trial_service_pb2
from hpod._retry import RetryPolicy
from hpod._rpc import Method, Reply, Request
from hpod._server import Server, ServerLike, resolve_server
from hpod.exceptions import HpodError, LeaseLostError, UpdateFinishedTrialError

import grpc  # isort: skip

_logger = logging.getLogger("hpod")

_TIMEOUT_S = 30.0
_HEARTBEAT_TIMEOUT_S = 10.0
_CHANNEL_OPTIONS = [
    # gRPC's own pauses grow to 2 minutes: longer than a restart of the daemon takes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long one attempt to connect may take, whatever its name says: a busy machine
    # needs more than the short back-offs around it.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 60_000),
    # Studies of different addresses and processes do not share sockets.
    ("grpc.use_local_subchannel_pool", 1),
]
# Without TLS the daemon is on this machine or this network: a web proxy in the
# environment does not lead to it.
_NO_WEB_PROXY = ("grpc.enable_http_proxy", 0)


class Client:
    """Calls the daemon at `server`. Safe to use from several threads.

    The channel is opened with the first call, and anew in a forked child.
    """

    def __init__(self, server: ServerLike, retry: Optional[RetryPolicy] = None) -> None:
        self.target = resolve_server(server)
        self.server = self.target.address
        self.leases = LeaseKeeper(self._heartbeat)
        self._retry = retry or RetryPolicy.from_environment()
        self._lock = threading.Lock()
        self._channel: Optional[grpc.Channel] = None
        self._stubs: Dict[str, Any] = {}
        self._metadata: List[Tuple[str, str]] = []
        self._is_away = False
        _fork.register(self)

    def call(self, method: Method[Request, Reply], request: Request) -> Reply:
        """The reply to `request`, retried while the daemon is away or its disk full.

        A request that takes a `request_id` and has none gets one, the same for all
        tries, so that it takes effect once.

        Raises:
            HpodError: the daemon refused the call, or cannot be reached.
        """
        takes_id = "request_id" in request.DESCRIPTOR.fields_by_name
        if takes_id and not request.request_id:  # type: ignore[attr-defined]
            request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]
        reply = self._retry.run(
            lambda: self._attempt(method, request, _TIMEOUT_S), self._on_retry
        )
        if self._is_away:
            self._is_away = False
            _logger.warning("%s answers again", self.server)
        return reply

    def call_for_trial(
        self, lease: Lease, method: Method[Request, Reply], request: Request
    ) -> Reply:
        """As `call`, for a request about the trial of `lease`, which it renews.

        Raises:
            LeaseLostError: also when a heartbeat has learnt of the loss.
        """
        lease.check()
        self.leases.hold(lease)
        try:
            reply = self.call(method, request)
        except LeaseLostError as error:
            lease.lost = error
            self.leases.release(lease)
            raise
        except UpdateFinishedTrialError:
            self.leases.release(lease)
            raise
        self.leases.renewed(lease)
        return reply

    def close(self) -> None:
        """Lets all leases expire and closes the channel; a later call opens one."""
        self.leases.release_all()
        with self._lock:
            if self._channel is not None:
                self._channel.close()
            self._channel, self._stubs = None, {}

    def reset_after_fork(self) -> None:
        # The parent's channel is left alone: its sockets are the parent's.
        self._lock = threading.Lock()
        self._channel, self._stubs = None, {}
        self._is_away = False
        self.leases.reset()

    def _stub(self, method: Method[Request, Reply]) -> Any:
        with self._lock:
            if self._channel is None:
                self._channel = self._open()
            if method.path not in self._stubs:
                self._stubs[method.path] = self._channel.unary_unary(
                    method.path,
                    request_serializer=method.request_type.SerializeToString,
                    response_deserializer=method.reply_type.FromString,
                )
            return self._stubs[method.path]

    def _open(self) -> grpc.Channel:
        credentials = self.target.credentials()
        self._metadata = self.target.metadata()
        if credentials is None:
            options = [*_CHANNEL_OPTIONS, _NO_WEB_PROXY]
            return grpc.insecure_channel(self.server, options)
        return grpc.secure_channel(self.server, credentials, _CHANNEL_OPTIONS)

    def _attempt(
        self, method: Method[Request, Reply], request: Request, timeout_s: float
    ) -> Reply:
        try:
            with _fork.calling():
                stub = self._stub(method)
                reply: Reply = stub(request, timeout_s, self._metadata)
                return reply
        except grpc.RpcError as error:
            raise _rpc.to_exception(error, self.server, timeout_s) from None

    def _on_retry(self, error: HpodError) -> None:
        if not self._is_away:
            self._is_away = True
            _logger.warning("%s; retrying for %g s", error, self._retry.total_s)

    def _heartbeat(self, lease: Lease) -> float:
        request = trial_service_pb2.HeartbeatTrialRequest(
            study=lease.study, number=lease.number, lease_token=lease.token
        )
        timeout_s = min(_HEARTBEAT_TIMEOUT_S, lease.duration_s / 3)
        reply = self._attempt(_rpc.HEARTBEAT_TRIAL, request, timeout_s)
        return reply.lease.duration.ToNanoseconds() / 1e9


class _Clients:
    """The clients of this process, by server."""

    def __init__(self) -> None:
        self._by_server: Dict[Server, Client] = {}
        self._lock = threading.Lock()
        _fork.register(self)

    def get(self, server: Server) -> Client:
        with self._lock:
            if server not in self._by_server:
                self._by_server[server] = Client(server)
            return self._by_server[server]

    def close(self) -> None:
        with self._lock:
            for client in self._by_server.values():
                client.close()

    def reset_after_fork(self) -> None:
        self._lock = threading.Lock()


_clients = _Clients()
atexit.register(_clients.close)


def connect(server: Optional[ServerLike]) -> Client:
    """The process's client of `server` (see `resolve_server`); makes no call yet."""
    return _clients.get(resolve_server(server))
