"""One send, classified: botocore's exceptions by table, and a real server that answers badly over a real socket."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import exceptions

from duly.mail import sending
from duly.mail.sending import Accepted, Doubtful, MemoryMailer, Refused, Scripted, SesMailer, classify

NOW = datetime(2026, 3, 7, 9, 0, tzinfo=UTC)
SEND: dict[str, Any] = {
    "from_address": "ar@muster.example",
    "to": ["ap@fog.example"],
    "configuration_set": "notices",
    "tags": {"attempt": "a1", "stack": "duly"},
    "now": NOW,
}


def answered(status: int | None, code: str = "SomeException") -> exceptions.ClientError:
    metadata = {} if status is None else {"HTTPStatusCode": status}
    return exceptions.ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": metadata}, "SendEmail")


URL = {"endpoint_url": "https://ses.example"}
TABLE = [
    # refused: SES answered 4xx
    (answered(400, "MessageRejected"), Refused("MessageRejected", retryable=False)),
    (answered(400, "BadRequestException"), Refused("BadRequestException", retryable=False)),
    (
        answered(400, "MailFromDomainNotVerifiedException"),
        Refused("MailFromDomainNotVerifiedException", pressure="stop"),
    ),
    (answered(400, "SendingPausedException"), Refused("SendingPausedException", pressure="stop")),
    (answered(400, "AccountSuspendedException"), Refused("AccountSuspendedException", pressure="stop")),
    (answered(400, "LimitExceededException"), Refused("LimitExceededException", pressure="stop")),
    (answered(404, "NotFoundException"), Refused("NotFoundException", pressure="stop")),
    (answered(403, "AccessDeniedException"), Refused("AccessDeniedException", pressure="stop")),
    (answered(403, "ExpiredTokenException"), Refused("ExpiredTokenException", pressure="stop")),
    (answered(429, "TooManyRequestsException"), Refused("TooManyRequestsException", pressure="slow")),
    (answered(400, "ThrottlingException"), Refused("ThrottlingException", pressure="slow")),
    (answered(429, "Unheard"), Refused("Unheard", pressure="slow")),
    (answered(400, "Unheard"), Refused("Unheard")),
    (answered(499, ""), Refused("Unknown")),
    # refused: nothing was written
    (exceptions.ParamValidationError(report="r"), Refused("ParamValidationError", retryable=False)),
    (exceptions.NoCredentialsError(), Refused("NoCredentialsError", pressure="stop")),
    (
        exceptions.PartialCredentialsError(provider="p", cred_var="c"),
        Refused("PartialCredentialsError", pressure="stop"),
    ),
    (
        exceptions.CredentialRetrievalError(provider="p", error_msg="m"),
        Refused("CredentialRetrievalError", pressure="stop"),
    ),
    (exceptions.NoRegionError(), Refused("NoRegionError", pressure="stop")),
    (exceptions.EndpointConnectionError(**URL), Refused("EndpointConnectionError")),
    (exceptions.ConnectTimeoutError(**URL), Refused("ConnectTimeoutError")),
    (
        exceptions.SSLError(**URL, error=OSError(ssl.SSLCertVerificationError("m"))),
        Refused("SSLCertVerificationError", pressure="stop"),
    ),
    # doubtful: anything else
    (answered(408, "RequestTimeout"), Doubtful("RequestTimeout")),
    (answered(500, "InternalFailure"), Doubtful("InternalFailure")),
    (answered(503, "Throttling"), Doubtful("Throttling")),
    (answered(301, "Moved"), Doubtful("Moved")),
    (answered(200, "Odd"), Doubtful("Odd")),
    (answered(None, "NoStatus"), Doubtful("NoStatus")),
    (exceptions.ReadTimeoutError(**URL), Doubtful("ReadTimeoutError")),
    (exceptions.ConnectionClosedError(**URL), Doubtful("ConnectionClosedError")),
    (exceptions.ProxyConnectionError(proxy_url="http://proxy.example"), Doubtful("ProxyConnectionError")),
    (exceptions.SSLError(**URL, error=ssl.SSLError("m")), Doubtful("SSLError")),
    (exceptions.HTTPClientError(error=OSError("m")), Doubtful("HTTPClientError")),
    (exceptions.ResponseStreamingError(error=OSError("m")), Doubtful("ResponseStreamingError")),
    (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), Doubtful("IncompleteReadError")),
    (ConnectionResetError(), Doubtful("ConnectionResetError")),
    (TimeoutError(), Doubtful("TimeoutError")),
    (RuntimeError("m"), Doubtful("RuntimeError")),
]


@pytest.mark.parametrize(("error", "outcome"), TABLE, ids=[f"{type(e).__name__}-{o.code}" for e, o in TABLE])
def test_each_error_is_classified(error: BaseException, outcome: Refused | Doubtful) -> None:
    assert classify(error) == outcome


def test_no_status_but_4xx_is_called_refused() -> None:
    refused = {status for status in range(100, 600) if isinstance(classify(answered(status)), Refused)}
    assert refused == set(range(400, 500)) - {408}


def test_a_chain_of_causes_without_end_is_left() -> None:
    first, second = OSError(), OSError()
    first.__context__, second.__context__ = second, first
    assert classify(exceptions.SSLError(**URL, error=first)) == Doubtful("SSLError")


# A real socket from here on.

Answer = Callable[[socket.socket], None]


def reply(status: str, body: bytes, *, promised: int | None = None) -> bytes:
    length = len(body) if promised is None else promised
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body


def says(data: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.sendall(data)

    return answer


def accepts(message_id: str = "0100-abc") -> Answer:
    return says(reply("200 OK", json.dumps({"MessageId": message_id}).encode()))


def refuses(status: str, code: str) -> Answer:
    body = json.dumps({"__type": code, "message": "m"}).encode()
    return says(reply(status, body))


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """Takes one request after the other and gives each the next answer; then closes the connection, if told to."""

    def __init__(self, answers: list[Answer | None], keep_alive: bool) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers = answers
        self._keep_alive = keep_alive
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Let a silent answer go, and end."""
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                while self._one(connection) and self._keep_alive:
                    pass

    def _one(self, connection: socket.socket) -> bool:
        request = self._read(connection)
        if not request:
            return False
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else None
        if answer is None:
            self._done.wait(10)
            return False
        answer(connection)
        return True

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                received = connection.recv(65_536)
                if not received:
                    return b""
                data += received
            head, _, body = data.partition(b"\r\n\r\n")
            wanted = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            )
            while len(body) < wanted:
                body += connection.recv(65_536)
        except OSError:
            return b""
        return head + b"\r\n\r\n" + body


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    servers: list[Server] = []

    def start(*answers: Answer | None, keep_alive: bool = False) -> Server:
        servers.append(Server(list(answers), keep_alive))
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", servers[-1].url)
        return servers[-1]

    sending.client_without_retries.cache_clear()  # a client remembers its endpoint
    yield start
    if sending.client_without_retries.cache_info().currsize:
        sending.client_without_retries("sesv2", *SHORT.values()).close()
    sending.client_without_retries.cache_clear()
    for server in servers:
        server.close()


SHORT = {"connect_seconds": 1.0, "read_seconds": 0.3}


def send(raw: bytes = b"Subject: x\r\n\r\nHello\r\n", **changes: Any) -> sending.Outcome:
    return SesMailer(**SHORT).send(raw, **(SEND | changes))


def test_an_accepted_message(serve: Callable[..., Server]) -> None:
    server = serve(accepts())
    assert send() == Accepted("0100-abc", NOW)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/email/outbound-emails HTTP/1.1")
    assert json.loads(body) == {
        "FromEmailAddress": "ar@muster.example",
        "Destination": {"ToAddresses": ["ap@fog.example"]},
        "Content": {"Raw": {"Data": "U3ViamVjdDogeA0KDQpIZWxsbw0K"}},
        "ConfigurationSetName": "notices",
        "EmailTags": [{"Name": "attempt", "Value": "a1"}, {"Name": "stack", "Value": "duly"}],
    }


BAD_ANSWERS: list[tuple[str, Answer | None, Refused | Doubtful]] = [
    ("silence", None, Doubtful("ReadTimeoutError")),
    ("reset", resets, Doubtful("ConnectionClosedError")),
    ("closed", says(b""), Doubtful("ConnectionClosedError")),
    ("half a status line", says(b"HTTP/1.1 20"), Doubtful("ConnectionClosedError")),
    ("half a head", says(b"HTTP/1.1 200 OK\r\nContent-Le"), Doubtful("AnswerWithoutMessageId")),
    ("half a body", says(reply("200 OK", b'{"Mess', promised=40)), Doubtful("ConnectionClosedError")),
    ("not HTTP", says(b"220 mail.example ESMTP\r\n"), Doubtful("ConnectionClosedError")),
    ("accepted without an id", says(reply("200 OK", b"{}")), Doubtful("AnswerWithoutMessageId")),
    ("a page instead of an answer", says(reply("200 OK", b"<html>Welcome</html>")), Doubtful("AnswerWithoutMessageId")),
    ("server error", refuses("500 Internal Server Error", "InternalFailure"), Doubtful("InternalFailure")),
    ("unavailable", refuses("503 Service Unavailable", "ServiceUnavailable"), Doubtful("ServiceUnavailable")),
    ("gateway time-out", says(reply("504 Gateway Timeout", b"")), Doubtful("504")),
    ("request time-out", refuses("408 Request Timeout", "RequestTimeout"), Doubtful("RequestTimeout")),
    ("rejected", refuses("400 Bad Request", "MessageRejected"), Refused("MessageRejected", retryable=False)),
    ("paused", refuses("400 Bad Request", "SendingPausedException"),
     Refused("SendingPausedException", pressure="stop")),
    ("throttled", refuses("429 Too Many Requests", "TooManyRequestsException"),
     Refused("TooManyRequestsException", pressure="slow")),
    ("denied", refuses("403 Forbidden", "AccessDeniedException"), Refused("AccessDeniedException", pressure="stop")),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), [row[1:] for row in BAD_ANSWERS], ids=[row[0] for row in BAD_ANSWERS])
def test_a_bad_answer_is_classified_and_never_tried_again(
    serve: Callable[..., Server], answer: Answer | None, outcome: Refused | Doubtful
) -> None:
    server = serve(answer, accepts(), accepts())
    assert send() == outcome
    assert len(server.requests) == 1


def test_nobody_listens(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    serve()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{port}")
    assert send() == Refused("EndpointConnectionError")


def test_the_name_is_unknown(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    serve()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://ses.invalid")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send() == Refused("EndpointConnectionError")


def test_the_connection_takes_too_long(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(accepts())

    def slow(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
    assert send() == Refused("ConnectTimeoutError")
    assert server.requests == []


def test_a_bad_parameter_is_refused_before_anything_is_sent(serve: Callable[..., Server]) -> None:
    server = serve(accepts())
    assert send(from_address=7) == Refused("ParamValidationError", retryable=False)
    assert server.connections == 0


@pytest.mark.parametrize(
    "tags", [{"attempt": "a b"}, {"attempt": ""}, {"attempt": "ä"}, {"a:b": "x"}, {"attempt": "a" * 257}]
)
def test_a_tag_that_ses_would_refuse(serve: Callable[..., Server], tags: dict[str, str]) -> None:
    server = serve(accepts())
    refused = Refused("InvalidTag", retryable=False)
    assert send(tags=tags) == refused
    assert MemoryMailer().send(b"", **(SEND | {"tags": tags})) == refused
    assert server.connections == 0


def test_credentials_are_missing(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(accepts())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert send() == Refused("NoCredentialsError", pressure="stop")
    assert server.connections == 0


def test_one_connection_within_an_invocation_and_a_new_one_for_the_next(serve: Callable[..., Server]) -> None:
    server = serve(*(accepts(str(number)) for number in range(4)), keep_alive=True)
    first = SesMailer(**SHORT)
    assert first.send(b"a", **SEND) == Accepted("0", NOW)
    assert first.send(b"b", **SEND) == Accepted("1", NOW)
    assert server.connections == 1
    second = SesMailer(**SHORT)
    assert second.send(b"c", **SEND) == Accepted("2", NOW)
    assert server.connections == 2


# The memory twin.


def test_the_twin_keeps_what_it_accepts() -> None:
    mailer = MemoryMailer()
    outcome = mailer.send(b"raw", **SEND)
    assert outcome == Accepted("memory-000001", NOW)
    [kept] = mailer.messages
    assert (kept.raw, kept.to, dict(kept.tags)) == (b"raw", ("ap@fog.example",), {"attempt": "a1", "stack": "duly"})
    assert mailer.send(b"raw", **SEND) != outcome


def test_the_twin_plays_its_script_in_order() -> None:
    mailer = MemoryMailer()
    mailer.will(Refused("MessageRejected", retryable=False), Doubtful("ReadTimeoutError"))
    mailer.will(
        Scripted(accepts=True, answer=Doubtful("ReadTimeoutError")), Scripted(accepts=True, answer=SystemExit(9))
    )
    assert mailer.send(b"1", **SEND) == Refused("MessageRejected", retryable=False)
    assert mailer.send(b"2", **SEND) == Doubtful("ReadTimeoutError")
    assert mailer.messages == []
    assert mailer.send(b"3", **SEND) == Doubtful("ReadTimeoutError")
    with pytest.raises(SystemExit):
        mailer.send(b"4", **SEND)
    assert [message.raw for message in mailer.messages] == [b"3", b"4"]
    assert isinstance(mailer.send(b"5", **SEND), Accepted)
    assert mailer.calls == 5
