// The web SDK in Node while the server dies and comes back on the same port with the same data.

import assert from 'node:assert/strict';
import {
  collection, deleteDoc, doc, getDocFromServer, increment, onSnapshot, orderBy, query, setDoc, updateDoc,
  waitForPendingWrites, writeBatch,
} from 'firebase/firestore';
import { ask, client, deferred, run, test } from './harness.mjs';

/** A promise for the first snapshot that `accept` is true for, and how to stop. */
function until(target, accept) {
  const found = deferred();
  const stop = onSnapshot(target, { includeMetadataChanges: true }, (s) => accept(s) && found.resolve(s), found.reject);
  return found.promise.finally(stop);
}

const isSettled = (snapshot) => !snapshot.metadata.fromCache && !snapshot.metadata.hasPendingWrites;

test('what was acknowledged survives a kill, what was not arrives after the restart', async ({ project, db }) => {
  const c = collection(db, 'notes');
  const batch = writeBatch(db);
  for (const id of ['a', 'b', 'c']) batch.set(doc(c, id), { n: 0 });
  await batch.commit();
  await until(c, (s) => s.size === 3 && isSettled(s));
  await ask('kill');
  const written = [
    updateDoc(doc(c, 'a'), { n: increment(1) }), deleteDoc(doc(c, 'b')), setDoc(doc(c, 'd'), { offline: true }),
  ];
  const offline = await until(c, (s) => s.docs.some((each) => each.id === 'd'));
  assert.equal(offline.metadata.hasPendingWrites, true);
  await ask('restart');
  await Promise.all(written);
  await waitForPendingWrites(db);
  const found = await until(query(collection(client(project), 'notes'), orderBy('__name__')), isSettled);
  assert.deepEqual(found.docs.map((each) => [each.id, each.data()]), [['a', { n: 1 }], ['c', { n: 0 }], ['d', { offline: true }]]);
});

test('a listener goes on after a restart and learns what was deleted', async ({ project, db }) => {
  const c = collection(db, 'notes');
  await Promise.all(['a', 'b'].map((id) => setDoc(doc(c, id), { n: 0 })));
  const seen = [];
  const [ready, done] = [deferred(), deferred()];
  const stop = onSnapshot(c, { includeMetadataChanges: true }, (s) => {
    seen.push(s.metadata.fromCache);
    if (isSettled(s) && s.size === 2) ready.resolve();
    if (isSettled(s) && s.size === 1 && s.docs[0].data().n === 5) done.resolve();
  }, done.reject);
  await ready.promise;
  await ask('kill');
  await ask('restart');
  const other = client(project);
  await deleteDoc(doc(other, 'notes/a'));
  await setDoc(doc(other, 'notes/b'), { n: 5 });
  await done.promise;
  stop();
  assert.equal((await getDocFromServer(doc(db, 'notes/a'))).exists(), false);
});

await run();
