"""A real S3 server for tests: SeaweedFS, on loopback, in a folder of its own; and ways to disturb the line to it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reviews.engine.buckets import Access

START_SECONDS = 60
SECRET = "only-for-tests"
# Who may do what, in SeaweedFS's words: the portal reads two buckets, a stranger has a key and no right.
_RIGHTS = {"admin": ["Admin"], "reader": ["Read", "List"], "lister": ["List"], "stranger": ["Write:elsewhere"]}


class S3Server:
    """Runs from `start` to `stop`, which kills it by its id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.endpoint = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        weed = Path(sysconfig.get_path("scripts")) / "weed"
        master, volume, filer, s3, *grpc = _free_ports(8)
        (self.folder / "identities.json").write_text(json.dumps(_identities()))
        # Each bucket is a collection with volumes of its own: one is enough.
        (self.folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
        command = [
            weed, "-logtostderr=true", "server", "-dir", self.folder, "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1",
            "-master.port", master, "-master.port.grpc", grpc[0], "-master.volumeSizeLimitMB", 64,
            "-volume.port", volume, "-volume.port.grpc", grpc[1], "-volume.max", 500,
            "-filer", "-filer.port", filer, "-filer.port.grpc", grpc[2],
            "-s3", "-s3.port", s3, "-s3.port.grpc", grpc[3], "-s3.config", self.folder / "identities.json",
            "-s3.port.iceberg", 0, "-s3.port.lance", 0, "-iam=false",
        ]  # fmt: skip
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder
            )
        self.endpoint = f"http://127.0.0.1:{s3}"
        self._wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()  # it takes ten seconds to end by itself
            self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """While inside, it answers nobody."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def client(self, who: str = "admin") -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=16),
        )

    def access(self, who: str = "reader", **changed: Any) -> Access:
        return Access(**{"endpoint": self.endpoint, "region": "us-east-1", "key_id": who, "secret": SECRET, **changed})

    def _wait(self) -> None:
        client = self.client()
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                client.create_bucket(Bucket="first")
                client.put_object(Bucket="first", Key="one", Body=b"1")  # buckets come before there is room for objects
            except (BotoCoreError, ClientError) as problem:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > until:
                    log = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                    pytest.skip(f"SeaweedFS does not run here: {problem} {log}")
                threading.Event().wait(0.05)
            else:
                return


@contextlib.contextmanager
def running_server() -> Iterator[S3Server]:
    """A server with nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    server = S3Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class TestBucket:
    """A bucket of one test."""

    __test__ = False

    def __init__(self, server: S3Server, name: str, *, versions: bool) -> None:
        self.server, self.name = server, name
        self.client = server.client()
        self.client.create_bucket(Bucket=name)
        if versions:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def put_all(self, objects: Mapping[str, bytes]) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self.put, objects.keys(), objects.values()))

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)


class Line:
    """A line to a server that can be cut: forwards what comes to a port of its own, counting what it does."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname
        assert parts.port
        self._to = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut_after: list[int] = []  # bytes of answers, for the next connections in turn
        self.connections = 0
        self.requests: list[bytes] = []  # their first lines
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.connections += 1
                limit = self.cut_after.pop(0) if self.cut_after else None
                far = socket.create_connection(self._to)
                threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
                threading.Thread(target=self._answer, args=(far, near, limit), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                self.requests.append(data.partition(b"\r\n")[0])
                far.sendall(data)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)

    def _answer(self, far: socket.socket, near: socket.socket, limit: int | None) -> None:
        with far, near, contextlib.suppress(OSError):
            while data := far.recv(65536):
                if limit is not None and len(data) > limit:
                    near.sendall(data[:limit])
                    near.shutdown(socket.SHUT_RDWR)
                    return
                limit = None if limit is None else limit - len(data)
                near.sendall(data)


@contextlib.contextmanager
def answering(answers: Mapping[str, tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """A provider that answers requests whose address holds a word with a status and XML; and what it was asked."""
    asked: list[str] = []

    class Provider(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = next(answer for word, answer in answers.items() if word in self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def _identities() -> dict[str, Any]:
    return {
        "identities": [
            {"name": who, "credentials": [{"accessKey": who, "secretKey": SECRET}], "actions": rights}
            for who, rights in _RIGHTS.items()
        ]
    }


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]
