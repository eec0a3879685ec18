// Tries every operation of every person on every place with rules-unit-testing; prints one line for each cell.

import { initializeTestEnvironment } from '@firebase/rules-unit-testing';
import { setLogLevel } from 'firebase/firestore';
import { settings } from './harness.mjs';

const { host, port, project, rules, people, documents } = settings;

const collectionOf = (path) => path.slice(0, path.lastIndexOf('/'));
const say = (cell) => process.stdout.write(`${JSON.stringify(cell)}\n`);

function attempts(db, uid) {
  const fields = (path) => ({ ...documents[path], owner: uid ?? 'nobody', touched: true });
  const listed = new Set();
  const steps = [];
  for (const path of Object.keys(documents)) {
    const collection = db.collection(collectionOf(path));
    const add = (what, ask) => steps.push([what, path, ask]);
    add('get', () => db.doc(path).get({ source: 'server' }));
    add('create', () => collection.doc(`new-${uid}`).set(fields(path)));
    add('update', () => db.doc(path).update({ touched: true }));
    add('replace', () => db.doc(path).set(fields(path)));
    add('update what is missing', () => collection.doc('missing').update({ touched: true }));
    add('delete', () => db.doc(path).delete());
    if (listed.has(collection.path)) continue;
    listed.add(collection.path);
    add('list all', () => collection.get({ source: 'server' }));
    add('list own', () => collection.where('owner', '==', uid ?? 'nobody').get({ source: 'server' }));
    add('list by another uid', () => collection.where('owner', '==', uid === 'owner' ? 'other' : 'owner').get({ source: 'server' }));
  }
  return steps;
}

async function outcomeOf(ask) {
  try {
    await ask();
    return 'allowed';
  } catch (error) {
    return error.code;
  }
}

async function everything(environment, who) {
  const person = people[who];
  const context = person ? environment.authenticatedContext(person.uid, person.claims) : environment.unauthenticatedContext();
  for (const [what, where, ask] of attempts(context.firestore(), person?.uid)) {
    say({ who, what, where, outcome: await outcomeOf(ask) });
  }
}

setLogLevel('silent');
const environment = await initializeTestEnvironment({ projectId: project, firestore: { host, port, rules } });
await environment.withSecurityRulesDisabled(async (context) => {
  const db = context.firestore();
  await Promise.all(Object.entries(documents).map(([path, fields]) => db.doc(path).set(fields)));
});
await Promise.all(Object.keys(people).map((who) => everything(environment, who)));
await environment.cleanup();
process.exit(0);
