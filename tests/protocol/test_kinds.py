"""How kinds are called on the wire."""

from blockyard.protocol.kinds import PROJECT, Kind


def test_everything_a_kind_is_called_follows_from_its_name_and_version() -> None:
    assert PROJECT.media == "application/vnd.meshcloud.api.meshProject.v2.hal+json"
    assert PROJECT.plural == "meshProjects"
    assert PROJECT.collection == "/api/meshobjects/meshprojects"
    assert PROJECT.path("shop.dev") == "/api/meshobjects/meshprojects/shop.dev"


def test_segments_of_a_path_are_encoded() -> None:
    assert PROJECT.path("a/b c", 1) == "/api/meshobjects/meshprojects/a%2Fb%20c/1"


def test_a_collection_may_lie_elsewhere() -> None:
    kind = Kind("meshThingBinding", "v2", under="meshthings/bindings")

    assert kind.path("one") == "/api/meshobjects/meshthings/bindings/one"
    assert kind.plural == "meshThingBindings"
