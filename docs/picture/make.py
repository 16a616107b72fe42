#!/usr/bin/env python3
"""Draws the messages of docs/messages.md from the JSON bodies that Slack would get.

    docs/picture/make.py

The bodies are the snapshots in `messages/`, which the tests in tests/it/decisions/tasks/messages.rs keep true. Needs
Chromium, the fonts below, and pngquant where it is there, which makes the files smaller.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PICTURES = HERE.parent / "messages"
WIDTH = 420
# A font that is absent would be replaced without a word, and the picture would show other widths, or boxes.
FONTS = {
    "Lato": "fonts-lato",
    "Noto Sans CJK KR": "fonts-noto-cjk",
    "Noto Color Emoji": "fonts-noto-color-emoji",
}
# Each picture: its messages with the time of each and, where there are several, a caption.
DRAWN = {
    "all-up": [("9:06 AM", "", "all-up.en")],
    "one-failed": [("9:06 AM", "", "one-failed.en")],
    "one-failed.ko": [("오전 9:06", "", "one-failed.ko")],
    "many-failed": [("9:06 AM", "", "many-failed.en")],
    "nothing": [("9:16 AM", "", "nothing.en")],
    "recovered": [("9:29 AM", "", "recovered.en")],
    "live": [
        ("9:00 AM", "Posted at 9:00", "live-1.en"),
        ("9:00 AM", "Edited at 9:02", "live-2.en"),
        ("9:02 AM", "In its thread at 9:02", "thread-1.en"),
        ("9:00 AM", "Edited for the last time", "live-3.en"),
    ],
}
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
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def check_fonts():
    listed = subprocess.run(["fc-list", ":", "family"], check=True, capture_output=True, text=True).stdout
    families = {family.strip() for line in listed.splitlines() for family in line.split(",")}
    absent = [package for family, package in FONTS.items() if family not in families]
    if absent:
        sys.exit(f"make.py: fonts are not installed; on Debian: apt-get install {' '.join(absent)}")


def body(name):
    """The JSON of a snapshot, which stands below the lines between `---`."""
    text = (HERE / "messages" / f"{name}.snap").read_text()
    return json.loads(text.split("---\n", 2)[2])


def draw(folder, name, messages):
    output = PICTURES / f"{name}.png"
    posts = [{"time": time, "caption": caption, "body": body(of)} for time, caption, of in messages]
    page = pathlib.Path(folder, "message.html")
    # In a script element only `<` could end the text early.
    payload = json.dumps(posts, ensure_ascii=False).replace("<", "\\u003c")
    page.write_text((HERE / "message.html").read_text().replace(">PAYLOAD<", f">{payload}<"))
    shown = browse(folder, f"--window-size={WIDTH},800", "--dump-dom", page.as_uri())
    height = re.search(r'data-height="(\d+)"', shown)
    if not height:
        sys.exit(f"make.py: {name} holds a block that the page does not know")
    browse(folder, f"--window-size={WIDTH},{height[1]}", f"--screenshot={output}", page.as_uri())
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", output, "40", output], check=True)
    print(f"{output.name}: {height[1]} px, {output.stat().st_size // 1024} KB")


def main():
    check_fonts()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, messages in DRAWN.items():
            draw(folder, name, messages)


if __name__ == "__main__":
    main()
