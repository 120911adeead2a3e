"""The commit a document comes from."""

import subprocess

import pytest

from identities.provisioning.evidence import commit_of

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / "deep").mkdir()
    return tmp_path


def test_without_a_work_tree_there_is_none(tmp_path):
    assert commit_of(tmp_path / "a.yaml", {}) == ""


@pytest.mark.parametrize("head", ["", "ref: refs/heads/main", "ref: ../../etc/passwd", "nonsense", "ref: " + "x" * 999])
def test_a_work_tree_that_tells_nothing_is_no_error(tree, head):
    (tree / ".git" / "HEAD").write_text(head)
    assert commit_of(tree / "a.yaml", {}) == ""


def test_a_detached_head_a_branch_and_a_packed_branch_are_read(tree):
    head = tree / ".git" / "HEAD"
    head.write_text(SHA + "\n")
    assert commit_of(tree / "deep" / "a.yaml", {}) == SHA
    head.write_text("ref: refs/heads/main\n")
    (tree / ".git" / "packed-refs").write_text(f"# pack-refs\n{SHA} refs/heads/main\n")
    assert commit_of(tree / "a.yaml", {}) == SHA
    (tree / ".git" / "refs" / "heads" / "main").write_text(SHA[::-1] + "\n")
    assert commit_of(tree / "a.yaml", {}) == SHA[::-1]


def test_the_build_server_knows_best(tree):
    (tree / ".git" / "HEAD").write_text(SHA)
    assert commit_of(tree / "a.yaml", {"CI_COMMIT_SHA": SHA[::-1].upper()}) == SHA[::-1]
    assert commit_of(tree / "a.yaml", {"CI_COMMIT_SHA": "not a commit"}) == SHA


def test_a_real_work_tree_says_what_git_says(tmp_path):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        return subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "x")
    assert commit_of(tmp_path / "a.yaml", {}) == git("rev-parse", "HEAD").strip()
