"""Getting a module from real git servers: file, HTTPS and SSH."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.cli.checkout import Source, checked_out
from blockyard.cli.exits import Failure
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.sealing import seal
from blockyard.runner.executors.opentofu.sources.clone_failures import clone_failure
from blockyard.runner.executors.opentofu.sources.git import Git, git_environment
from blockyard.runner.executors.opentofu.sources.missing import shown
from blockyard.runner.executors.opentofu.sources.repository import Repository, fetch, parse_repository
from blockyard.runner.frame.executor import Outcome
from blockyard.runner.frame.failures import StepFailed, Stopped
from tests.support.certificates import Authority
from tests.support.git_repositories import Repository as GitRepository
from tests.support.git_repositories import create_repository
from tests.support.git_servers import GitSshServer, git_http_server
from tests.support.hanging_server import hanging_server
from tests.support.opentofu_runs import OpenTofuRun
from tests.support.runner_keys import a_runner_key
from tests.support.state_server import TOKEN

NewRun = Callable[..., OpenTofuRun]
FILES = {"main.tf": "# main", "sub/folder/a.tf": "# a", "sub/folder/tests/x.tftest.hcl": "", "sub/b.tftest.hcl": ""}


@pytest.fixture
def repository(git_root: Path) -> GitRepository:
    """A repository with a branch, tags and a second commit."""
    made = create_repository(git_root / "module.git", FILES)
    made.tag("v1", annotated=True)
    made.commit({"main.tf": "# second"})
    made.branch("feature/x")
    made.commit({"main.tf": "# third"})
    made.tag("both")
    made.branch("both", "v1")
    return made


def fetched(
    repository: GitRepository,
    run_dir: Path,
    ref: str | None = None,
    path: str | None = None,
    log: Callable[[str], None] = print,
) -> str:
    """Fetch into `run_dir` and return the commit."""
    run_dir.mkdir(exist_ok=True)
    environment = git_environment({"PATH": "/usr/bin:/bin"}, protocols="file", home=run_dir, ssh_command=None)
    git = Git(environment, stop=threading.Event(), deadline=time.monotonic() + 60)
    source = Repository(f"file://{repository.path}", "file")
    return fetch(source, ref, path, run_dir, git, log)


@pytest.mark.parametrize(
    ("ref", "content"),
    [
        (None, "# third"),
        ("main", "# third"),
        ("feature/x", "# second"),
        ("v1", "# main"),
        ("both", "# main"),
        ("refs/tags/v1", "# main"),
        ("v1^{commit}", "# main"),
        ("main~1", "# second"),
    ],
)
def test_branches_go_before_tags_before_expressions(
    repository: GitRepository, tmp_path: Path, ref: str | None, content: str
) -> None:
    fetched(repository, tmp_path / "run", ref)

    assert (tmp_path / "run" / "main.tf").read_text() == content


@pytest.mark.parametrize(
    "ref",
    [
        None,
        "main",
        "v1",
        "both",
        "refs/tags/both",
        "refs/heads/both",
        "main~1",
        "feature/x~1",
        "origin/main^",
        "@{u}",
        "HEAD@{1}",
        "nothing",
    ],
)
def test_an_import_takes_the_commit_that_runs_take(repository: GitRepository, tmp_path: Path, ref: str | None) -> None:
    def imported() -> str | None:
        try:
            with checked_out(Source(url=repository.path.as_uri(), path=None, ref=ref)) as folder:
                return GitRepository(folder / ".git").resolve("HEAD")
        except Failure:
            return None

    def run() -> str | None:
        try:
            return fetched(repository, tmp_path / "run", ref)
        except StepFailed:
            return None

    commit = run()

    assert imported() == commit
    assert (commit is None) == (ref in {"@{u}", "HEAD@{1}", "nothing"})


@pytest.mark.parametrize("characters", [40, 12])
def test_a_commit_is_found_by_its_id(repository: GitRepository, tmp_path: Path, characters: int) -> None:
    commit = repository.resolve("main~2")
    assert commit is not None

    assert fetched(repository, tmp_path / "run", commit[:characters]) == commit
    assert (tmp_path / "run" / "main.tf").read_text() == "# main"


def test_a_commit_is_found_where_the_server_does_not_hand_out_commits(
    repository: GitRepository, tmp_path: Path
) -> None:
    commit = repository.resolve("main~2")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "false")
    repository.git("config", "uploadpack.hideRefs", "refs/tags/v1")

    assert fetched(repository, tmp_path / "run", commit) == commit


@pytest.mark.parametrize(
    "ref",
    [
        *("unknown", "", "0" * 40, "abcdef1", "--upload-pack=touch x", "-x", "main..v1", "a\0b", "\ud800"),
        *("@{u}", "@{upstream}", "main@{push}", "HEAD@{0}", "@{-1}", "origin/main@{1.day.ago}"),
    ],
)
def test_an_unknown_reference_is_named_so(repository: GitRepository, tmp_path: Path, ref: str) -> None:
    with pytest.raises(StepFailed) as failed:
        fetched(repository, tmp_path / "run", ref)

    what = (
        f"the module has no branch, tag or commit '{ref}'"
        if ref.isprintable() and ref
        else "that of the module is empty or malformed"
    )
    told = f"reference not found: {what}; the team that offers this building block can correct it"
    assert failed.value.user_message == told


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("fatal: repository 'https://h.test/x.git/' not found", "there is no repository at its address, "),
        ("fatal: '/srv/x' does not appear to be a git repository", "there is no repository at its address, "),
        ("fatal: could not read Username for 'https://h.test': terminal prompts disabled", "it denied access; "),
        ("fatal: unable to access 'https://h.test/': The requested URL returned error: 403", "it denied access; "),
        ("fatal: unable to access 'https://h.test/': Could not resolve host: h.test", "its host cannot be reached"),
        ("ssh: connect to host h.test port 22: Connection refused\nfatal: no", "its host cannot be reached"),
        ("fatal: SSL certificate problem: self-signed certificate", "the certificate of its host is not trusted"),
        ("fatal: unable to access 'https://h.test/': The requested URL returned error: 502", "its host had a fault"),
        ("fatal: early EOF in /srv/runs/4711/tmp", "the log has what git said"),
    ],
)
def test_the_cause_of_a_failed_clone_is_told_in_words_and_those_of_git_are_for_the_log(said: str, cause: str) -> None:
    failed = clone_failure(said)

    assert failed.user_message.startswith(f"the repository could not be cloned: {cause}")
    assert failed.system_message == said
    assert "/srv" not in failed.user_message


def test_only_the_sub_path_is_moved_and_tests_stay_behind(repository: GitRepository, tmp_path: Path) -> None:
    fetched(repository, tmp_path / "path", path="./sub/folder/")
    fetched(repository, tmp_path / "sub", path="sub")
    fetched(repository, tmp_path / "root", path="")

    assert sorted(path.name for path in (tmp_path / "path").iterdir()) == ["a.tf"]
    assert sorted(path.name for path in (tmp_path / "sub").iterdir()) == ["folder"]
    assert sorted(path.name for path in (tmp_path / "root").iterdir()) == [".git", "main.tf", "sub"]


@pytest.mark.parametrize("path", ["../x", "/etc", "sub/../..", ".git/hooks", "a\\b", "a\0b", "\ud800"])
def test_a_path_that_leads_elsewhere_is_not_allowed(repository: GitRepository, tmp_path: Path, path: str) -> None:
    with pytest.raises(StepFailed, match="the repository path is not allowed"):
        fetched(repository, tmp_path / "run", path=path)


def test_a_path_that_does_not_exist_is_named(repository: GitRepository, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="the path 'other' does not exist"):
        fetched(repository, tmp_path / "run", path="other")
    with pytest.raises(StepFailed, match=r"the path 'main\.tf' does not exist"):
        fetched(repository, tmp_path / "run", path="main.tf")


def test_a_path_through_a_symbolic_link_out_of_the_repository_is_not_allowed(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.git("fast-import", "--quiet", stdin=_link("escape", "/etc") + _link("inside", "sub/folder"))

    with pytest.raises(StepFailed, match="the repository path is not allowed"):
        fetched(repository, tmp_path / "run", "links", "escape")
    fetched(repository, tmp_path / "run", "links", "inside")
    assert (tmp_path / "run" / "a.tf").exists()


def _link(name: str, target: str) -> bytes:
    start = b"from refs/heads/main\n" if name == "escape" else b""
    head = b"commit refs/heads/links\ncommitter A <a@b> 1767268800 +0000\ndata 0\n" + start
    return head + f"M 120000 inline {name}\ndata {len(target)}\n{target}\n".encode()


OWN = {
    "ssh_cert": "x",
    "known_hosts_tmp/x": "x",
    "errored.tfstate": "{}",
    "terraform.tfstate": "{}",
    "terraform.tfstate.backup": "{}",
    "terraform.tfstate.d/other/terraform.tfstate": "{}",
    ".terraform.tfstate.lock.info": "{}",
    ".terraform/terraform.tfstate": "{}",
    "meshStack_httpbackend-1700000000.tf": "x",
    "meshstack-user-message-5d0b7b5c.txt": "x",
    "plan.tfplan": "x",
    "b.tftest.hcl": "x",
    "tests/c.tofutest.json": "{}",
}
KEPT = {
    "main.tf": "# module",
    ".terraform.lock.hcl": "# locked",
    "terraform.tfvars": "",
    "meshStack_run_vars.tf": "# the module's",
    "tests/a.json": "{}",
    "data/errored.tfstate": "{}",
}


def test_what_belongs_to_runs_and_tests_is_left_out_of_a_module_and_named(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.commit({**OWN, **KEPT})
    said: list[str] = []

    fetched(repository, tmp_path / "run", log=said.append)

    run_dir = tmp_path / "run"
    assert {name for name in OWN if (run_dir / name).exists()} == set()
    assert {name: (run_dir / name).read_text() for name in KEPT} == KEPT
    told = "".join(said)
    assert "Left out, for only a run has files of such names: .terraform, " in told
    assert "Tests of the module are left out: b.tftest.hcl, tests/c.tofutest.json" in told


def test_a_module_that_needs_more_than_its_folder_is_told_so(repository: GitRepository, tmp_path: Path) -> None:
    repository.commit(
        {
            "mods/app/main.tf": 'module "s" {\n  source = "../shared"\n}\nmodule "i" {\n  source = "./inner"\n}',
            "mods/app/inner/main.tf": 'module "t" {\n  source = "../../shared"\n}',
            "mods/shared/main.tf": "",
        }
    )
    said: list[str] = []

    fetched(repository, tmp_path / "run", path="mods/app", log=said.append)

    assert (
        "only the folder of the module is taken, but some of it leads out: main.tf (source ../shared), "
        "inner/main.tf (source ../../shared)\n"
    ) in "".join(said)


def test_a_module_at_the_root_that_leads_out_of_its_repository_is_told_so(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.git("fast-import", "--quiet", stdin=_link("escape", "/etc/hostname"))
    said: list[str] = []

    fetched(repository, tmp_path / "run", "links", log=said.append)

    told = "Warning: only the repository is taken, but some of it leads out: escape (a link to /etc/hostname)\n"
    assert told in "".join(said)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p%40ss@h.test:8443/x.git?a=b", ("https://h.test:8443/x.git?a=b", "https", ("u", "p@ss"))),
        ("https://h.test/x.git", ("https://h.test/x.git", "https", None)),
        ("https://token@h.test/x", ("https://h.test/x", "https", ("token", ""))),
        ("git@h.test:a/b.git", ("git@h.test:a/b.git", "ssh", None)),
        ("h.test:a/b.git", ("git@h.test:a/b.git", "ssh", None)),
        ("ssh://h.test:22/a", ("ssh://git@h.test:22/a", "ssh", None)),
        ("ssh://me@h.test/a", ("ssh://me@h.test/a", "ssh", None)),
        ("/srv/x.git", ("file:///srv/x.git", "file", None)),
        ("file:///srv/x.git", ("file:///srv/x.git", "file", None)),
    ],
)
def test_urls_are_understood(url: str, expected: tuple[str, str, tuple[str, str] | None]) -> None:
    found = parse_repository(url, allow_file=True)

    assert (found.url, found.protocol, found.credentials) == expected
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    "url", ["", "-x", "ext::sh -c x", "git://h/x", "x", "https://", "https://[x/y", "a\nb:c", "https:///x"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(StepFailed, match="repository URL"):
        parse_repository(url, allow_file=True)


def test_file_repositories_are_refused_unless_allowed(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, settings={"allow_file_repositories": False})

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"sources": "the repository URL cannot be used"}
    assert (
        "file repositories need BLOCKYARD_RUNNER_ALLOW_FILE_REPOSITORIES=true on the runner."
        in run.reporter.whole_text()
    )


def test_https_credentials_open_the_repository_and_are_shown_nowhere(
    new_run: NewRun, repository: GitRepository, authority: Authority
) -> None:
    with git_http_server(repository.path.parent, authority=authority, credentials=("me", "s3cr/et")) as server:
        url = server.url("module.git").replace("https://", "https://me:s3cr%2Fet@")
        run = new_run(
            implementation={"repositoryUrl": url, "refName": "v1"}, environ={"GIT_SSL_CAINFO": str(authority.ca_file)}
        )
        assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
        wrong = new_run(implementation={"repositoryUrl": url.replace("me:", "you:")}, environ=run.environ)
        assert wrong.execute().outcome is Outcome.FAILED
        untrusted = new_run(implementation={"repositoryUrl": url})
        assert untrusted.execute().outcome is Outcome.FAILED

    assert "s3cr/et" in run.reporter.secrets
    for one in (run, wrong, untrusted):
        assert "s3cr" not in one.reporter.whole_text()
    assert not [path for path in run.run_dir.rglob("*") if path.is_file() and b"s3cr" in path.read_bytes()]
    assert "could not be cloned: it denied access; " in wrong.reporter.user_messages["sources"]
    assert "certificate" in untrusted.reporter.user_messages["sources"]


def test_a_silent_server_is_left_when_the_run_is_aborted(new_run: NewRun) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        run = new_run(implementation={"repositoryUrl": url})
        threading.Timer(0.4, run.reporter.aborted.set).start()
        assert run.execute().outcome is Outcome.ABORTED


def test_a_silent_server_is_left_at_the_limit_of_fetching(new_run: NewRun) -> None:
    with hanging_server() as url:
        run = new_run(implementation={"repositoryUrl": url}, settings={"clone_timeout_minutes": 0.01})
        assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"sources": "the repository was not fetched within 0.01 minutes"}
    assert "Check that the runner reaches" in run.reporter.text("sources")


def test_submodules_and_files_of_git_lfs_are_named(new_run: NewRun) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    files = {
        "module/main.tf": "",
        "module/large/image.bin": pointer,
        "module/small.txt": "version https://git-lfs.github.com/spec/v1",
        ".gitmodules": '[submodule "shared"]\n\tpath = "shared"\n\turl = https://git.example.test/shared.git\n',
    }
    run = new_run(files=files, implementation={"repositoryPath": "module"})
    assert run.execute().outcome is Outcome.SUCCEEDED
    assert "Warning: git submodules are not fetched: shared\n" in run.reporter.text("sources")
    assert "files kept in Git LFS are not fetched: large/image.bin. The module" in run.reporter.text("sources")

    inside = new_run(files=files, implementation={"repositoryPath": "shared/module"})
    assert inside.execute().outcome is Outcome.FAILED
    assert inside.reporter.user_messages == {"sources": "the path 'shared/module' is in a git submodule"}


def test_long_lists_of_names_are_cut() -> None:
    assert shown([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert shown(["a", "b"]) == "a, b"


def test_an_aborted_git_is_killed(tmp_path: Path) -> None:
    stop = threading.Event()
    git = Git({"PATH": "/usr/bin:/bin"}, stop=stop, deadline=time.monotonic() + 60)
    threading.Timer(0.2, stop.set).start()

    with pytest.raises(Stopped):
        git.run("-c", "alias.wait=!sleep 30", "wait", cwd=tmp_path)
    with pytest.raises(Stopped):
        Git({"PATH": "/usr/bin:/bin"}, stop=threading.Event(), deadline=0).run("version", cwd=tmp_path)


def test_a_machine_without_git_says_so(tmp_path: Path) -> None:
    git = Git({"PATH": str(tmp_path)}, stop=threading.Event(), deadline=time.monotonic() + 60)

    with pytest.raises(StepFailed) as failed:
        git.run("version", cwd=tmp_path)
    assert failed.value.system_message == "git is not installed on this runner."


def ssh_run(new_run: NewRun, server: GitSshServer, **implementation: Json) -> OpenTofuRun:
    """Return a run with a sealed key for the server."""
    key = a_runner_key()
    return new_run(
        implementation={
            "repositoryUrl": server.url("module.git"),
            "sshPrivateKey": seal(key.public_pem, server.private_key),
            **implementation,
        },
        private_key=key.private,
    )


def known_host(server: GitSshServer) -> JsonObject:
    """Return the server's entry as a definition has it."""
    host, key_type, key_value = server.known_host.split()
    return {"host": host, "keyType": key_type, "keyValue": key_value}


def test_ssh_works_with_the_known_host_of_the_definition(
    new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer
) -> None:
    run = ssh_run(new_run, git_ssh, knownHost=known_host(git_ssh), refName="v1")

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert (run.run_dir / "main.tf").read_text() == "# main"
    assert git_ssh.private_key in run.reporter.secrets
    assert repository.path.exists()


@pytest.mark.parametrize("where", ["variable", "setting", "home"])
def test_ssh_works_with_the_operators_known_hosts(
    new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer, where: str
) -> None:
    run = ssh_run(new_run, git_ssh)
    file = run.folder / "hosts with space"
    if where == "variable":
        run.environ = {"SSH_KNOWN_HOSTS": str(file)}
    elif where == "setting":
        run.settings = {"known_hosts_file": file}
    else:
        file = run.folder / ".ssh" / "known_hosts"
        file.parent.mkdir()
    file.write_text(git_ssh.known_host + "\n")

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert repository.path.exists()


def test_an_unknown_or_wrong_host_key_is_refused(
    new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer
) -> None:
    unknown = ssh_run(new_run, git_ssh)
    assert unknown.execute().outcome is Outcome.FAILED
    assert "configures no known host" in unknown.reporter.user_messages["sources"]

    entry = known_host(git_ssh) | {"keyValue": "AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf"}
    wrong = ssh_run(new_run, git_ssh, knownHost=entry)
    assert wrong.execute().outcome is Outcome.FAILED
    assert "does not match the known host" in wrong.reporter.user_messages["sources"]

    insecure = ssh_run(new_run, git_ssh)
    insecure.settings = {"insecure_host_keys": True}
    assert insecure.execute().outcome is Outcome.SUCCEEDED, insecure.reporter.whole_text()

    malformed = ssh_run(new_run, git_ssh, knownHost=known_host(git_ssh) | {"host": "a b\n@cert-authority *"})
    assert malformed.execute().outcome is Outcome.FAILED
    assert malformed.reporter.user_messages == {"sources": "the known host of the definition is malformed"}
    assert repository.path.exists()


def test_ssh_without_a_key_says_so(new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer) -> None:
    run = new_run(implementation={"repositoryUrl": git_ssh.url("module.git")}, environ={"HOME": "/nonexistent"})

    assert run.execute().outcome is Outcome.FAILED
    assert TOKEN not in run.reporter.whole_text()
    assert repository.path.exists()


def test_a_runner_without_a_key_takes_an_ssh_key_in_clear(
    new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer
) -> None:
    run = ssh_run(new_run, git_ssh, knownHost=known_host(git_ssh), sshPrivateKey=git_ssh.private_key)
    run.private_key = None

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert repository.path.exists()


def test_a_key_for_another_runner_fails_the_sources(
    new_run: NewRun, repository: GitRepository, git_ssh: GitSshServer
) -> None:
    run = ssh_run(new_run, git_ssh)
    run.private_key = a_runner_key("second").private

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"sources": "decryption failed for the SSH private key"}
    assert "Likely causes" in run.reporter.text("sources")
    assert repository.path.exists()
