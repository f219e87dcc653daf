"""What `/metrics` tells of requests."""

from blockyard.server.kit.database import Database
from tests.support.whole_server import BLOCKS, Request, WholeServer


def test_requests_are_counted_by_route_template_and_status(database: Database) -> None:
    server = WholeServer(database)
    unknown = "00000000-0000-4000-8000-000000000009"
    server.send(
        Request(
            "GET", f"{BLOCKS}/{unknown}", media="application/vnd.meshcloud.api.meshBuildingBlock.v2-preview.hal+json"
        )
    )

    metrics = server.send(Request("GET", "/metrics")).text

    counted = 'blockyard_http_requests_total{method="GET",route="/api/meshobjects/meshbuildingblocks/{uuid}",status="404"} 1.0'
    assert counted in metrics
    assert unknown not in metrics
