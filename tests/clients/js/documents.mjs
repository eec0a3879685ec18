// Documents, queries, transactions and transforms of the web SDK in Node.

import assert from 'node:assert/strict';
import {
  Bytes, GeoPoint, Timestamp, addDoc, and, arrayRemove, arrayUnion, average, collection,
  collectionGroup, count, deleteDoc, deleteField, doc, documentId, endBefore, getAggregateFromServer, getCountFromServer,
  getDoc, getDocFromServer, getDocs, increment, limit, limitToLast, or, orderBy, query, runTransaction, serverTimestamp,
  setDoc, startAfter, startAt, sum, updateDoc, vector, where, writeBatch,
} from 'firebase/firestore';
import { client, run, test } from './harness.mjs';

const ids = (snapshot) => snapshot.docs.map((found) => found.id);
const refused = (code) => (error) => error.code === code;

async function fill(db, path, rows) {
  const batch = writeBatch(db);
  for (const [id, fields] of Object.entries(rows)) batch.set(doc(db, path, id), fields);
  await batch.commit();
}

test('every type of value comes back as it was', async ({ db }) => {
  const fields = {
    nothing: null, yes: true, whole: 7, large: Number.MAX_SAFE_INTEGER, broken: 1.5, minusZero: -0, none: NaN,
    endless: -Infinity, text: '한글 🎨', bytes: Bytes.fromUint8Array(new Uint8Array([0, 255])),
    time: new Timestamp(1_700_000_000, 123_456_000), place: new GeoPoint(37.5, 127), other: doc(db, 'a/b'),
    list: [1, 'two', { three: [] }], map: { 'a.b': 1, 'with `tick`': {} }, direction: vector([1, 2.5]),
  };
  await setDoc(doc(db, 'values/all'), fields);
  const found = (await getDocFromServer(doc(db, 'values/all'))).data();
  assert.deepEqual(Object.keys(found).sort(), Object.keys(fields).sort());
  assert.ok(Object.is(found.minusZero, -0));
  assert.ok(found.bytes.isEqual(fields.bytes) && found.time.isEqual(fields.time) && found.place.isEqual(fields.place));
  assert.equal(found.other.path, 'a/b');
  assert.deepEqual(found.direction.toArray(), [1, 2.5]);
  assert.deepEqual([found.list, found.map, found.text, found.large], [fields.list, fields.map, fields.text, fields.large]);
});

test('create, merge, update, delete a field, delete', async ({ db }) => {
  const made = await addDoc(collection(db, 'notes'), { a: { b: 1, c: 2 }, d: 3 });
  assert.match(made.id, /^[A-Za-z0-9]{20}$/);
  await setDoc(made, { a: { b: 10 } }, { merge: true });
  await updateDoc(made, { 'a.c': deleteField(), e: [] });
  assert.deepEqual((await getDoc(made)).data(), { a: { b: 10 }, d: 3, e: [] });
  await setDoc(made, { only: 1 });
  assert.deepEqual((await getDoc(made)).data(), { only: 1 });
  await deleteDoc(made);
  assert.equal((await getDoc(made)).exists(), false);
  await assert.rejects(updateDoc(made, { a: 1 }), refused('not-found'));
});

test('transforms: serverTimestamp, increment, arrayUnion, arrayRemove', async ({ db }) => {
  const place = doc(db, 'counters/1');
  await setDoc(place, { n: 1, list: [1, 2] });
  await updateDoc(place, {
    at: serverTimestamp(), n: increment(2), half: increment(0.5), list: arrayUnion(2, 3), 'deep.list': arrayUnion('x'),
  });
  await updateDoc(place, { list: arrayRemove(1) });
  const found = (await getDoc(place)).data();
  assert.ok(Math.abs(found.at.toMillis() - Date.now()) < 60_000);
  assert.deepEqual([found.n, found.half, found.list, found.deep], [3, 0.5, [2, 3], { list: ['x'] }]);
});

test('a batch is written whole or not at all', async ({ db }) => {
  const batch = writeBatch(db);
  for (let number = 0; number < 500; number += 1) batch.set(doc(db, 'many', String(number)), { number });
  await batch.commit();
  assert.equal((await getCountFromServer(collection(db, 'many'))).data().count, 500);
  const broken = writeBatch(db);
  broken.set(doc(db, 'some/1'), { a: 1 });
  broken.update(doc(db, 'missing/1'), { a: 1 });
  await assert.rejects(broken.commit(), refused('not-found'));
  assert.equal((await getDocFromServer(doc(db, 'some/1'))).exists(), false);
});

test('contended transactions lose nothing', async ({ project, db }) => {
  const clients = [db, client(project), client(project)];
  await setDoc(doc(db, 'counters/shared'), { n: 0 });
  const add = (from) =>
    runTransaction(from, async (transaction) => {
      const place = doc(from, 'counters/shared');
      const now = await transaction.get(place);
      transaction.update(place, { n: now.data().n + 1 });
    }, { maxAttempts: 50 });
  await Promise.all(clients.flatMap((from) => [add(from), add(from)]));
  assert.equal((await getDocFromServer(doc(db, 'counters/shared'))).data().n, 6);
});

test('a transaction that only reads is checked too, and one that fails writes nothing', async ({ project, db }) => {
  await fill(db, 'pairs', { left: { n: 1 }, right: { n: 1 } });
  const other = client(project);
  let runs = 0;
  await runTransaction(db, async (transaction) => {
    runs += 1;
    const left = await transaction.get(doc(db, 'pairs/left'));
    if (runs === 1) await updateDoc(doc(other, 'pairs/left'), { n: 2 });
    const right = await transaction.get(doc(db, 'pairs/right'));
    transaction.update(doc(db, 'pairs/right'), { n: left.data().n + right.data().n });
  });
  assert.equal(runs, 2);
  assert.equal((await getDocFromServer(doc(db, 'pairs/right'))).data().n, 3);
  await assert.rejects(runTransaction(db, async (transaction) => {
    transaction.set(doc(db, 'pairs/none'), {});
    throw new Error('changed my mind');
  }), /changed my mind/);
  assert.equal((await getDocFromServer(doc(db, 'pairs/none'))).exists(), false);
});

test('of several transactions that find a document missing one creates it', async ({ project, db }) => {
  const claim = (from, who) =>
    runTransaction(from, async (transaction) => {
      const place = doc(from, 'claims/1');
      const found = await transaction.get(place);
      if (found.exists()) return found.data().who;
      transaction.set(place, { who });
      return who;
    }, { maxAttempts: 50 });
  const winners = await Promise.all([claim(db, 'a'), claim(client(project), 'b'), claim(client(project), 'c')]);
  assert.equal(new Set(winners).size, 1);
  assert.equal((await getDocFromServer(doc(db, 'claims/1'))).data().who, winners[0]);
  const gone = runTransaction(db, async (transaction) => {
    const other = await transaction.get(doc(db, 'claims/none'));
    if (!other.exists()) await setDoc(doc(client(project), 'claims/none'), { n: 1 });
    transaction.set(doc(db, 'claims/2'), { sawNone: !other.exists() });
  });
  await gone;
  assert.equal((await getDocFromServer(doc(db, 'claims/2'))).data().sawNone, false);
});

test('filters of every kind', async ({ db }) => {
  await fill(db, 'c', {
    a: { n: 1, tags: ['x'], s: 'red' }, b: { n: 2, tags: ['x', 'y'], s: 'green' }, c: { n: 3, tags: [], s: 'blue' },
    d: { n: null, tags: ['y'] }, e: { n: NaN }, f: { s: 'red' },
  });
  const c = collection(db, 'c');
  const found = async (...constraints) => ids(await getDocs(query(c, ...constraints)));
  assert.deepEqual(await found(where('n', '==', 2)), ['b']);
  assert.deepEqual(await found(where('n', '>', 1)), ['b', 'c']);
  assert.deepEqual(await found(where('n', '!=', 2)), ['e', 'a', 'c']);
  assert.deepEqual(await found(where('n', '==', null)), ['d']);
  assert.deepEqual(await found(where('n', '==', NaN)), ['e']);
  assert.deepEqual(await found(where('tags', 'array-contains', 'x')), ['a', 'b']);
  assert.deepEqual(await found(where('tags', 'array-contains-any', ['x', 'y'])), ['a', 'b', 'd']);
  assert.deepEqual(await found(where('s', 'in', ['red', 'blue'])), ['a', 'c', 'f']);
  assert.deepEqual(await found(where('s', 'not-in', ['red', 'blue'])), ['b']);
  assert.deepEqual(await found(or(where('n', '==', 1), and(where('s', '==', 'red'), where('n', '==', 7)))), ['a']);
  assert.deepEqual(await found(where(documentId(), 'in', ['a', 'f'])), ['a', 'f']);
});

test('orders, cursors, limits, limitToLast', async ({ db }) => {
  const rows = Object.fromEntries([...'abcdefgh'].map((id, index) => [id, { n: Math.floor(index / 2), id }]));
  await fill(db, 'c', rows);
  const c = collection(db, 'c');
  const found = async (...constraints) => ids(await getDocs(query(c, ...constraints))).join('');
  assert.equal(await found(orderBy('n', 'desc'), limit(3)), 'hgf');
  assert.equal(await found(orderBy('n'), limitToLast(3)), 'fgh');
  assert.equal(await found(orderBy('n'), startAt(1), endBefore(3)), 'cdef');
  const last = await getDoc(doc(c, 'c'));
  assert.equal(await found(orderBy('n'), startAfter(last), limit(2)), 'de');
  assert.equal(await found(orderBy('n', 'desc'), orderBy(documentId(), 'desc'), startAfter(1, 'd')), 'cba');
  assert.equal(await found(orderBy('n'), endBefore(last), limitToLast(1)), 'b');
});

test('collection groups', async ({ db }) => {
  await Promise.all(['x/1/parts/a', 'x/2/parts/b', 'y/1/deep/1/parts/c', 'parts/d', 'x/1/other/e'].map(
    (path, n) => setDoc(doc(db, path), { n }),
  ));
  assert.deepEqual(ids(await getDocs(collectionGroup(db, 'parts'))), ['d', 'a', 'b', 'c']);
  const from = query(collectionGroup(db, 'parts'), orderBy(documentId()), startAt('x/2/parts/b'));
  assert.deepEqual(ids(await getDocs(from)), ['b', 'c']);
});

test('count, sum and average', async ({ db }) => {
  await fill(db, 'c', { a: { n: 1 }, b: { n: 2.5 }, c: { n: 'text' }, d: {} });
  const answer = await getAggregateFromServer(collection(db, 'c'), { all: count(), total: sum('n'), mean: average('n') });
  assert.deepEqual(answer.data(), { all: 4, total: 3.5, mean: 1.75 });
  const none = await getAggregateFromServer(query(collection(db, 'c'), where('n', '>', 100)), { mean: average('n'), total: sum('n') });
  assert.deepEqual(none.data(), { mean: null, total: 0 });
});

test('limits are told by their codes', async ({ db }) => {
  await assert.rejects(setDoc(doc(db, 'big/1'), { text: 'x'.repeat(1_048_577) }), refused('invalid-argument'));
  await setDoc(doc(db, 'big/2'), { text: 'x'.repeat(1_000_000) });
  assert.equal((await getDocFromServer(doc(db, 'big/2'))).data().text.length, 1_000_000);
  const names = Object.fromEntries(Array.from({ length: 20_001 }, (_, n) => [`f${n}`, n]));
  await assert.rejects(setDoc(doc(db, 'big/3'), names), refused('invalid-argument'));
});

test('a query that production would refuse for lack of an index is refused', async ({ db }) => {
  await assert.rejects(
    getDocs(query(collection(db, 'unheard'), where('a', '==', 1), orderBy('b'))), refused('failed-precondition'),
  );
});

await run();
