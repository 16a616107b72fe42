#!/usr/bin/env python3
"""Makes the archives of a release, the same bytes from the same files on any machine.

    archives.py zip  OUT BINARY                the function's package: BINARY under the name bootstrap
    archives.py tar  OUT FOLDER                FOLDER with all that is in it, gzipped
    archives.py sums FOLDER                    SHA256SUMS of the files in FOLDER

Everything that could differ between machines is fixed: times are SOURCE_DATE_EPOCH, the order is that of names, nobody owns
anything, and libdeflate compresses, at the version in .ci/python-packages/release.txt: Python's zlib is another one on each
system, and compresses another way.
"""

import hashlib
import os
import struct
import sys
import tarfile
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import deflate

# The strongest level of libdeflate; it takes some seconds for the function.
LEVEL = 12
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def zip_of(name: str, content: bytes) -> bytes:
    """A zip with one executable file. zipfile writes one only with Python's zlib, so its few records are made here, as in
    sections 4.3.7, 4.3.12 and 4.3.16 of PKWARE's APPNOTE; zipfile reads them back as a check."""
    compressed = deflate.deflate_compress(content, LEVEL)
    when = time.gmtime(max(EPOCH, 315532800))  # A zip knows no time before 1980.
    dos_time = when.tm_hour << 11 | when.tm_min << 5 | when.tm_sec // 2
    dos_date = (when.tm_year - 1980) << 9 | when.tm_mon << 5 | when.tm_mday
    deflated, version_needed, made_on_unix = 8, 20, 3 << 8 | 20
    common = struct.pack(
        "<HHHHHIIIHH",
        *(version_needed, 0, deflated, dos_time, dos_date),
        *(zlib.crc32(content), len(compressed), len(content), len(name), 0),
    )
    local = b"PK\3\4" + common + name.encode()
    mode = (0o100755) << 16
    central = b"PK\1\2" + struct.pack("<H", made_on_unix) + common + struct.pack("<HHHII", 0, 0, 0, mode, 0) + name.encode()
    offset = len(local) + len(compressed)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), offset, 0)
    archive = local + compressed + central + end
    with zipfile.ZipFile(BytesIO(archive)) as written:
        assert written.testzip() is None and written.read(name) == content
    return archive


def tar_of(folder: Path) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = archive.gettarinfo(path, path.relative_to(folder.parent).as_posix())
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = EPOCH, 0, 0, "", ""
            entry.mode = 0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644
            with path.open("rb") if path.is_file() else BytesIO() as content:
                archive.addfile(entry, content)
    return bytes(deflate.gzip_compress(out.getvalue(), LEVEL))


def sums_of(folder: Path) -> str:
    """In the format of sha256sum, which `sha256sum --check` and `shasum --check` read."""
    files = sorted(path for path in folder.iterdir() if path.name not in ("SHA256SUMS", "RELEASE_NOTES.md"))
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def main(command: str, *paths: str) -> None:
    match command, [Path(path) for path in paths]:
        case "zip", [out, binary]:
            out.write_bytes(zip_of("bootstrap", binary.read_bytes()))
        case "tar", [out, folder]:
            out.write_bytes(tar_of(folder))
        case "sums", [folder]:
            (folder / "SHA256SUMS").write_text(sums_of(folder))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
