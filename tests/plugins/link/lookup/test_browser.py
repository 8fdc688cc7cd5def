"""A page at another port, as OpenRefine's is, in a real browser: what it may read, and what not."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from browsers import CHROMIUM, Browser
from lookup_serving import running

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")

SCRIPT = """
<body><script>
const base = "BASE", read = {jsonp: "nothing"};
const get = async (url) => (await fetch(url)).json();
const script = (url) => new Promise((done) => {
  const node = document.createElement("script");
  node.onload = node.onerror = done;
  node.src = url;
  document.body.append(node);
});
window.stolen = () => { read.jsonp = "the table"; };
(async () => {
  try {
    const service = await get(base + "/");
    const place = service.suggest.entity;
    const found = await get(place.service_url + place.service_path + "?prefix=Bru&cursor=10");
    read.suggested = found.result.length;
    const form = new URLSearchParams({queries: JSON.stringify({q0: {query: "P0042"}})});
    const answer = await (await fetch(base + "/", {method: "POST", body: form})).json();
    read.best = answer.q0.result[0].id;
    const body = JSON.stringify({record: {email: "none"}});
    const headers = {"Content-Type": "application/json"};
    await (await fetch(base + "/match", {method: "POST", body, headers})).json();
  } catch (error) {
    read.error = error.name;
  }
  await script(base + "/?queries=%7B%7D&callback=stolen");
  document.title = JSON.stringify(read);
})();
</script></body>
"""


@contextmanager
def page_at_another_port(text):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    # a thread each: a browser opens connections ahead, and says nothing on them
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def told(browser, url):
    browser.open(url)
    for _ in range(200):
        if (title := browser.evaluate("document.title")).startswith("{"):
            return json.loads(title)
        time.sleep(0.05)
    raise AssertionError("the page has not finished")


def test_pages_of_this_machine_read_and_others_do_not(index):
    with running(index) as server, Browser() as browser:
        text = SCRIPT.replace("BASE", server.url)
        with page_at_another_port(text) as ours:
            read = told(browser, ours)
        assert read == {"jsonp": "nothing", "suggested": 10, "best": "P0042"}
        foreign = told(browser, "data:text/html," + quote(text))
        assert foreign == {"jsonp": "nothing", "error": "TypeError"}
        browser.open(f"{server.url}/view?id=P0042")
        assert browser.evaluate("document.querySelector('h1').textContent") == index.name_of(42)
