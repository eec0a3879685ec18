// Starts the Storage, Tasks and Auth emulators of firebase-tools alone, on free ports of the loopback address, and
// prints their addresses as one line of JSON. Ends when its standard input is closed.
//
// The emulator hub and the Java parts are not started. The storage rules runtime is one of those: only requests of
// client apps would ask it, and the tests here come as the server does.
"use strict";

const { StorageEmulator } = require("firebase-tools/lib/emulator/storage");
const storageServer = require("firebase-tools/lib/emulator/storage/server");
const authServer = require("firebase-tools/lib/emulator/auth/server");
const { EmulatorRegistry } = require("firebase-tools/lib/emulator/registry");
const { TasksEmulator } = require("firebase-tools/lib/emulator/tasksEmulator");

const HOST = "127.0.0.1";
const project = process.argv[2];

function listening(app) {
  return new Promise((resolve) => {
    const server = app.listen(0, HOST, () => resolve(`${HOST}:${server.address().port}`));
  });
}

async function main() {
  const storageArguments = { projectId: project, rules: [], host: HOST };
  const storage = new StorageEmulator(storageArguments);
  const storageAddress = await listening(await storageServer.createApp(project, storage));
  storageArguments.port = Number(storageAddress.split(":")[1]);
  EmulatorRegistry.set("storage", storage); // its answers name its own address
  const addresses = {
    storage: storageAddress,
    tasks: await listening(new TasksEmulator({}).createHubServer()),
    auth: await listening(await authServer.createApp(project)),
  };
  console.log(JSON.stringify(addresses));
}

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
