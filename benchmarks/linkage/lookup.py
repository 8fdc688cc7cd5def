"""Measure one-record lookup: time to build, time a query, what is found, and 10,000 HTTP requests.

    python benchmarks/linkage/lookup.py FOLDER… [--queries 1000] [--requests 10000] [--disturbed]

Right rows are looked up in the left table of each link set, by all columns that both have and by
the name alone. Query times are of one thread, in milliseconds: ``cpu`` is what the processor
worked, ``wall`` what a clock showed. recall@1: right rows with a partner whose best row is it;
match: of rows called a match, the share that is right (precision) and of partners (recall).
``--disturbed`` sends the requests while other clients send malformed ones, or a byte now and then.
"""

import argparse
import http.client
import json
import socket
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import polars as pl

from tk_link.lookup.building import build_index
from tk_link.lookup.config import ServeConfig
from tk_link.lookup.index import Index
from tk_link.lookup.queries import Query
from tk_link.lookup.server import Server
from tk_link.lookup.service import Service
from tk_link.lookup.storing import read_index, write_index
from tk_link.reading import read_table
from tk_link.tables import Table

CLIENTS = 4
HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
MALFORMED = [
    b"GET /?queries=%7B" + HEAD + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n",
    b"GET /..%2f..%2fetc/passwd" + HEAD + b"\r\n",
    b"POST /" + HEAD + b"\r\n",
    b"POST /" + HEAD + b"Content-Length: 99999999\r\n\r\n" + b"x" * 200_000,
    b"BREW /" + HEAD + b"\r\n",
    b"\x16\x03\x01\r\n\r\n",
]


def build(folder: Path) -> Index:
    table = read_table(str(folder / "left.csv"))
    began = time.process_time()
    index = build_index(table)
    built = time.process_time() - began
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "left.tkindex"
        write_index(index, path)
        began = time.process_time()
        index = read_index(path)
        loaded = time.process_time() - began
        size = path.stat().st_size / 1e6
    print(
        f"\n{folder.name}: {len(index):,} rows; built in {built:.1f} s of processor time, "
        f"{size:.1f} MB, loaded in {loaded:.2f} s"
    )
    return index


def queries(index: Index, right: Table, count: int) -> dict[str, list[tuple[str, Query]]]:
    """Return the id and query of some right rows, asked in each way."""
    rows = np.random.default_rng(0).permutation(len(right))[:count].tolist()
    columns = [c.name for c in index.columns if c.name in right.columns]
    names = [c for c in index.name_columns if c in right.columns]
    out: dict[str, list[tuple[str, Query]]] = {"all columns": [], "name alone": []}
    for row in rows:
        record = right.text.row(row, named=True)
        id = record[right.columns[0]]
        values = {c: (record[c],) for c in columns if record[c]}
        out["all columns"].append((id, Query(values=values)))
        out["name alone"].append((id, Query(" ".join(filter(None, (record[c] for c in names))))))
    return out


def measure(index: Index, asked: list[tuple[str, Query]], gold: dict[str, str]) -> str:
    index.warm()
    cpu, wall, rights, matches, partners = [], [], [], [], 0
    for id, query in asked:
        began = time.thread_time(), time.perf_counter()
        hits = index.find(query)
        cpu.append(time.thread_time() - began[0])
        wall.append(time.perf_counter() - began[1])
        partners += id in gold
        is_right = bool(hits) and index.id_of(hits[0].row) == gold.get(id)
        rights.append(is_right)
        if hits and hits[0].is_match:
            matches.append(is_right)
    times = [f"{np.quantile(t, q) * 1e3:8.2f}" for t in (cpu, wall) for q in (0.5, 0.99)]
    shares = (sum(rights) / partners, np.mean(matches or [0]), sum(matches) / partners)
    return "".join(times) + "".join(f"{share:10.4f}" for share in shares)


def load(index: Index, asked: list[tuple[str, Query]], count: int, *, disturbed: bool) -> None:
    """Send requests as OpenRefine would, from several clients, and count what goes wrong."""
    server = Server(Service(index, 0.9), ServeConfig(port=0, patience=3.0))
    threading.Thread(target=server.serve_forever).start()
    over, seen = threading.Event(), Counter[str]()
    others = [malformed, malformed, *[slow] * 6] if disturbed else []
    rude = [
        threading.Thread(target=act, args=(server.server_address[1], over, seen)) for act in others
    ]
    for thread in rude:
        thread.start()
    bodies = [urlencode({"queries": json.dumps({"q": _query(query)})}) for _, query in asked]

    def client(number: int) -> tuple[list[float], int]:
        times, errors = [], 0
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
        for i in range(number, count, CLIENTS):
            if i % 50 == 0:
                connection.close()  # and open another: connections must not run out either
            began = time.perf_counter()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/", bodies[i % len(bodies)], headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            times.append(time.perf_counter() - began)
            errors += response.status != 200 or not isinstance(answer["q"]["result"], list)
        connection.close()
        return times, errors

    began, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(client, range(CLIENTS)))
    took, worked = time.perf_counter() - began, time.process_time() - worked
    over.set()
    for thread in rude:
        thread.join()
    server.shutdown()
    server.close()
    times = [t for part, _ in results for t in part]
    p50, p99 = np.quantile(times, [0.5, 0.99]) * 1e3
    print(
        f"HTTP: {len(times):,} requests from {CLIENTS} clients, {sum(e for _, e in results)} "
        f"errors, {len(times) / took:.0f} a second; {p50:.1f} ms p50, {p99:.1f} ms p99 with "
        f"{CLIENTS} waiting; {worked / len(times) * 1e3:.1f} ms of processor time a request, "
        "clients included"
    )
    if disturbed:
        print("meanwhile:", ", ".join(f"{what} {n:,}" for what, n in sorted(seen.items())))


def malformed(port: int, over: threading.Event, seen: Counter[str]) -> None:
    """Send what is wrong, again and again, and count the answers by their status."""
    for number in range(1_000_000):
        if over.wait(0.05):
            return
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(MALFORMED[number % len(MALFORMED)])
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
            seen[f"status {answer.split()[1].decode()}"] += 1


def slow(port: int, over: threading.Event, seen: Counter[str]) -> None:
    """Send a request byte by byte until the server has had enough of it."""
    while not over.is_set():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            try:
                for byte in b"POST /" + HEAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)
            except OSError:
                seen["slow clients cut off"] += 1


def _query(query: Query) -> dict[str, object]:
    properties = [{"pid": c, "v": list(values)} for c, values in query.values.items()]
    return {"properties": properties} if properties else {"query": query.text or ""}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--disturbed", action="store_true")
    options = parser.parse_args()
    for folder in options.folders:
        index, right = build(folder), read_table(str(folder / "right.csv"))
        matches = pl.read_csv(folder / "matches.csv", infer_schema=False)
        gold = {b: a for a, b in matches.select(pl.nth(0), pl.nth(1)).iter_rows()}
        asked = queries(index, right, options.queries)
        heads = ["cpu p50", "p99", "wall p50", "p99"]
        print(f"{'asked by':14}" + "".join(f"{h:>8}" for h in heads), end="")
        print("".join(f"{h:>10}" for h in ("recall@1", "precision", "recall")))
        for name, some in asked.items():
            print(f"{name:14}{measure(index, some, gold)}", flush=True)
        if options.requests:
            load(index, asked["all columns"], options.requests, disturbed=options.disturbed)


if __name__ == "__main__":
    main()
