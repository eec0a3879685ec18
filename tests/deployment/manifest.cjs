// Loads the project as `firebase deploy` does, up to the point where it would speak to Google, with firebase-tools' own
// code: firebase.json by its schema, the functions by discovery and validation, indexes by their validator.
// Prints what would be deployed as one line of JSON; ends with 1 and the reason when something would be refused.
"use strict";

const path = require("path");
const { Config } = require("firebase-tools/lib/config");
const { normalizeAndValidate } = require("firebase-tools/lib/functions/projectConfig");
const prepare = require("firebase-tools/lib/deploy/functions/prepare");
const build = require("firebase-tools/lib/deploy/functions/build");
const backend = require("firebase-tools/lib/deploy/functions/backend");
const validate = require("firebase-tools/lib/deploy/functions/validate");
const ensure = require("firebase-tools/lib/deploy/functions/ensure");
const cloudscheduler = require("firebase-tools/lib/gcp/cloudscheduler");
const functionsEnv = require("firebase-tools/lib/functions/env");
const fsConfig = require("firebase-tools/lib/firestore/fsConfig");
const { FirestoreApi } = require("firebase-tools/lib/firestore/api");
const { loadCJSON } = require("firebase-tools/lib/loadCJSON");

const [root, project] = process.argv.slice(2);
const firebaseConfig = { projectId: project, storageBucket: `${project}.firebasestorage.app`, locationId: "asia-northeast3" };

async function functions(config, options) {
  const codebases = normalizeAndValidate(config.src.functions);
  const builds = await prepare.loadCodebases(codebases, options, firebaseConfig, { firebase: firebaseConfig });
  const found = [];
  for (const [codebase, wanted] of Object.entries(builds)) {
    const source = { functionsSource: config.path(codebases[0].source), projectId: project, projectDir: config.projectDir };
    const userEnvs = functionsEnv.loadUserEnvs(source);
    const resolved = await build.resolveBackend({
      build: wanted,
      firebaseConfig,
      userEnvs,
      codebase,
      nonInteractive: true,
      isEmulator: false,
      resolveRegions: (one, values) => prepare.resolveDefaultRegionsForBuild(one, backend.empty(), values),
    });
    prepare.resolveCpuAndConcurrency(resolved.backend);
    validate.endpointsAreUnique({ [codebase]: resolved.backend });
    validate.endpointsAreValid(resolved.backend, backend.empty());
    found.push(...backend.allEndpoints(resolved.backend));
  }
  return found;
}

// Who is let read which secret on a first deployment, and as whom Cloud Scheduler calls.
async function grants(endpoints) {
  const readers = await ensure.secretsAccessDelta({ wantBackend: backend.of(...endpoints), haveBackend: backend.empty() });
  const scheduled = endpoints.filter((one) => one.scheduleTrigger);
  const jobs = await Promise.all(scheduled.map((one) => cloudscheduler.jobFromEndpoint(one, one.region, "1")));
  return { readers, callers: jobs.map((job) => job.httpTarget.oidcToken.serviceAccountEmail) };
}

function indexes(config, options) {
  const databases = fsConfig.getFirestoreConfig(project, options);
  return databases.map((database) => {
    const spec = loadCJSON(config.path(database.indexes));
    new FirestoreApi().validateSpec(spec);
    return { database: database.databaseId || database.database, count: spec.indexes.length, rules: database.rules };
  });
}

async function main() {
  const config = Config.load({ cwd: root, configPath: path.join(root, "firebase.json") });
  const options = { config, projectId: project, project, projectRoot: root, nonInteractive: true, cwd: root, rc: undefined };
  const endpoints = await functions(config, options);
  console.log(JSON.stringify({ endpoints, ...(await grants(endpoints)), databases: indexes(config, options) }));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error.stack || String(error));
    process.exit(1);
  },
);
