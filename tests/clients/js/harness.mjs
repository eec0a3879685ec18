// Runs named cases against a server, one after the other, and prints one JSON line for each: {name, error}.

import { createInterface } from 'node:readline';
import { connectFirestoreEmulator, initializeFirestore, setLogLevel, terminate } from 'firebase/firestore';
import { deleteApp, initializeApp } from 'firebase/app';

/** What the Python side gave: {host, port, project, ...}. */
export const settings = JSON.parse(process.argv[2]);

const CASE_MILLISECONDS_MAX = settings.milliseconds ?? 90_000;

const cases = [];
const apps = [];
let serial = 0;

/** Register a case; its body gets {db, project}: a client with admin rights, in a project no other case uses. */
export function test(name, body) {
  cases.push({ name, body });
}

/** A further client of a project. `token` is 'owner', {sub: uid, ...claims}, or null for nobody. */
export function client(project, token = 'owner', options = {}) {
  const app = initializeApp({ projectId: project, apiKey: 'none' }, `app-${++serial}`);
  const db = initializeFirestore(app, options);
  connectFirestoreEmulator(db, settings.host, settings.port, token === null ? {} : { mockUserToken: token });
  apps.push({ app, db });
  return db;
}

/** A promise with its own resolve and reject. */
export function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** Resolves with the first value that `accept` is true for; `start` gets the functions (next, fail) and returns how to stop. */
export async function first(start, accept = () => true) {
  const found = deferred();
  const stop = start((value) => accept(value) && found.resolve(value), found.reject);
  try {
    return await found.promise;
  } finally {
    stop();
  }
}

/** Let the Python side do something, such as 'kill' or 'restart' the server; resolves when it is done. */
export async function ask(what) {
  const input = createInterface({ input: process.stdin });
  const answered = new Promise((resolve) => { input.once('line', resolve); });
  process.stdout.write(`${JSON.stringify({ ask: what })}\n`);
  await answered;
  input.close();
}

/** Run all registered cases, then `close` what they shared. */
export async function run(close = async () => {}) {
  setLogLevel('silent');
  for (const { name, body } of cases) {
    const project = `${settings.project}-${++serial}`;
    let error = null;
    try {
      await limited(body({ project, db: client(project) }));
    } catch (failure) {
      error = String(failure?.stack ?? failure);
    }
    await Promise.allSettled(apps.splice(0).map(({ app, db }) => terminate(db).then(() => deleteApp(app))));
    process.stdout.write(`${JSON.stringify({ name, error })}\n`);
  }
  await close();
  process.exit(0);
}

function limited(promise) {
  const late = deferred();
  const timer = setTimeout(() => late.reject(new Error('the case did not end in time')), CASE_MILLISECONDS_MAX);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
