"""What firebase-tools loads ahead of its own code ends two races; Node itself shows that they are there without it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.suite.environment import AHEAD, firebase_environment
from local.suite.rundir import RunFolder
from local.suite.suite import ROOT

CONNECTIONS = """
const http = require("node:http");
let connections = 0;
const server = http.createServer((_, answer) => answer.end()).on("connection", () => (connections += 1));
const ask = () => new Promise((done) => http.get({ port: server.address().port }, (it) => it.resume().on("end", done)));
server.listen(0, "127.0.0.1", async () => {
  await ask();
  await new Promise(setImmediate);
  await ask();
  server.close();
  server.closeAllConnections();
  console.log(connections);
});
"""
PORTS = """
const { getPortPromise } = require("portfinder");
const find = () => getPortPromise({ port: 20000 });  // whoever was told listens some time later
find().then((first) => find().then((second) => console.log(new Set([first, second]).size)));
"""


def said(program: str, *options: str, environment: Mapping[str, str] | None = None) -> str:
    command = ["node", *options, "--eval", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize(("program", "raced", "ended"), [(CONNECTIONS, "1", "2"), (PORTS, "1", "2")])
def test_no_connection_is_kept_and_no_port_is_told_twice(program: str, raced: str, ended: str) -> None:
    assert said(program) == raced
    assert said(program, "--require", str(ROOT / AHEAD)) == ended


def test_the_firebase_process_loads_it_also_from_a_folder_with_a_space(tmp_path: Path) -> None:
    root = tmp_path / "a folder"
    (root / AHEAD).parent.mkdir(parents=True)
    (root / AHEAD).write_text('console.log("loaded")')
    run = RunFolder(id="run-1", path=tmp_path)
    environment = firebase_environment({}, root=root, run=run, functions_variables={}, firestore_arguments=())
    options = {"NODE_OPTIONS": environment["NODE_OPTIONS"]}
    assert said("0", environment=os.environ | options) == "loaded"
