"""A lookup server for the length of a test."""

import threading
from contextlib import contextmanager

from tk_link.lookup.config import ServeConfig
from tk_link.lookup.server import Server
from tk_link.lookup.service import Service


@contextmanager
def running(index, **options):
    server = Server(Service(index, 0.9), ServeConfig(**({"port": 0, "patience": 5.0} | options)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.close()
