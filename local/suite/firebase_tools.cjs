/*
 * Loaded into firebase-tools ahead of its own code: two races of its functions emulator that no option of it ends.
 *
 * - A worker closes a connection that was idle for two seconds (gunicorn's keep-alive) and never says so; Node keeps it
 *   for the next call to that worker, which fails with "socket hang up" if it comes at that moment
 *   (lib/emulator/functionsRuntimeWorker.js, request). So every call has a connection of its own.
 * - Of two workers that start at once both may be told that the same port is free (functionsEmulator.js, startPython); one
 *   then never serves, and its calls reach the other function. So no port is told twice, and the search begins anywhere
 *   below those of local/suite/ports.py instead of among a thousand, for the sake of other suites on the machine.
 */
"use strict";

const { randomInt } = require("node:crypto");
const http = require("node:http");
const portfinder = require("portfinder");

const LOWEST_PORT = 8081;
const HIGHEST_PORT = 19000;

http.globalAgent = new http.Agent({ keepAlive: false });

const find = portfinder.getPortPromise;
const told = new Set();

portfinder.getPortPromise = async () => {
  let port;
  do port = await find({ port: randomInt(LOWEST_PORT, HIGHEST_PORT) });
  while (told.has(port));
  told.add(port);
  return port;
};
