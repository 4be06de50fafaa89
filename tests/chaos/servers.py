"""Database servers of our own, which may be killed and started again."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def folder_for_all():
    """A folder for this time that a server's own user may go into, as those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="fn-states-chaos.") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "server").mkdir()
        yield folder


class Server:
    """One server with its data below a folder. `url` is what DATABASE_URL takes."""

    user = ""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder):
        server = cls(folder)
        try:
            yield server
        finally:
            server.stop()

    def as_user(self, *command, **more):
        """A server refuses to run as root."""
        prefix = ("runuser", "-u", self.user, "--") if os.geteuid() == 0 else ()
        return [*prefix, *map(str, command)], {"cwd": self.folder, **more}

    def run(self, *command):
        arguments, more = self.as_user(*command, stdout=subprocess.DEVNULL)
        subprocess.run(arguments, check=True, stderr=subprocess.DEVNULL, **more)


class Postgres(Server):
    user = "postgres"
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    is_here = bool(binaries)

    def __init__(self, folder):
        super().__init__(folder)
        self._bin = Path(self.binaries[-1])
        self._data = self.folder / "data"
        initdb = ("-U", "states", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self.run(self._bin / "initdb", "-D", self._data, *initdb)
        settings = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._control("start", "-l", self.folder / "server.log", "-o", settings)
        self.run(self._bin / "createdb", "-h", self.folder, "-p", self.port, "-U", "states", "runs")
        self.url = f"postgres://states@127.0.0.1:{self.port}/runs?sslmode=disable"

    def _control(self, *what):
        self.run(self._bin / "pg_ctl", "-D", self._data, "-w", "-t", READY_SECONDS, *what)

    def restart(self):
        """As after a crash: nothing is closed properly, and the log is replayed."""
        self._control("restart", "-m", "immediate", "-l", self.folder / "server.log")

    def stop(self):
        self._control("stop", "-m", "immediate")


class Mariadb(Server):
    user = "mysql"
    is_here = bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))

    def __init__(self, folder):
        super().__init__(folder)
        self._socket = self.folder / "server.sock"
        self._data = self.folder / "data"
        self.run(
            *("mariadb-install-db", "--no-defaults", f"--datadir={self._data}", "--skip-test-db"),
            "--auth-root-authentication-method=normal",
        )
        self._start()
        self._client(
            "CREATE DATABASE runs; CREATE USER states@'%' IDENTIFIED BY 'states'; "
            "GRANT ALL ON runs.* TO states@'%'"
        )
        self.url = f"mysql://states:states@tcp(127.0.0.1:{self.port})/runs"

    def _client(self, statements):
        socket_ = f"--socket={self._socket}"
        command = ("mariadb", "--no-defaults", socket_, "-u", "root", "-e", statements)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start(self):
        arguments, more = self.as_user(
            *("mariadbd", "--no-defaults", f"--datadir={self._data}", f"--socket={self._socket}"),
            *("--bind-address=127.0.0.1", f"--port={self.port}"),
            "--innodb-flush-log-at-trx-commit=2",  # what is committed survives the process
        )
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log, **more)
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(subprocess.CalledProcessError):
                return self._client("SELECT 1")
            time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def _pid(self):
        """Of the server itself: what was started may be the one who changed the user for it."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        below = children.read_text().split()
        return int(below[0]) if below else self._process.pid

    def restart(self):
        """Killed in the midst of its work, and started again."""
        self.stop()
        self._start()

    def stop(self):
        os.kill(self._pid(), 9)
        self._process.wait(READY_SECONDS)


SERVERS = {"postgres": Postgres, "mysql": Mariadb}
