"""What `/metrics` tells of requests."""

from blockyard.protocol.kinds import BLOCK_V2
from blockyard.server.kit.database import Database
from tests.support.whole_server import BLOCKS, Request, WholeServer


def test_requests_are_counted_by_route_template_and_status(database: Database) -> None:
    server = WholeServer(database)
    unknown = "00000000-0000-4000-8000-000000000009"
    request = Request("GET", f"{BLOCKS}/{unknown}", media=BLOCK_V2.media)

    server.send(request)
    before = server.send(Request("GET", "/metrics")).text
    server.send(request)
    after = server.send(Request("GET", "/metrics")).text

    assert counted(after) == counted(before) + 1
    assert unknown not in after


def counted(metrics: str) -> float:
    """Return how many requests for blocks that nobody knows are counted."""
    counter = f'blockyard_http_requests_total{{method="GET",route="{BLOCKS}/{{uuid}}",status="404"}} '
    (line,) = (line for line in metrics.splitlines() if line.startswith(counter))
    return float(line.removeprefix(counter))
