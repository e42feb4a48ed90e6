// The issuer's page in Chromium: what it shows, and that it works. Prints what was found in order, and
// takes a screenshot.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

import puppeteer from 'puppeteer-core';

const [origin, screenshot] = process.argv.slice(2);

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 375, height: 800 };

const browser = await puppeteer.launch({
    executablePath: shell('command -v chromium').trim(),
    args: [
        // There is little of it in a container.
        '--disable-dev-shm-usage',
        // Chromium's sandbox does not work for root.
        ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    ],
    defaultViewport: WIDE,
    timeout: 120_000,
});
try {
    console.log(await browser.version());
    const page = await browser.newPage();
    const complaints = await listen(page);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    await page.goto(origin);

    await showsWhatThereIs(page);
    const lines = await runsItsLines(page);
    await showsRequests(page, lines);
    await comesInOrder(page);
    await issuesTokens(page);
    await judgesTokens(page);
    await showsPathsAsText(page);
    await hasButtons(page, complaints);
    await obeysNoOtherPage();
    await copies(page, 'granted', 'Copied');
    await copies(page, 'denied', 'Selected');
    await looksGood(page);

    assert.deepEqual(complaints, []);
    console.log('no error in the console, no violation of the content security policy');
    await page.setViewport(WIDE);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    await page.reload();
    await page.screenshot({ path: screenshot, fullPage: true });
    console.log(`screenshot: ${screenshot}`);
} finally {
    await browser.close();
}

// What the browser complains of, from now on.
async function listen(page) {
    const complaints = [];
    page.on('console', (message) => {
        if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => {
        // A reload aborts the request for fresh content.
        if (request.failure().errorText !== 'net::ERR_ABORTED') complaints.push(request.url());
    });
    await page.exposeFunction('complain', (text) => complaints.push(text));
    await page.evaluateOnNewDocument(() => {
        document.addEventListener('securitypolicyviolation', (violation) => {
            window.complain(`${violation.violatedDirective}: ${violation.blockedURI}`);
        });
    });
    return complaints;
}

async function showsWhatThereIs(page) {
    const endpoints = await text(page, '#endpoints');
    for (const path of [
        '/oauth/token',
        '/auth/token',
        '/.well-known/jwks.json',
        '/auth/.well-known/jwks.json',
        '/.well-known/openid-configuration',
    ]) {
        assert.ok(endpoints.includes(path), path);
    }
    const keys = await keyIds(page);
    assert.deepEqual(keys, await publishedKeyIds());
    assert.ok((await text(page, '#clients')).includes('demo-client'));
    console.log(`endpoints, ${keys.length} keys, clients`);
}

// Every line that a person may copy, as it stands on the page, in a shell.
async function runsItsLines(page) {
    const lines = await page.$$eval('#flows .flow:not(#paste)', (flows) =>
        flows.map((flow) => [
            flow.querySelector('h3').textContent,
            flow.querySelector('code').textContent,
        ]),
    );
    const tokens = {};
    for (const [title, line] of lines) {
        assert.ok(line.startsWith('curl '), line);
        const filled = line
            .replace('REFRESH_TOKEN', tokens.refresh_token)
            .replace('ID_TOKEN', tokens.id_token);
        const answer = JSON.parse(shell(filled));
        Object.assign(tokens, answer);
        const got = answer.access_token ? 'token' : answer.keys ? `${answer.keys.length} keys` : answer;
        assert.equal(typeof got, 'string', JSON.stringify(answer));
        console.log(`${title}: ${got}`);
    }
    const titles = lines.map(([title]) => title).join();
    for (const flow of ['Auth0', 'JSON', 'form', 'ATM', 'client', 'user', 'refresh', 'key set']) {
        assert.ok(titles.includes(flow), `${flow}: ${titles}`);
    }
    return lines.length;
}

async function showsRequests(page, lines) {
    const count = () => page.$$eval('#requests tbody tr', (rows) => rows.length);
    // It keeps itself up to date.
    await page.waitForFunction(
        () => document.querySelectorAll('#requests tbody tr').length > 0,
        { timeout: 30_000 },
    );
    await page.reload();
    const before = await count();
    assert.ok(before >= lines - 1, 'all but the rotation');
    shell(`curl --silent ${origin}/.well-known/jwks.json`);
    await page.reload();
    assert.equal(await count(), before + 1);
    assert.deepEqual(await keyIds(page), await publishedKeyIds(), 'the keys after the rotation');
    console.log(`${before + 1} recent requests, with and without a reload`);
}

// What changes comes before what stays the same.
async function comesInOrder(page) {
    const top = (selector) => page.$eval(selector, (element) => element.getBoundingClientRect().top);
    for (const viewport of [WIDE, NARROW]) {
        await page.setViewport(viewport);
        const names = ['#summary', '#requests', '#keys', '#flows', '#clients'];
        const tops = await Promise.all(names.map(top));
        assert.deepEqual(tops, tops.toSorted((a, b) => a - b), `${viewport.width} px`);
        assert.equal(tops[1] === tops[2], viewport === WIDE, 'requests and keys side by side');
    }
    await page.setViewport(WIDE);
    console.log('requests and keys before the lines');
}

// Every line's button, and the token beside the line.
async function issuesTokens(page) {
    await page.reload();
    const count = await page.$$eval('[data-run]', (buttons) => buttons.length);
    let tokens = 0;
    for (let at = 0; at < count; at += 1) {
        const button = (await page.$$('[data-run]'))[at];
        const isOffered = await button.evaluate((button) => !button.hidden);
        assert.ok(isOffered, 'a refresh comes after what it refreshes');
        await button.click();
        const flow = await button.evaluateHandle((button) => button.closest('.flow'));
        const result = await waitForResult(page, flow, 'Close');
        if (!(await flow.$eval('code', (code) => code.textContent)).includes('/token')) continue;
        tokens += 1;
        assert.ok(result.startsWith('verified'), result);
        assert.match(result, /exp\d{10} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (24 h 0|23 h 59|10|9) min/);
        assert.match(result, /issuer (atm|http:\S+), audience https:\/\/api\.example\.com\/; at /);
        const isBeside = await flow.evaluate((flow) => {
            const [line, token] = flow.children;
            const [{ top, right }, other] = [line.getBoundingClientRect(), token.getBoundingClientRect()];
            return other.left > right && other.top === top;
        });
        assert.ok(isBeside, 'beside its line');
    }
    assert.equal(tokens, 6);
    console.log(`${count} lines run by their buttons, ${tokens} tokens verified beside them`);
}

async function judgesTokens(page) {
    const issue = async (claims) => {
        const body = JSON.stringify({ claims });
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${origin}/admin/token`, { method: 'POST', headers, body });
        return (await response.json()).access_token;
    };
    const good = await issue({});
    const at = good.lastIndexOf('.') + 10;
    const forged = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
    const markup = '<img src=x onerror="complain(1)"><script>complain(2)</script>';
    const hostile = await issue({ sub: markup, [markup]: [markup], iat: 1e300 });
    const header = Buffer.from(JSON.stringify({ alg: markup })).toString('base64url');
    const paste = await page.$('#paste');
    for (const [token, verdict, contents] of [
        [good, 'verified', 'demo-client'],
        [`  Bearer ${good}\n`, 'verified', 'demo-client'],
        [await issue({ exp: 1_700_000_000 }), 'rejectedexpired: ', '2023-11-14 22:13:20 UTC, '],
        [forged, 'rejectedinvalid-signature: ', 'demo-client'],
        [await issue({ aud: markup }), 'rejectedwrong-audience: ', markup],
        [hostile, 'rejectedinvalid-claim: ', markup],
        [`${header}.${header}.`, 'rejectedunsupported-algorithm: ', markup],
        [markup, 'rejectednot-compact: ', 'It cannot be decoded.'],
        ['a.b.c', 'rejectedinvalid-base64url: ', 'It cannot be decoded.'],
        ['a'.repeat(20_000), 'rejectedtoken-too-long: ', 'It cannot be decoded.'],
    ]) {
        await page.evaluate((token) => {
            document.querySelector('#paste .result').replaceChildren();
            const field = document.querySelector('#token');
            field.value = '';
            field.focus();
            document.execCommand('insertText', false, token);
        }, token);
        const result = (await waitForResult(page, paste, 'By Tokenlatch')).replaceAll('rejected ', 'rejected');
        assert.ok(result.startsWith(verdict), `${verdict}${result}`);
        assert.ok(result.includes(contents), result);
        const made = await page.$$eval('#paste .result :is(img, script)', (all) => all.length);
        assert.equal(made, 0, 'a token is text');
    }
    console.log('pasted tokens: decoded and judged');
}

async function showsPathsAsText(page) {
    const path = `/"onclick="complain(1)/%3Cimg%20src=x%3E/'&lt;b&gt;`;
    const { hostname, port } = new URL(origin);
    const connection = connect(Number(port), hostname);
    // The server ends the connection, because it gives up a request whose client has gone.
    connection.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`);
    connection.resume();
    await once(connection, 'close');
    await page.waitForFunction(
        (path) => {
            const row = document.querySelector('#requests tbody tr').cells;
            return row[1].textContent === 'GET' && row[2].textContent === path;
        },
        { timeout: 30_000 },
        path,
    );
    const attributes = await page.$$eval('#requests tbody tr:first-child *', (all) =>
        all.flatMap((element) => element.getAttributeNames().filter((name) => name !== 'class')),
    );
    assert.deepEqual(attributes, []);
    console.log(`as text: ${path}`);
}

async function hasButtons(page, complaints) {
    const press = (selector) => page.$eval(selector, (button) => button.click());
    const shows = (selector, expected) =>
        page.waitForFunction(
            (selector, expected) => document.querySelector(selector).textContent.includes(expected),
            { timeout: 30_000 },
            selector,
            expected,
        );

    const [, next] = await keyIds(page);
    await press('#keys button');
    await page.waitForFunction(
        (next) => document.querySelector('#keys tbody code').textContent === next,
        { timeout: 30_000 },
        next,
    );
    assert.deepEqual(await keyIds(page), await publishedKeyIds(), 'the keys after the rotation');

    const names = await page.$$eval('[data-fault]', (all) => all.map((it) => it.textContent));
    for (const [at, name] of names.entries()) {
        await page.$$eval('[data-fault]', (all, at) => all[at].click(), at);
        await shows('#live-faults', `"${name}"`);
    }
    await press('#inject [data-send]');
    await shows('#live-faults', 'None');
    await page.$eval('[aria-label="claim value"]', (input) => {
        input.value = '["<img src=x>"]';
    });
    await page.$eval('#inject [name=requests]', (input) => {
        input.value = '';
    });
    await page.select('#inject [name=at]', 'auth0-token');
    await page.$$eval('[data-fault]', (all) => all.at(-1).click());
    const fault = { fault: { claim: { name: 'sub', value: ['<img src=x>'] } }, at: 'auth0-token' };
    await shows('#live-faults', JSON.stringify(fault));

    assert.deepEqual(complaints, []);
    await page.select('#inject [name=at]', 'key-set');
    await page.$$eval('[data-fault]', (all) => all.at(-1).click());
    await shows('#inject output', 'this fault cannot happen at this endpoint');
    // The browser complains of the status.
    assert.match(complaints.splice(0).join(), /^Failed to load resource: .*400/);
    await press('#inject [data-send]');
    await shows('#live-faults', 'None');

    await shows('#live-clock', 'The system’s time.');
    await page.$$eval('#clock button', (all) => all.find((it) => it.textContent === '+ 1 h').click());
    await shows('#live-clock', '1 h 0 min ahead of the system’s clock.');
    await press('#stop');
    await shows('#clock output', 'Give a date and a time.');
    await page.$eval('#stop-at', (input) => {
        input.value = '2001-09-09T01:46:40';
    });
    await press('#stop');
    await shows('#live-clock', 'Sun, 09 Sep 2001 01:46:40 UTC stands still');
    await page.$$eval('#clock button', (all) => all.find((it) => it.textContent === 'Follow the system').click());
    await shows('#live-clock', 'The system’s time.');
    console.log(`buttons: rotation, ${names.length} faults, clock`);
}

// A page of another port is of the same site, and a page of another name is of another one.
async function obeysNoOtherPage() {
    const server = createServer((_, response) => response.end('a page'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const keys = await publishedKeyIds();
    const page = await browser.newPage();
    for (const host of ['127.0.0.1', 'localhost']) {
        await page.goto(`http://${host}:${port}/`);
        await page.evaluate(async (origin) => {
            const request = { method: 'POST', mode: 'no-cors' };
            await fetch(`${origin}/admin/rotate`, request);
        }, origin);
    }
    await page.close();
    server.close();
    server.closeAllConnections();
    assert.deepEqual(await publishedKeyIds(), keys);
    console.log('no page of another site or port rotates the keys');
}

// The text of the result beside a line, once it has this in it.
async function waitForResult(page, flow, expected) {
    await page.waitForFunction(
        (flow, expected) => flow.querySelector('.result').textContent.includes(expected),
        { timeout: 30_000 },
        flow,
        expected,
    );
    return flow.$eval('.result', (result) => result.textContent);
}

async function copies(page, setting, expected) {
    const browserSession = await browser.target().createCDPSession();
    for (const name of ['clipboard-read', 'clipboard-write']) {
        const isRead = name === 'clipboard-read';
        await browserSession.send('Browser.setPermission', {
            origin,
            permission: { name },
            setting: isRead ? 'granted' : setting,
        });
    }
    await page.bringToFront();
    await page.reload();
    const button = await page.$('#flows [data-copy]');
    await button.click();
    await page.waitForFunction(
        (button, expected) => button.textContent === expected,
        { timeout: 30_000 },
        button,
        expected,
    );
    const taken = await page.evaluate(
        (isGranted) => (isGranted ? navigator.clipboard.readText() : getSelection().toString()),
        setting === 'granted',
    );
    assert.equal(taken, await page.$eval('#flows code', (code) => code.textContent));
    console.log(`clipboard ${setting}: ${expected}`);
}

// With everything on it that a reader can bring there.
async function looksGood(page) {
    await page.$eval('[data-run]', (button) => button.click());
    await waitForResult(page, await page.$('.flow:not(#paste)'), 'Close');
    const claims = Buffer.from(JSON.stringify({ ['a'.repeat(200)]: 'a'.repeat(200) })).toString('base64url');
    await page.type('#token', `${claims}.${claims}.`);
    await waitForResult(page, await page.$('#paste'), 'aaaa');
    await page.$eval('[data-fault]', (button) => button.click());
    await page.$eval('#stop', (button) => button.click());
    await page.waitForSelector('#live-faults li', { timeout: 30_000 });
    for (const value of ['light', 'dark']) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
        for (const viewport of [WIDE, NARROW]) {
            await page.setViewport(viewport);
            const { overflow, background, contrast, faintest } = await page.evaluate(measure);
            assert.equal(overflow, 0, `${viewport.width} px: it scrolls sideways`);
            assert.equal(background > 0.5, value === 'light', `${value}: ${background}`);
            // WCAG 2.2, 1.4.3
            assert.ok(contrast >= 4.5, `${value}: ${contrast} of "${faintest}"`);
            console.log(`${value}, ${viewport.width} px: contrast ${contrast.toFixed(1)} and more`);
        }
    }
}

// Runs in the page.
function measure() {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const luminance = (color) => {
        const linear = [...rgba(color)].slice(0, 3).map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
        const { backgroundColor } = getComputedStyle(element);
        const isOpaque = rgba(backgroundColor)[3] === 255;
        return isOpaque || !element.parentElement ? backgroundColor : behind(element.parentElement);
    };
    let [contrast, faintest] = [Infinity, ''];
    for (const element of document.body.querySelectorAll('*')) {
        const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!hasText || !element.checkVisibility()) continue;
        const levels = [getComputedStyle(element).color, behind(element)].map(luminance);
        const ratio = (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
        if (ratio < contrast) [contrast, faintest] = [ratio, element.textContent];
    }
    return {
        overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth),
        background: luminance(getComputedStyle(document.body).backgroundColor),
        contrast,
        faintest,
    };
}

function text(page, selector) {
    return page.$eval(selector, (element) => element.textContent);
}

function keyIds(page) {
    return page.$$eval('#keys tbody code', (codes) => codes.map((code) => code.textContent));
}

async function publishedKeyIds() {
    const answer = await fetch(`${origin}/.well-known/jwks.json`);
    return (await answer.json()).keys.map((key) => key.kid);
}

function shell(line) {
    return execFileSync('sh', ['-c', line], { encoding: 'utf8' });
}
