// Drives the rules runtime with the very code of firebase-tools' Storage emulator. Arguments: the rules file. Prints one
// JSON object: what loading said, and whether each request was permitted.
"use strict";
const fs = require("fs");
const { StorageRulesRuntime } = require("firebase-tools/lib/emulator/storage/rules/runtime");
const { EmulatorRegistry } = require("firebase-tools/lib/emulator/registry");

const profiles = { owner: "active", leaving: "withdrawing" };
EmulatorRegistry.client = () => ({
  get: async (path) => {
    const uid = path.split("/").pop();
    if (!(uid in profiles)) throw new Error("404");
    return { body: { name: path, fields: { status: { stringValue: profiles[uid] } } } };
  },
});

function token(uid) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part({ sub: uid, user_id: uid, iat: 1.5, nested: [null, true] })}.`;
}

function request(uid, method, path) {
  const resource = { name: "x", size: 3, timeCreated: new Date(), metadata: {}, contentDisposition: undefined };
  return { method, path, projectId: "demo-rules", token: uid ? token(uid) : undefined, file: { before: resource } };
}

async function main() {
  const runtime = new StorageRulesRuntime();
  await runtime.start(false);
  const load = (content) => runtime.loadRuleset({ files: [{ name: "storage.rules", content }] });
  const broken = await load("service firebase.storage { match /b { allow read: if ; } }");
  const { ruleset, issues } = await load(fs.readFileSync(process.argv[2], "utf-8"));
  const asked = [
    ["owner", "get", "b/bucket/o/images/owner/job/0.png"],
    ["owner", "get", "b/bucket/o/images/leaving/job/0.png"],
    ["leaving", "get", "b/bucket/o/images/leaving/job/0.png"],
    ["unknown", "get", "b/bucket/o/images/unknown/job/0.png"],
    [null, "get", "b/bucket/o/images/owner/job/0.png"],
    ["owner", "list", "b/bucket/o/images/owner"],
    ["owner", "create", "b/bucket/o/images/owner/job/1.png"],
    ["owner", "delete", "b/bucket/o/images/owner/job/0.png"],
  ];
  const answers = await Promise.all(asked.map((one) => ruleset.verify(request(...one))));
  await runtime.stop();
  console.log(JSON.stringify({
    broken: broken.issues.errors,
    issues: issues.all,
    version: ruleset.rulesVersion,
    permitted: answers.map((answer) => answer.permitted === true),
    errors: answers.flatMap((answer) => answer.issues.errors),
    alive: runtime.alive,
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
