// Tries every operation of every person on every file with rules-unit-testing; prints one line for each cell.

import { initializeTestEnvironment } from '@firebase/rules-unit-testing';
import { settings } from './harness.mjs';

const { firestore, storage, project, bucket, people, profiles, files } = settings;
const bytes = new Uint8Array([1, 2, 3]);
const say = (cell) => process.stdout.write(`${JSON.stringify(cell)}\n`);

function attempts(store, who) {
  const steps = [];
  for (const path of files) {
    const file = store.ref(path);
    const add = (what, ask) => steps.push([what, path, ask]);
    add('read', () => file.getDownloadURL());
    add('look at', () => file.getMetadata());
    add('list', () => file.parent.listAll());
    add('create', () => file.parent.child(`new-${who.replaceAll(' ', '-')}`).put(bytes).then());
    add('replace', () => file.put(bytes).then());
    add('change', () => file.updateMetadata({ contentType: 'text/plain' }));
    add('delete', () => file.delete());
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

const environment = await initializeTestEnvironment({ projectId: project, firestore, storage });
await environment.withSecurityRulesDisabled(async (context) => {
  for (const [uid, fields] of Object.entries(profiles)) await context.firestore().doc(`users/${uid}`).set(fields);
});
for (const who of Object.keys(people)) {
  const person = people[who];
  const context = person ? environment.authenticatedContext(person.uid, person.claims) : environment.unauthenticatedContext();
  for (const [what, where, ask] of attempts(context.storage(`gs://${bucket}`), who)) {
    say({ who, what, where, outcome: await outcomeOf(ask) });
  }
}
await environment.cleanup();
process.exit(0);
