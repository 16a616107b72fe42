"""Slack's incoming webhook on loopback. It keeps the messages it receives and answers as the rehearsal sets it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeSlack:
    def __init__(self):
        self.messages: list[dict] = []
        self.requests = 0
        self.is_down = False
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                slack.requests += 1
                if slack.is_down:
                    self.answer(503, "service_unavailable")
                else:
                    slack.messages.append({"path": self.path} | json.loads(body))
                    self.answer(200, "ok")

            def answer(self, status: int, text: str):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def webhook(self, environment: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/T00000000/B00000000/{environment}"

    def __enter__(self) -> "FakeSlack":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


def visible_text(value) -> list[str]:
    """The lines that a reader of the blocks would see, in order."""
    if isinstance(value, list):
        return [line for item in value for line in visible_text(item)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "table":
        return [" | ".join(" ".join(visible_text(cell)) for cell in row) for row in value["rows"]]
    if isinstance(value.get("text"), str):
        return value["text"].splitlines()
    return [line for key, item in value.items() if key != "type" for line in visible_text(item)]
