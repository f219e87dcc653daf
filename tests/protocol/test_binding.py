"""A bound envelope belongs to one place: an object of a workspace, and what of it."""

from dataclasses import replace
from itertools import combinations

import pytest

from blockyard.protocol.binding import DocumentPlace, Owner, SealedFor, input_key, member_key, sealed_for
from blockyard.protocol.jsontypes import Json

BLOCK, DEFINITION = "0a4f5f2e-6a6e-4f0b-8c58-1f6f2f1c9a10", "77777777-6a6e-4f0b-8c58-1f6f2f1c9a10"
HERE = DocumentPlace.of(workspace="shop", block=BLOCK, provider="platform", definition=DEFINITION)
OF_BLOCK = SealedFor(workspace="shop", owner=Owner.BLOCK, uuid=BLOCK, key=input_key("token"))
OF_DEFINITION = SealedFor(workspace="platform", owner=Owner.DEFINITION, uuid=DEFINITION, key=input_key("token"))
SSH_KEY = replace(OF_DEFINITION, key=member_key("sshPrivateKey"))
PAT = SealedFor(workspace="platform", owner=Owner.INTEGRATION, uuid="any", key=member_key("personalAccessToken"))
PLACES = [
    OF_BLOCK,
    OF_DEFINITION,
    SSH_KEY,
    PAT,
    replace(OF_BLOCK, workspace='shop","buildingBlock'),
    replace(OF_BLOCK, key="input/t\u00f6ken"),
]


@pytest.mark.parametrize("place", [OF_BLOCK, OF_DEFINITION, SSH_KEY, PAT])
def test_an_envelope_is_accepted_where_it_belongs(place: SealedFor) -> None:
    assert HERE.misfit(place, place.key) is None


@pytest.mark.parametrize(
    ("place", "key", "words"),
    [
        (replace(OF_BLOCK, uuid="other"), "input/token", "buildingBlock other"),
        (replace(OF_BLOCK, workspace="evil"), "input/token", "workspace 'evil'"),
        (OF_BLOCK, "input/other", "not for 'input/other'"),
        (OF_BLOCK, "implementation/sshPrivateKey", "not for 'implementation/sshPrivateKey'"),
        (replace(OF_BLOCK, key="implementation/x"), "implementation/x", "of buildingBlock "),
        (replace(OF_DEFINITION, uuid="other"), "input/token", "buildingBlockDefinition other"),
        (replace(OF_DEFINITION, workspace="shop"), "input/token", "workspace 'shop'"),
        (SSH_KEY, "input/sshPrivateKey", "not for 'input/sshPrivateKey'"),
        (SSH_KEY, "implementation/appPem", "not for 'implementation/appPem'"),
        (replace(PAT, workspace="evil"), PAT.key, "workspace 'evil'"),
        (replace(PAT, key="input/token"), "input/token", "of integration any"),
    ],
)
def test_an_envelope_of_another_place_is_named_in_words(place: SealedFor, key: str, words: str) -> None:
    assert words in str(HERE.misfit(place, key))


@pytest.mark.parametrize(
    ("place", "key", "words"),
    [
        (OF_BLOCK, "input/other", None),
        (OF_DEFINITION, "input/other", None),
        (replace(OF_BLOCK, uuid="other"), "input/other", "buildingBlock other"),
        (OF_BLOCK, "implementation/sshPrivateKey", "not for 'implementation/sshPrivateKey'"),
        (SSH_KEY, "input/token", "not for 'input/token'"),
    ],
)
def test_an_input_that_had_another_name_takes_envelopes_of_the_same_object(
    place: SealedFor, key: str, words: str | None
) -> None:
    found = HERE.misfit(place, key, is_renamed=True)
    assert found is None if words is None else words in str(found)


def test_two_places_never_bind_to_the_same() -> None:
    assert all(one.additional_data() != other.additional_data() for one, other in combinations(PLACES, 2))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_read_back_as_it_was_written(place: SealedFor) -> None:
    assert sealed_for(place.document()) == place


@pytest.mark.parametrize("document", [None, {}, "x", {**OF_BLOCK.document(), "owner": "other"}, {"key": "x"}])
def test_what_names_no_place_is_refused(document: Json) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  either of two sentences
        sealed_for(document)
