// The web SDK in a headless Chromium page, which speaks WebChannel and REST, and keeps its cache in IndexedDB.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { collection, deleteDoc, doc, getDocFromServer, getDocs, setDoc, updateDoc, writeBatch } from 'firebase/firestore';
import { chromium } from 'playwright-core';
import { ask, run, settings, test } from './harness.mjs';

const FIREBASE = dirname(createRequire(import.meta.url).resolve('firebase/package.json'));
// The browser build of the SDK names the app module by its public address: the page takes this computer's file for it.
const BUNDLE = await readFile(join(FIREBASE, 'firebase-firestore.js'), 'utf8');
const [, appAddress] = BUNDLE.match(/from"([^"]+\/firebase-app\.js)"/);
const PAGE = `<!doctype html><title>app</title>
  <script type="importmap">${JSON.stringify({ imports: { [appAddress]: '/firebase-app.js' } })}</script>`;
const user = (uid) => ({ sub: uid, user_id: uid });

// A server of its own and not a routed answer: only a page of this computer may speak to this computer unasked.
const pages = createServer(async (request, response) => {
  const name = request.url.match(/^\/(firebase-[a-z]+\.js)$/)?.[1];
  response.setHeader('content-type', name ? 'text/javascript' : 'text/html');
  response.end(name ? await readFile(join(FIREBASE, name)) : PAGE);
});
await new Promise((resolve) => { pages.listen(0, '127.0.0.1', resolve); });
const browser = await chromium.launch({ executablePath: settings.chromium, args: settings.sandbox ? [] : ['--no-sandbox'] });

/** A page with the SDK loaded as in production, but from this computer; `window.open` made a client of the project. */
async function open(context, project, token, options = {}) {
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${pages.address().port}/app`);
  await page.evaluate(async ([given, projectId, mockUserToken, { persistent, ...wanted }]) => {
    const [{ initializeApp }, sdk] = await Promise.all([import('/firebase-app.js'), import('/firebase-firestore.js')]);
    const app = initializeApp({ projectId, apiKey: 'none', appId: 'app' });
    const localCache = persistent ? sdk.persistentLocalCache() : sdk.memoryLocalCache();
    const db = sdk.initializeFirestore(app, { ...wanted, localCache });
    sdk.connectFirestoreEmulator(db, given.host, given.port, { mockUserToken });
    sdk.setLogLevel('silent');
    const until = (target, accept) => new Promise((resolve, reject) => {
      const stop = sdk.onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
        if (accept(snapshot)) { resolve(snapshot); setTimeout(() => stop()); }
      }, reject);
    });
    Object.assign(window, { sdk, db, until });
  }, [settings, project, token, options]);
  return page;
}

/** Runs `body` with a fresh browser profile. */
async function withContext(body) {
  const context = await browser.newContext();
  try {
    await body(context);
  } finally {
    await context.close();
  }
}

const liveJob = (options) => ({ project, db }) => withContext(async (context) => {
  await setDoc(doc(db, 'users/ada'), { status: 'active' });
  await setDoc(doc(db, 'jobs/1'), { owner: 'ada', state: 'queued' });
  const page = await open(context, project, user('ada'), options);
  await page.evaluate(() => {
    window.states = [];
    window.finished = window.until(window.sdk.doc(window.db, 'jobs/1'), (s) => {
      window.states.push(s.data().state);
      return s.data().state === 'finished';
    });
    return window.until(window.sdk.doc(window.db, 'jobs/1'), (s) => !s.metadata.fromCache).then(() => null);
  });
  const picture = '한글 🎨'.repeat(999);
  for (const state of ['running', 'settling', 'finished']) await updateDoc(doc(db, 'jobs/1'), { state, picture });
  const states = await page.evaluate(() => window.finished.then(() => window.states));
  assert.deepEqual([states[0], states.at(-1)], ['queued', 'finished']);
});

test('a job is watched live in the browser by streaming', liveJob({}));
test('a job is watched live in the browser by long polling', liveJob({ experimentalForceLongPolling: true }));

test('the browser writes, counts, and runs transactions', ({ project, db }) => withContext(async (context) => {
  const page = await open(context, project, 'owner');
  const count = await page.evaluate(async () => {
    const { sdk, db: store } = window;
    const place = sdk.doc(store, 'counters/1');
    await sdk.setDoc(place, { n: 1, at: sdk.serverTimestamp(), tags: sdk.arrayUnion('a') });
    await Promise.all([1, 2, 3].map(() => sdk.runTransaction(store, async (transaction) => {
      transaction.update(place, { n: (await transaction.get(place)).data().n + 1 });
    })));
    return (await sdk.getCountFromServer(sdk.collection(store, 'counters'))).data().count;
  });
  const found = (await getDocFromServer(doc(db, 'counters/1'))).data();
  assert.deepEqual([count, found.n, found.tags], [1, 4, ['a']]);
}));

test('what the rules refuse is refused in the browser too', ({ project, db }) => withContext(async (context) => {
  await setDoc(doc(db, 'users/ada'), { status: 'active' });
  const page = await open(context, project, user('ada'));
  const codes = await page.evaluate(async () => {
    const { sdk, db: store } = window;
    const code = (promise) => promise.then(() => 'allowed', (error) => error.code);
    return [
      await code(sdk.getDocFromServer(sdk.doc(store, 'users/ada'))),
      await code(sdk.getDocFromServer(sdk.doc(store, 'users/bob'))),
      await code(sdk.getDocsFromServer(sdk.collection(store, 'jobs'))),
      await code(sdk.setDoc(sdk.doc(store, 'wallets/ada'), { points: 1 })),
      await code(sdk.getCountFromServer(sdk.collection(store, 'users'))),
      await code(window.until(sdk.collection(store, 'mail'), () => true)),
    ];
  });
  assert.deepEqual(codes, ['allowed', ...Array(5).fill('permission-denied')]);
}));

test('a hundred listeners in one page', ({ project, db }) => withContext(async (context) => {
  const page = await open(context, project, 'owner');
  await page.evaluate(() => {
    const { sdk, db: store } = window;
    const query = (n) => sdk.query(sdk.collection(store, 'c'), sdk.where('n', '==', n));
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    window.found = Promise.all(numbers.map((n) => window.until(query(n), (s) => s.size === 1)));
    return Promise.all(numbers.map((n) => window.until(query(n), (s) => !s.metadata.fromCache))).then(() => null);
  });
  const batch = writeBatch(db);
  for (let n = 0; n < 100; n += 1) batch.set(doc(db, 'c', `d${n}`), { n });
  await batch.commit();
  assert.equal(await page.evaluate(() => window.found.then((all) => all.length)), 100);
}));

test('offline writes of a closed page survive the death of the server', ({ project, db }) => withContext(async (context) => {
  await setDoc(doc(db, 'notes/b'), { n: 1 });
  const before = await open(context, project, 'owner', { persistent: true });
  await before.evaluate(() => window.until(window.sdk.collection(window.db, 'notes'), (s) => !s.metadata.fromCache).then(() => null));
  await ask('kill');
  await before.evaluate(() => {
    window.sdk.setDoc(window.sdk.doc(window.db, 'notes/a'), { offline: true });
    return window.until(window.sdk.collection(window.db, 'notes'), (s) => s.size === 2).then(() => null);
  });
  await before.close();
  await ask('restart');
  await deleteDoc(doc(db, 'notes/b'));
  const after = await open(context, project, 'owner', { persistent: true });
  const ids = await after.evaluate(async () => {
    await window.sdk.waitForPendingWrites(window.db);
    const settled = (s) => !s.metadata.fromCache && !s.metadata.hasPendingWrites;
    return (await window.until(window.sdk.collection(window.db, 'notes'), settled)).docs.map((each) => each.id);
  });
  assert.deepEqual(ids, ['a']);
  assert.deepEqual((await getDocs(collection(db, 'notes'))).docs.map((each) => each.data()), [{ offline: true }]);
}));

await run(() => browser.close());
