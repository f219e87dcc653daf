"""The server finds what was bundled under names that change with the content."""

import gzip
import re
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from blockyard.server.ui.frame.bundle import FOLDER, Bundle
from blockyard.server.ui.frame.layout import TEMPLATES

ROOT = Path(__file__).parents[4]


def test_every_file_of_the_build_has_a_hash_in_its_name() -> None:
    bundle = Bundle.load()

    for name in ("app.css", "app.js", "icons.svg"):
        stem, ending = name.split(".")
        assert re.fullmatch(rf"/static/dist/{stem}-\w{{8,10}}\.{ending}", bundle.url(name))


def test_the_scripts_stay_below_200_kb_gzipped() -> None:
    scripts = [script for script in FOLDER.glob("*.js") if not script.name.startswith("reference-")]

    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) < 200_000


def test_the_styles_have_both_themes() -> None:
    styles = next(FOLDER.glob("app-*.css")).read_text()

    assert "[data-theme=light]" in styles
    assert "prefers-color-scheme:dark" in styles.replace(" ", "")


def test_an_unknown_name_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Bundle.load().url("missing.js")


def test_a_missing_build_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make ui"):
        Bundle.load(tmp_path)


def test_a_broken_manifest_says_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]")

    with pytest.raises(TypeError, match="make ui"):
        Bundle.load(tmp_path)


def test_a_distribution_has_every_template_and_the_bundle_but_not_its_sources() -> None:
    wanted = {file.relative_to(ROOT / "src").as_posix() for file in (*TEMPLATES.rglob("*.html"), *FOLDER.iterdir())}

    packed = {str(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}

    assert len(wanted) > 20
    assert wanted <= packed
    assert not [path for path in packed if "/ui/assets/" in path]
