// Listeners of the web SDK in Node: snapshots, their metadata, fan-out, refusals and resuming.

import assert from 'node:assert/strict';
import {
  collection, collectionGroup, deleteDoc, disableNetwork, doc, enableNetwork, getDocFromServer, getDocs,
  getDocsFromCache, getDocsFromServer, limit, limitToLast, onSnapshot, onSnapshotsInSync, orderBy, query, setDoc,
  updateDoc, waitForPendingWrites, where, writeBatch,
} from 'firebase/firestore';
import { client, deferred, first, run, test } from './harness.mjs';

const ids = (snapshot) => snapshot.docs.map((found) => found.id).join('');
const kinds = (snapshot) => snapshot.docChanges().map((change) => `${change.type} ${change.doc.id}`).sort();

/** Collects snapshots; `next(accept)` waits for the first that has not been taken yet and is accepted. */
function watch(target, options = {}) {
  const seen = [];
  const waiting = [];
  const settle = () => {
    while (waiting.length && seen.length) {
      const snapshot = seen.shift();
      if (waiting[0].accept(snapshot)) waiting.shift().resolve(snapshot);
    }
  };
  const failed = deferred();
  failed.promise.catch(() => {});
  const stop = onSnapshot(target, options, (snapshot) => { seen.push(snapshot); settle(); }, failed.reject);
  const next = (accept = () => true) => {
    const made = deferred();
    waiting.push({ accept, resolve: made.resolve });
    settle();
    return Promise.race([made.promise, failed.promise]);
  };
  return { next, stop, failed: failed.promise };
}

test('a document that comes, changes and goes', async ({ project, db }) => {
  const other = client(project);
  const watched = watch(doc(db, 'jobs/1'));
  assert.equal((await watched.next()).exists(), false);
  await setDoc(doc(other, 'jobs/1'), { state: 'queued' });
  assert.equal((await watched.next()).data().state, 'queued');
  await updateDoc(doc(other, 'jobs/1'), { state: 'finished' });
  assert.equal((await watched.next()).data().state, 'finished');
  await deleteDoc(doc(other, 'jobs/1'));
  assert.equal((await watched.next()).exists(), false);
  watched.stop();
});

test('a query tells what was added, changed and removed', async ({ project, db }) => {
  const other = client(project);
  await Promise.all([...'abc'].map((id, n) => setDoc(doc(other, 'c', id), { n })));
  const watched = watch(query(collection(db, 'c'), where('n', '>=', 0), orderBy('n')));
  assert.deepEqual(kinds(await watched.next((s) => !s.metadata.fromCache)), ['added a', 'added b', 'added c']);
  const batch = writeBatch(other);
  batch.update(doc(other, 'c/a'), { n: 9 });
  batch.update(doc(other, 'c/b'), { n: -1 });
  batch.delete(doc(other, 'c/c'));
  batch.set(doc(other, 'c/d'), { n: 4 });
  await batch.commit();
  const changes = [];
  await watched.next((s) => changes.push(...kinds(s)) && ids(s) === 'da');
  assert.deepEqual(changes.sort(), ['added d', 'modified a', 'removed b', 'removed c']);
  watched.stop();
});

test('limited windows slide', async ({ project, db }) => {
  const other = client(project);
  await Promise.all([...'abcd'].map((id, n) => setDoc(doc(other, 'c', id), { n })));
  const lowest = watch(query(collection(db, 'c'), orderBy('n'), limit(2)));
  const highest = watch(query(collection(db, 'c'), orderBy('n'), limitToLast(2)));
  await Promise.all([lowest.next((s) => ids(s) === 'ab'), highest.next((s) => ids(s) === 'cd')]);
  await deleteDoc(doc(other, 'c/a'));
  await lowest.next((s) => !s.metadata.fromCache && ids(s) === 'bc');
  await setDoc(doc(other, 'c/e'), { n: 9 });
  await highest.next((s) => !s.metadata.fromCache && ids(s) === 'de');
  lowest.stop();
  highest.stop();
});

test('own writes show at once and then as written', async ({ db }) => {
  const watched = watch(doc(db, 'c/a'), { includeMetadataChanges: true });
  await watched.next((s) => !s.metadata.fromCache);
  const written = setDoc(doc(db, 'c/a'), { n: 1 });
  assert.equal((await watched.next()).metadata.hasPendingWrites, true);
  assert.equal((await watched.next((s) => !s.metadata.hasPendingWrites)).data().n, 1);
  await written;
  watched.stop();
});

test('snapshots of several listeners change together', async ({ project, db }) => {
  const other = client(project);
  let [left, right, torn] = [0, 0, 0];
  const both = deferred();
  const stops = [
    onSnapshot(doc(db, 'pairs/left'), (s) => { left = s.data()?.n ?? 0; }),
    onSnapshot(query(collection(db, 'pairs'), where('side', '==', 'right')), (s) => { right = s.docs[0]?.data().n ?? 0; }),
    onSnapshotsInSync(db, () => {
      if (left !== right && left && right) torn += 1;
      if (left === 5 && right === 5) both.resolve();
    }),
  ];
  for (let n = 1; n <= 5; n += 1) {
    const batch = writeBatch(other);
    batch.set(doc(other, 'pairs/left'), { n });
    batch.set(doc(other, 'pairs/right'), { n, side: 'right' });
    await batch.commit();
  }
  await both.promise;
  assert.equal(torn, 0);
  stops.forEach((stop) => stop());
});

test('a hundred listeners of one client', async ({ project, db }) => {
  const other = client(project);
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const watched = numbers.map((n) => watch(query(collection(db, 'c'), where('n', '==', n))));
  await Promise.all(watched.map((each) => each.next()));
  await Promise.all(numbers.map((n) => setDoc(doc(other, 'c', `d${n}`), { n })));
  const seen = await Promise.all(watched.map((each) => each.next((s) => s.size === 1)));
  assert.deepEqual(seen.map((s) => s.docs[0].id), numbers.map((n) => `d${n}`));
  watched.forEach((each) => each.stop());
});

test('a hundred clients listen to one document', async ({ project, db }) => {
  const clients = Array.from({ length: 100 }, () => client(project));
  const watched = clients.map((each) => watch(doc(each, 'shared/1')));
  await Promise.all(watched.map((each) => each.next()));
  await setDoc(doc(db, 'shared/1'), { n: 1 });
  const seen = await Promise.all(watched.map((each) => each.next((s) => s.exists())));
  assert.ok(seen.every((s) => s.data().n === 1));
  watched.forEach((each) => each.stop());
});

test('a reconnection brings what was missed', async ({ project, db }) => {
  const other = client(project);
  await Promise.all([...'abc'].map((id, n) => setDoc(doc(other, 'c', id), { n })));
  const watched = watch(query(collection(db, 'c'), orderBy('n')), { includeMetadataChanges: true });
  assert.equal(ids(await watched.next((s) => !s.metadata.fromCache)), 'abc');
  await disableNetwork(db);
  await watched.next((s) => s.metadata.fromCache);
  const offline = setDoc(doc(db, 'c/z'), { n: 26 });
  assert.equal(ids(await watched.next((s) => s.size === 4)), 'abcz');
  await deleteDoc(doc(other, 'c/a'));
  await updateDoc(doc(other, 'c/b'), { n: 7 });
  await enableNetwork(db);
  const after = await watched.next((s) => !s.metadata.fromCache && !s.metadata.hasPendingWrites);
  assert.equal(ids(after), 'cbz');
  await offline;
  await waitForPendingWrites(db);
  watched.stop();
});

test('what left a query while nobody listened is noticed when it is asked again', async ({ project }) => {
  const lasting = client(project);
  const other = client(project);
  await Promise.all([...'abc'].map((id, n) => setDoc(doc(other, 'c', id), { n, show: true })));
  const shown = query(collection(lasting, 'c'), where('show', '==', true));
  const keep = watch(collection(lasting, 'c'));
  await keep.next((s) => s.size === 3 && !s.metadata.fromCache);
  const ask = () =>
    first(
      (next, fail) => onSnapshot(shown, { includeMetadataChanges: true }, next, fail), (s) => !s.metadata.fromCache,
    );
  assert.equal(ids(await ask()), 'abc');
  await updateDoc(doc(other, 'c/b'), { show: false });
  await deleteDoc(doc(other, 'c/c'));
  assert.equal(ids(await ask()), 'a');
  assert.equal(ids(await getDocsFromCache(shown)), 'a');
  assert.equal(ids(await getDocsFromServer(shown)), 'a');
  keep.stop();
});

test('listening ends with permission-denied and hurts no other listener', async ({ project, db }) => {
  const user = client(project, { sub: 'ada' });
  await setDoc(doc(db, 'users/ada'), { status: 'active' });
  const own = watch(doc(user, 'users/ada'));
  assert.equal((await own.next()).data().status, 'active');
  const foreign = watch(doc(user, 'users/bob'));
  await assert.rejects(foreign.failed, (error) => error.code === 'permission-denied');
  await assert.rejects(getDocs(collectionGroup(user, 'entries')), (error) => error.code === 'permission-denied');
  await assert.rejects(updateDoc(doc(user, 'users/ada'), { status: 'x' }), (error) => error.code === 'permission-denied');
  await updateDoc(doc(db, 'users/ada'), { name: 'Ada' });
  assert.equal((await own.next((s) => s.data().name)).data().name, 'Ada');
  await updateDoc(doc(db, 'users/ada'), { status: 'withdrawing' });
  await assert.rejects(own.failed, (error) => error.code === 'permission-denied');
  await assert.rejects(getDocFromServer(doc(user, 'users/ada')), (error) => error.code === 'permission-denied');
});

test('a job is watched live by its owner, listing needs the owner filter', async ({ project, db }) => {
  const user = client(project, { sub: 'ada' });
  await setDoc(doc(db, 'users/ada'), { status: 'active' });
  const watched = watch(query(collection(user, 'jobs'), where('owner', '==', 'ada')));
  assert.equal((await watched.next()).size, 0);
  await setDoc(doc(db, 'jobs/1'), { owner: 'ada', state: 'queued', images: {} });
  await setDoc(doc(db, 'jobs/2'), { owner: 'bob', state: 'queued' });
  for (const state of ['running', 'finished']) await updateDoc(doc(db, 'jobs/1'), { state });
  const last = await watched.next((s) => s.docs[0]?.data().state === 'finished');
  assert.equal(ids(last), '1');
  await assert.rejects(getDocs(collection(user, 'jobs')), (error) => error.code === 'permission-denied');
  watched.stop();
});

await run();
