"""The function's package as an operator gets it: downloaded from a server of releases, verified, and refused where it is not
the one of the release.
"""

import functools
import hashlib
import http.server
import subprocess
import threading
import zipfile
from pathlib import Path

from said import Failed, check, say
from terraform import ARCHITECTURE, ROOT, Terraform

VERSION = "0.0.0"
PACKAGE = f"rollcall-lambda-{ARCHITECTURE}.zip"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def stand_in(folder: Path) -> None:
    """A release whose function is never run: where none was built, the debug build that runs is too large for a package."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(folder / PACKAGE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, "#!/bin/sh\nexit 1\n")
    (folder / "SHA256SUMS").write_text(f"{sha256(folder / PACKAGE)}  {PACKAGE}\n")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Release:
    """A package that scripts/download has verified: `zip` is its place, `variables` name it and its hash to an example, and
    `function` is the program in it, or None in a stand-in."""

    def __init__(self, built: Path | None, work: Path):
        """Serves the release that scripts/release built, or a stand-in, and downloads from it."""
        served, folder = work / "releases", work / "downloaded"
        served.mkdir()
        folder.mkdir()
        self.built = served / f"v{VERSION}"
        if built is None:
            self.built.mkdir()
            stand_in(self.built)
        else:
            self.built.symlink_to(built.resolve())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            done = self.download(server.server_port, folder)
        finally:
            server.shutdown()
            server.server_close()
        if done.returncode != 0:
            raise Failed(f"scripts/download verifies the release: {done.stderr}")
        say(f"downloaded {PACKAGE} of {'a built release' if built else 'a stand-in for a release'} with scripts/download")
        self.zip = folder / PACKAGE
        check(self.zip.read_bytes() == (self.built / PACKAGE).read_bytes(), "the package is the one of the release")
        self.sha256 = sha256(self.zip)
        check(f'sha256 = "{self.sha256}"' in done.stdout, "the download prints the hash for the module")
        self.variables = (f"-var=function_zip={self.zip}", f"-var=function_sha256={self.sha256}")
        self.function = self.unpack(work) if built else None

    @staticmethod
    def download(port: int, folder: Path) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "ROLLCALL_RELEASES": f"http://127.0.0.1:{port}"}
        command = [ROOT / "scripts/download", VERSION, ARCHITECTURE, folder]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def unpack(self, work: Path) -> Path:
        with zipfile.ZipFile(self.zip) as archive:
            archive.extract("bootstrap", work)
        (work / "bootstrap").chmod(0o755)
        return work / "bootstrap"

    def a_tampered_one_is_refused(self, terraform: Terraform) -> None:
        """The plan names a file that was changed after it was verified."""
        tampered = self.zip.with_name("tampered.zip")
        tampered.write_bytes(self.zip.read_bytes() + b"!")
        try:
            done = terraform.run("plan", "-no-color", terraform.state, *terraform.variables, f"-var=function_zip={tampered}", accept=(0, 1))
        finally:
            tampered.unlink()
        refused = done.returncode == 1 and "is another file than the one with the SHA-256" in " ".join(done.stderr.split())
        if not refused:
            print(done.stdout[-2000:], done.stderr[-2000:])
        check(refused, "a plan with a tampered package is refused")
