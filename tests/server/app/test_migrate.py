"""Bringing a database to this version's tables says what is in its way, and leaves nothing half done."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from blockyard.server.app import migrate
from blockyard.server.kit.database import Database


def test_a_full_disk_stops_the_first_start_and_the_next_one_goes_through(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        pages = database.engine.raw_connection().cursor()
        pages.execute("PRAGMA max_page_count=20").fetchall()

        with pytest.raises(migrate.DatabaseError, match="disk is full"):
            migrate.upgrade(database)

        assert migrate.current(database) is None
        pages.execute("PRAGMA max_page_count=1000000").fetchall()
        assert migrate.upgrade(database)
        assert migrate.current(database) == migrate.head()


def test_a_database_out_of_reach_is_named_in_one_sentence_with_its_cause_and_without_its_password() -> None:
    with (
        Database.open("postgresql://nobody:s3cret-word@127.0.0.1:1/none") as away,
        pytest.raises(
            migrate.DatabaseError, match=r"^PostgreSQL at 127\.0\.0\.1:1, database none .*refused"
        ) as refusal,
    ):
        migrate.require_current(away)

    assert "s3cret-word" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_names_that_differ_in_case_alone_are_kept_and_the_oldest_has_the_folded_one(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0006")
        with database.engine.begin() as connection:
            for number, name in enumerate(("anna", "Anna", "berta")):
                connection.execute(
                    _OLD_USER, {"id": f"{number:032x}", "name": name, "created": f"2026-01-0{number + 1}"}
                )

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT username, username_key, email_key FROM users ORDER BY created_at"))
            assert [tuple(row) for row in rows] == [
                ("anna", "anna", "anna@x.test"),
                ("Anna", None, None),
                ("berta", "berta", "berta@x.test"),
            ]


_OLD_USER = text(
    "INSERT INTO users (id, username, first_name, last_name, email, password_hash, admin, disabled, created_at, epoch, revision) "
    "VALUES (:id, :name, '', '', :name || '@X.test', 'x', 0, 0, :created, 0, 0)"
)


def test_projects_keep_the_texts_they_named_before_there_were_payment_methods(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0010")
        with database.engine.begin() as connection:
            for name in ("shop", "bank"):
                connection.execute(_OLD_WORKSPACE, {"name": name, "tags": "{}"})
                connection.execute(_OLD_PROJECT, {"id": f"{name:>032}".replace(" ", "0"), "workspace": name})

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT payment_method, substitute_payment_method FROM projects"))
            assert [tuple(row) for row in rows] == [("Cost Centre 4711", "x")] * 2
            assert connection.execute(text("SELECT count(*) FROM payment_methods")).scalar_one() == 0


def test_tags_from_before_there_were_tag_definitions_stay_and_are_known(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0014")
        with database.engine.begin() as connection:
            connection.execute(_OLD_WORKSPACE, {"name": "shop", "tags": '{"env":["dev"],"none":[]}'})
            connection.execute(_OLD_WORKSPACE, {"name": "bank", "tags": "{}"})

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT target_kind, tag, object_id FROM tag_uses"))
            assert [tuple(row) for row in rows] == [("meshWorkspace", "env", "shop")]
            tags = connection.execute(text("SELECT tags FROM workspaces WHERE name = 'shop'")).scalar_one()
            assert tags == '{"env":["dev"],"none":[]}'


def test_platforms_and_definitions_follow_the_new_names_of_built_in_platform_types(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0021")
        with database.engine.begin() as connection:
            connection.execute(_OLD_WORKSPACE, {"name": "shop", "tags": "{}"})
            for statement in _OLD_AKS:
                connection.execute(statement, _OLD_NAMES)

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            names = connection.execute(
                text(
                    "SELECT (SELECT name FROM platform_types), (SELECT type_name FROM definition_platform_types), "
                    "(SELECT spec FROM definitions), (SELECT type_name FROM platforms), (SELECT config FROM platforms)"
                )
            ).one()
            custom = '{"custom":{"platformTypeRef":{"kind":"x","name":"AZURE_KUBERNETES_SERVICE"}}}'
            assert [str(name).replace(" ", "") for name in names] == [
                "AZURE_KUBERNETES_SERVICE",
                "AZURE_KUBERNETES_SERVICE",
                '{"supportedPlatforms":["AWS","AZURE_KUBERNETES_SERVICE"]}',
                "AZURE_KUBERNETES_SERVICE",
                custom,
            ]


def test_deleted_workspaces_are_named_by_no_restriction_any_more(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0035")
        with database.engine.begin() as connection:
            for name in ("shop", "here", "gone"):
                connection.execute(_OLD_WORKSPACE, {"name": name, "tags": "{}"})
            connection.execute(text("UPDATE workspaces SET deleted_at = '2026-01-02' WHERE name = 'gone'"))
            for statement in _OLD_AKS[1:2] + _OLD_AKS[3:]:
                connection.execute(statement, _OLD_NAMES)
            for statement in _RESTRICTED:
                connection.execute(statement, _OLD_NAMES)

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            platforms = connection.execute(
                text("SELECT restriction, restricted_to_workspaces, contributing_workspaces FROM platforms")
            )
            definitions = connection.execute(text("SELECT restriction, audience FROM definitions"))
            named = connection.execute(
                text("SELECT workspace FROM platform_workspaces UNION ALL SELECT workspace FROM definition_audiences")
            )
            assert tuple(platforms.one()) == ("RESTRICTED", '["here"]', "[]")
            assert tuple(definitions.one()) == ("PRIVATE", "[]")
            assert [name for (name,) in named] == ["here"]


def test_of_open_requests_for_the_same_the_oldest_stays(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0043")
        with database.engine.begin() as connection:
            connection.execute(_OLD_WORKSPACE, {"name": "shop", "tags": "{}"})
            for number, (project, state) in enumerate(_REQUESTS, 1):
                values = {"id": f"{number:032x}", "project": project, "state": state, "at": f"2026-01-0{number}"}
                connection.execute(_OLD_REQUEST, values)

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT state, decided_by FROM binding_requests ORDER BY created_at"))
            assert [tuple(row) for row in rows] == [
                ("REJECTED", None),
                ("REQUESTED", None),
                ("CANCELLED", "system"),
                ("REQUESTED", None),
                ("CANCELLED", "system"),
                ("CANCELLED", "system"),
            ]


def test_definitions_are_sorted_by_folded_names_and_say_who_orders_them(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0047")
        with database.engine.begin() as connection:
            connection.execute(_OLD_WORKSPACE, {"name": "shop", "tags": "{}"})
            for number, (name, spec) in enumerate((("Über", '{"useInLandingZonesOnly":true}'), ("ZONE", "{}"))):
                connection.execute(_OLD_DEFINITION, {"id": f"{number:032x}", "name": name, "spec": spec})

        migrate.upgrade(database)

        with database.engine.connect() as connection:
            rows = connection.execute(text("SELECT sort_name, only_in_zones FROM definitions ORDER BY id"))
            assert [tuple(row) for row in rows] == [("über", 1), ("zone", 0)]


_OLD_DEFINITION = text(
    "INSERT INTO definitions (id, workspace, display_name, target_type, spec, tags, latest_version_id, created_at, revision) "
    "VALUES (:id, 'shop', :name, 'TENANT_LEVEL', :spec, '{}', :id, '2026-01-01', 0)"
)
_REQUESTS = (
    (None, "REJECTED"),
    (None, "REQUESTED"),
    (None, "REQUESTED"),
    ("dev", "REQUESTED"),
    (None, "REQUESTED"),
    ("dev", "REQUESTED"),
)
_OLD_REQUEST = text(
    "INSERT INTO binding_requests (id, kind, name, role, workspace, project, subject, reason, requested_by, approvals, created_at, "
    "state, revision) VALUES (:id, 'k', 'n', 'r', 'shop', :project, 'anna', 'x', 'mary', '[\"mary\"]', :at, :state, 0)"
)

_RESTRICTED = (
    text(
        "UPDATE platforms SET restriction = 'RESTRICTED', restricted_to_workspaces = '[\"gone\",\"here\"]', "
        "contributing_workspaces = '[\"gone\"]'"
    ),
    text("UPDATE definitions SET restriction = 'RESTRICTED', audience = '[\"gone\"]'"),
    text("INSERT INTO platform_workspaces (platform_id, role, workspace) VALUES (:id, 'SERVED', 'gone')"),
    text("INSERT INTO platform_workspaces (platform_id, role, workspace) VALUES (:id, 'SERVED', 'here')"),
    text("INSERT INTO platform_workspaces (platform_id, role, workspace) VALUES (:id, 'CONTRIBUTING', 'gone')"),
    text("INSERT INTO definition_audiences (definition_id, workspace) VALUES (:id, 'gone')"),
)


_OLD_AKS = (
    text(
        "INSERT INTO platform_types (id, workspace, name, display_name, category, icon, is_built_in, state, created_at, revision) "
        "VALUES (:id, 'shop', :type, '', 'AZURE_KUBERNETES_SERVICE', '', 1, 'ACTIVE', '2026-01-01', 0)"
    ),
    text(
        "INSERT INTO definitions (id, workspace, display_name, target_type, spec, tags, latest_version_id, created_at, revision, "
        "publication_state, restriction, audience) "
        "VALUES (:id, 'shop', '', 'TENANT_LEVEL', :spec, '{}', :id, '2026-01-01', 0, 'UNPUBLISHED', 'PUBLIC', '[]')"
    ),
    text("INSERT INTO definition_platform_types (definition_id, type_name) VALUES (:id, :type)"),
    text(
        "INSERT INTO platforms (id, workspace, name, location, type_name, display_name, description, endpoint, "
        "contributing_workspaces, restriction, publication_state, restricted_to_workspaces, quota_definitions, config, config_type, "
        "created_at, revision) "
        "VALUES (:id, 'shop', 'a', 'b', :type, '', '', '', '[]', 'PUBLIC', 'PUBLISHED', '[]', '[]', :config, 'custom', '2026-01-01', 0)"
    ),
)
_OLD_NAMES = {
    "id": f"{7:032x}",
    "type": "AZURE-KUBERNETES-SERVICE",
    "spec": '{"supportedPlatforms":["AWS","AZURE-KUBERNETES-SERVICE"]}',
    "config": '{"custom":{"platformTypeRef":{"kind":"x","name":"AZURE-KUBERNETES-SERVICE"}}}',
}
_OLD_WORKSPACE = text(
    "INSERT INTO workspaces (name, display_name, tags, platform_builder, created_at, revision) "
    "VALUES (:name, '', :tags, 0, '2026-01-01', 0)"
)
_OLD_PROJECT = text(
    "INSERT INTO projects (id, workspace, name, display_name, tags, payment_method, substitute_payment_method, created_at, revision) "
    "VALUES (:id, :workspace, 'dev', '', '{}', 'Cost Centre 4711', 'x', '2026-01-01', 0)"
)
