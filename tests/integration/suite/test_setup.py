"""Set-up with real venv, pip and npm on a project that needs nothing from a network."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from local.setup.install import (
    NODE_FILES,
    PYTHON_FILES,
    InstallationFailed,
    install_node_packages,
    install_python_packages,
    link_functions_venv,
)
from local.setup.requirements import RequirementMissing, find_npm


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "functions").mkdir()
    for name in PYTHON_FILES:
        (root / name).write_text("# nothing is needed\n")
    tool = root / "tool"
    tool.mkdir()
    (tool / "package.json").write_text(json.dumps({"name": "tool", "version": "1.0.0", "bin": {"firebase": "run.js"}}))
    (tool / "run.js").write_text("#!/usr/bin/env node\n")
    (root / ".npmrc").write_text("offline=true\n")
    (root / "package.json").write_text(json.dumps({"name": "x", "dependencies": {"tool": "file:tool"}}))
    subprocess.run(
        [find_npm(), "install", "--package-lock-only", "--offline"], cwd=root, check=True, capture_output=True
    )
    return root


def test_python_is_installed_once_and_repaired_when_broken(project: Path, tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    python = project / ".venv" / "bin" / "python"

    assert install_python_packages(project, log)
    assert python.exists()
    assert not install_python_packages(project, log)
    (project / "requirements.txt").write_text("# something else\n")
    assert install_python_packages(project, log)
    python.unlink()
    assert install_python_packages(project, log)
    assert subprocess.run([python, "-m", "pip", "--version"], check=True, capture_output=True).returncode == 0


def test_a_failing_installation_says_what_failed_and_is_not_stamped(project: Path, tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    requirements = project / "requirements.txt"
    before = requirements.read_text()
    requirements.write_text("./no-such-folder\n")
    try:
        for _ in range(2):
            with pytest.raises(InstallationFailed, match="no-such-folder"):
                install_python_packages(project, log)
    finally:
        requirements.write_text(before)
    assert install_python_packages(project, log)


def test_node_is_installed_once_and_again_when_something_changed(project: Path, tmp_path: Path) -> None:
    log = tmp_path / "setup.log"

    assert install_node_packages(project, log)
    assert not install_node_packages(project, log)
    shutil.rmtree(project / "node_modules" / ".bin")
    assert install_node_packages(project, log)
    (project / NODE_FILES[-1]).write_text("offline=true\nfund=false\n")
    assert install_node_packages(project, log)


def test_the_functions_find_the_venv(project: Path) -> None:
    link_functions_venv(project)
    link_functions_venv(project)

    assert (project / "functions" / "venv").readlink() == Path("../.venv")


def test_a_venv_of_the_users_own_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "functions" / "venv").mkdir(parents=True)

    with pytest.raises(RequirementMissing, match="Remove it"):
        link_functions_venv(tmp_path)


def test_a_missing_node_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RequirementMissing, match=r"node is not on PATH[^$]*apt install nodejs"):
        find_npm()


def test_an_old_node_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.19.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    with pytest.raises(RequirementMissing, match=r"Node\.js 20 or newer is needed"):
        find_npm()
