"""Modules out of real git repositories."""

import subprocess
from pathlib import Path

import pytest

from blockyard.cli.checkout import Source, checked_out, locate, read_files
from blockyard.cli.exits import ExitCode, Failure
from tests.support.git_repositories import Repository, create_repository

MAIN = 'variable "name" { type = string }\n'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    files = {
        "README.md": "# all",
        "bucket/main.tf": MAIN,
        "bucket/logo.svg": "<svg/>",
        "bucket/README.md": "# bucket",
        "bucket/secret.txt": "not read",
        "queue/main.tf.json": "{}",
    }
    return create_repository(tmp_path / "modules.git", files)


def test_a_folder_of_a_branch_is_read(repository: Repository) -> None:
    repository.branch("next")
    repository.commit({"bucket/main.tf": MAIN + "# next"}, branch="next")
    source, warnings = locate(repository.path.as_uri(), path="bucket", ref="next")

    with checked_out(source) as folder:
        files = read_files(folder, source.path)

    assert source == Source(url=repository.path.as_uri(), path="bucket", ref="next")
    assert warnings == []
    assert dict(files.texts) == {"README.md": "# bucket", "main.tf": MAIN + "# next"}
    assert files.logo == ("logo.svg", b"<svg/>")


def test_the_default_branch_a_tag_and_commits_are_found(repository: Repository) -> None:
    first = repository.resolve("main")
    assert first
    repository.tag("v1", annotated=True)
    repository.commit({"bucket/main.tf": "# second"})

    def read(ref: str | None) -> str:
        with checked_out(Source(url=repository.path.as_uri(), path="bucket", ref=ref)) as folder:
            return read_files(folder, "bucket").texts["main.tf"]

    assert read(None) == "# second"
    assert read("v1") == MAIN
    assert read(first) == MAIN
    assert read(first[:8]) == MAIN


def test_a_bare_repository_and_a_working_tree_are_located_by_their_folder(
    repository: Repository, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    repository.git("worktree", "add", "--quiet", str(tree), "main")

    bare, _ = locate(str(repository.path), path="bucket", ref=None)
    inside, warnings = locate(str(tree / "bucket"), path=None, ref=None)
    assert bare == Source(url=repository.path.as_uri(), path="bucket", ref=None)
    assert inside == Source(url=tree.as_uri(), path="bucket", ref=None)
    assert warnings == []

    (tree / "bucket" / "main.tf").write_text("# changed")
    _, warnings = locate(str(tree / "bucket"), path=None, ref=None)
    assert warnings == ["the folder has changes that are not committed; they are not imported"]


def test_a_folder_without_a_module_names_those_that_have_one(repository: Repository) -> None:
    with checked_out(Source(url=repository.path.as_uri(), path=None, ref=None)) as folder:
        with pytest.raises(Failure) as root:
            read_files(folder, None)
        with pytest.raises(Failure) as unknown:
            read_files(folder, "nowhere")

    assert root.value.remedy == "Give --path; there are modules in: bucket, queue."
    assert root.value.exit_code is ExitCode.USAGE
    assert "no folder 'nowhere'" in unknown.value.message


def linked(tmp_path: Path, files: dict[str, str], links: dict[str, str]) -> Source:
    """Return a repository with these links."""
    origin = create_repository(tmp_path / "origin.git", files)
    work = tmp_path / "work"
    origin.git("worktree", "add", "--quiet", str(work), "main")
    for name, target in links.items():
        (work / name).symlink_to(target)
    tree = Repository(work)
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "Link")
    return Source(url=origin.path.as_uri(), path=None, ref="main")


def test_links_in_a_repository_never_lead_out_of_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("private")
    source = linked(tmp_path, {"main.tf": MAIN}, {"README.md": str(outside), "logo.svg": str(outside), "etc": "/etc"})

    with checked_out(source) as folder:
        files = read_files(folder, None)
        with pytest.raises(Failure, match="no folder 'etc'"):
            read_files(folder, "etc")

    assert "README.md" not in files.texts
    assert files.logo is None


def test_links_inside_the_module_are_followed_and_others_are_told(tmp_path: Path) -> None:
    source = linked(
        tmp_path,
        {"app/main.tf": "", "app/shared/variables.tf": MAIN, "common.tf": MAIN},
        {"app/variables.tf": "shared/variables.tf", "app/common.tf": "../common.tf", "app/link": "nowhere"},
    )

    with checked_out(source) as folder:
        files = read_files(folder, "app")

    assert dict(files.texts) == {"main.tf": "", "variables.tf": MAIN}
    assert files.warnings == (
        "runs take the module's folder alone, but some of it leads out: common.tf (a link to ../common.tf)",
    )


@pytest.mark.parametrize(
    ("location", "path", "message"),
    [
        ("https://me:pw@git.example.test/x.git", None, "name or password"),
        ("https://token@git.example.test/x.git", None, "name or password"),
        ("/does/not/exist", None, "neither"),
        ("--upload-pack=touch /tmp/x", None, "neither"),
        ("ext::sh -c true", None, "neither"),
        ("https://git.example.test/x.git", "../x", "inside the repository"),
        ("https://git.example.test/x.git", "/x", "inside the repository"),
    ],
)
def test_unusable_sources_are_refused(location: str, path: str | None, message: str) -> None:
    with pytest.raises(Failure, match=message) as caught:
        locate(location, path=path, ref=None)

    assert caught.value.exit_code is ExitCode.USAGE
    assert "pw" not in caught.value.message


def test_a_folder_outside_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="not in a git repository"):
        locate(str(tmp_path), path=None, ref=None)


def test_a_reference_that_does_not_exist_is_told_with_gits_words(repository: Repository) -> None:
    source = Source(url=repository.path.as_uri(), path=None, ref="nowhere")

    with pytest.raises(Failure, match="nowhere"), checked_out(source):
        pass
    with (
        pytest.raises(Failure, match="branch, a tag or a commit"),
        checked_out(Source(url=source.url, path=None, ref="--x")),
    ):
        pass


def test_a_repository_without_a_commit_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    source, _ = locate(str(folder), path=None, ref=None)

    with pytest.raises(Failure, match="nothing is committed in the repository"), checked_out(source):
        pass
