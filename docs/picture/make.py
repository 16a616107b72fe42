#!/usr/bin/env python3
"""Makes docs/message.png from the JSON body that Slack would get.

    cargo run -q -- replay fixtures/twenty-services-one-failure.json --timezone Asia/Seoul --environment dev \
        --format payload | docs/picture/make.py

Needs Chromium, the fonts Lato and Noto Color Emoji, and pngquant where it is there, which makes the file smaller.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 420
BROWSER = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--force-device-scale-factor=2",
]


def browse(folder, *arguments):
    """Runs Chromium with a profile of its own, which goes away with the folder."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("make.py: Chromium is not installed")
    command = [chromium, *BROWSER, f"--user-data-dir={folder}/profile", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def main():
    payload = sys.stdin.readline().strip()
    if not payload:
        sys.exit("make.py: expected a payload on standard input")
    output = HERE.parent / "message.png"
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder, "message.html")
        # In a script element only `<` could end the text early.
        body = payload.replace("<", "\\u003c")
        page.write_text((HERE / "message.html").read_text().replace(">PAYLOAD<", f">{body}<"))
        shown = browse(folder, f"--window-size={WIDTH},800", "--dump-dom", page.as_uri())
        height = re.search(r'data-height="(\d+)"', shown)
        if not height:
            sys.exit("make.py: the payload holds a block that the page does not know")
        browse(folder, f"--window-size={WIDTH},{height[1]}", f"--screenshot={output}", page.as_uri())
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", output, "128", output], check=True)
    print(f"{output.name}: {output.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
