"""The first call to a daemon, for code that should not wait long for one."""

from __future__ import annotations

from hpod import _rpc
from hpod._client import Client
from hpod._proto import study_service_pb2
from hpod._retry import RetryPolicy
from hpod.exceptions import UnavailableError

_WAIT_S = 3.0
_TIMEOUT_S = 2.0


def reach(client: Client) -> None:
    """Waits for the daemon for a moment only; later calls are more patient.

    Raises:
        UnavailableError: nothing answers; the message says how to start a daemon.
    """
    request = study_service_pb2.ListStudiesRequest(page_size=1)
    try:
        RetryPolicy(total_s=_WAIT_S).run(
            lambda: client._attempt(_rpc.LIST_STUDIES, request, _TIMEOUT_S),
            lambda error: None,
        )
    except UnavailableError as error:
        raise UnavailableError(
            f"no hpod answers at {client.server}. Start one with "
            f"`hpod --listen {client.server}`, or say where one is with server=... "
            "or the variable HPOD_SERVER.",
            error.code,
        ) from None
