"""A MariaDB server in a folder of its own, on a socket, that ends with the tests."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def running(folder: Path, databases: tuple[str, ...]) -> Iterator[Path]:
    """The socket of a server with these databases. It has no users: whoever may enter the folder may do everything."""
    data, socket, log = folder / "db", folder / "db.sock", folder / "db.log"
    data.mkdir()
    program = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    assert program, "mariadbd is missing; .ci/wordpress.sh installs it"
    start = folder / "start.sql"
    start.write_text("".join(f"CREATE DATABASE {name} CHARACTER SET utf8mb4;\n" for name in databases))
    with log.open("wb") as out:
        server = subprocess.Popen(
            [
                program, "--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}",
                "--skip-grant-tables", "--skip-networking", f"--socket={socket}", f"--init-file={start}",
                f"--pid-file={folder / 'db.pid'}", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
            ],
            stdout=out,
            stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not socket.exists():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield socket
    finally:
        server.terminate()
        server.wait(timeout=60)
