// The issuer's page in Chromium: what it shows, and that it works. Prints what was found in order, and
// takes a screenshot.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

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
    const lines = await page.$$eval('#flows .flow', (flows) =>
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

async function looksGood(page) {
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
