"""The kit over a real socket: HTTP as uvicorn speaks it, and web sockets."""

import logging
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.http.limits import RequestLimits
from api.logs import hide_refused_handshakes
from tests.api.kit.toy import ACCOUNT, AS_ACCOUNT, THING, Clock, toy

GIVEN = "1536751345,8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a toy service listens."""
    app = toy(positions=Clock(7), limits=RequestLimits(body=100_000))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ws="websockets-sansio")
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Asks that service."""
    with httpx.Client(base_url=f"http://{address}", timeout=60) as client:
        yield client


def test_requests_share_a_connection_whatever_their_outcome(client: httpx.Client) -> None:
    for _ in range(3):
        assert client.get(f"/6/things/{THING}").json() == {"thing_id": THING}
        assert client.get("/6/things/x").status_code == 404
        assert client.head(f"/6/things/{THING}").content == b""
        assert client.options("/6/things").headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert client.get("/6/things/broken/now").json()["error_code"] == 1
        made = client.post("/6/things", json={"user_data": "ü"}, headers=AS_ACCOUNT)
        assert made.json()["account_id"] == ACCOUNT
        assert made.headers["selene-position"] == "7"


def answered(line: socket.socket) -> bytes:
    """The answer with its body, in however many pieces it comes."""
    answer = b""
    while not answer.endswith(b"}"):
        piece = line.recv(4096)
        assert piece, answer
        answer += piece
    return answer


def test_an_endless_body_is_refused_while_it_comes(address: str) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(
            b"POST /6/things/raw HTTP/1.1\r\nHost: toy\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(10):
            line.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        line.sendall(b"1\r\nx\r\n")
        answer = answered(line)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"error_code":37003' in answer


def test_a_declared_large_body_is_refused_before_it_comes(address: str) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"POST /6/things HTTP/1.1\r\nHost: toy\r\nContent-Length: 9000000\r\n\r\n")
        answer = answered(line)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_an_answer_that_breaks_half_way_closes_the_connection(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/6/things/broken/later")
    assert client.get("/version").status_code == 200


def test_web_sockets_carry_the_id_and_the_position(address: str, client: httpx.Client) -> None:
    headers = {**AS_ACCOUNT, "Luna-Request-Id": GIVEN}
    with connect(f"ws://{address}/6/things/ws", additional_headers=headers) as talk:
        assert talk.recv(timeout=60) == ACCOUNT
        assert talk.response is not None
        assert talk.response.headers["Luna-Request-Id"] == GIVEN
        assert talk.response.headers["Selene-Position"] == "7"
    assert 'path="WEBSOCKET:/6/things/ws",status_code="101"' in client.get("/metrics").text


def test_a_refused_web_socket_is_told_like_any_request(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{address}/6/things/ws"):
        pass
    answer = refused.value.response
    assert answer.status_code == 403
    assert b'"error_code":11036' in (answer.body or b"")
    assert answer.headers["Luna-Request-Id"]


def test_a_web_socket_to_nowhere_is_refused(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{address}/6/nothing"):
        pass
    assert refused.value.response.status_code in (403, 404)


def test_a_refused_web_socket_is_no_error_of_ours(
    address: str, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def complaints_of_a_refusal() -> int:
        caplog.clear()
        with pytest.raises(InvalidStatus), connect(f"ws://{address}/6/things/ws"):
            pass
        client.get(f"/6/things/{THING}")  # by now uvicorn has said what it has to say
        return sum("completing handshake" in line for line in caplog.messages)

    server = logging.getLogger("uvicorn.error")
    before = list(server.filters)
    try:
        server.filters.clear()
        assert complaints_of_a_refusal() == 1
        hide_refused_handshakes()
        assert complaints_of_a_refusal() == 0
    finally:
        server.filters[:] = before
