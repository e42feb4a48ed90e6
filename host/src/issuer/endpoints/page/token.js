
/** The claims that are dates (RFC 7519 section 4.1, OpenID Connect Core sections 2 and 5.1). */
const DATES = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/** An element. Strings among the children become text. */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** The header and the claims of a token, not verified. */
function decoded(token) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new Error("It is not three parts between dots.");
  return parts.slice(0, 2).map((part) => {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  });
}

/** The two largest units of a span; of less than an hour, one. */
function span(seconds) {
  const [days, hours, minutes] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days > 1) return `${days} days ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** A date and how far it is from `now`, both in seconds since 1970. */
function dateText(seconds, now) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "no date that there is";
  const text = date.toISOString().replace("T", " ").replace(/(\.000)?Z$/, " UTC");
  const apart = span(Math.abs(seconds - now));
  if (Math.floor(seconds) === Math.floor(now)) return `${text}, now`;
  return `${text}, ${seconds < now ? `${apart} ago` : `in ${apart}`}`;
}

function memberRow([name, value], now) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const cell = element("td", "", element("code", "", text));
  if (DATES.includes(name) && typeof value === "number") {
    cell.append(" ", element("span", "empty", dateText(value, now)));
  }
  return element("tr", "", element("th", "", name), cell);
}

/** The members of a JSON object as a table; anything else in JSON. */
function members(title, value, now) {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const body = isObject
    ? element(
        "table",
        "",
        element("tbody", "", ...Object.entries(value).map((member) => memberRow(member, now))),
      )
    : element("pre", "", element("code", "", JSON.stringify(value)));
  return element("div", "scroll", element("h4", "", title), body);
}

/** What the token says. It is shown whether the token is good or not. */
function contents(token, now) {
  try {
    const [header, claims] = decoded(token);
    return [members("Header", header, now), members("Claims", claims, now)];
  } catch (error) {
    const why = error instanceof SyntaxError ? "A part is not JSON." : error.message;
    return [element("p", "empty", `It cannot be decoded. ${why}`)];
  }
}

/** The verdict of the issuer's own verifier, and by what it was given. */
function verdictOf({ ok, status, value }) {
  if (!ok) return [element("p", "bad", value.error_description ?? `No verdict: the status is ${status}.`)];
  const any = (values) => values.join(" or ");
  const by = [`issuer ${any([...value.issuers, ...value.issuer_templates])}`];
  by.push(value.audiences.length > 0 ? `audience ${any(value.audiences)}` : "no audience");
  if (value.client !== null) by.push(`client ${value.client}`);
  const when = new Date(value.now * 1000).toISOString().replace("T", " ").replace(".000Z", " UTC");
  const verdict = value.verified
    ? [element("span", "tag good", "verified")]
    : [element("span", "tag bad", "rejected"), " ", element("code", "", value.error), `: ${value.reason}`];
  return [
    element("p", "verdict", ...verdict),
    element(
      "p",
      "by",
      `By Tokenlatch, with this issuer’s keys and the profile ${value.profile}: ${by.join(", ")}; at ${when}.`,
    ),
  ];
}

/** Shows in `result` what a token says, and the verdict on it. */
async function showToken(result, token, client) {
  const { verdict: path } = document.querySelector("main").dataset;
  // A later token must not be overtaken by the verdict on an earlier one.
  const turn = (result.turn ?? 0) + 1;
  result.turn = turn;
  let verdict = [element("p", "empty", "Decoded, not verified: verdicts are for the issuer’s own machine.")];
  let now = Date.now() / 1000;
  if (path) {
    try {
      const body = JSON.stringify(client ? { token, client_id: client } : { token });
      const headers = { "Content-Type": "application/json" };
      const response = await send({ method: "POST", path, headers, body });
      now = response.value.now ?? now;
      verdict = verdictOf(response);
    } catch {
      verdict = [element("p", "bad", "No verdict: there is no response.")];
    }
  }
  if (result.turn === turn) result.replaceChildren(...verdict, ...contents(token, now));
}

/** The tokens of the last response that had a refresh token. */
const kept = {};

/** Sends a flow's request, and shows its response beside the line. */
async function run(button) {
  const flow = button.closest(".flow");
  const result = flow.querySelector(".result");
  const request = JSON.parse(button.dataset.run);
  button.disabled = true;
  flow.classList.add("open");
  result.hidden = false;
  for (const [name, token] of Object.entries(kept)) {
    // A JSON Web Token and base64url need no escapes in JSON.
    request.body = request.body?.replace(name, () => token);
  }
  try {
    const { status, value } = await send(request);
    if (typeof value.refresh_token === "string") {
      kept.REFRESH_TOKEN = value.refresh_token;
      if (typeof value.id_token === "string") kept.ID_TOKEN = value.id_token;
      offerRefresh();
    }
    if (typeof value.access_token === "string") {
      await showToken(result, value.access_token);
      const again = element("button", "", "Copy the token");
      again.addEventListener("click", () => copy(again, value.access_token));
      result.append(again);
    } else {
      const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
      result.replaceChildren(
        element("p", "", `The status is ${status}.`),
        element("pre", "", element("code", "", text)),
      );
    }
  } catch {
    result.replaceChildren(element("p", "bad", "There is no response: the connection was closed."));
  }
  const close = element("button", "", "Close");
  close.addEventListener("click", () => {
    flow.classList.remove("open");
    result.hidden = true;
  });
  result.append(" ", close);
  button.disabled = false;
  await refresh();
}

/** A refresh has to wait for a token to refresh. */
function offerRefresh() {
  for (const button of document.querySelectorAll("[data-run]")) {
    const isReady = !button.dataset.run.includes("REFRESH_TOKEN") || "REFRESH_TOKEN" in kept;
    button.hidden = !isReady;
  }
}

for (const button of document.querySelectorAll("[data-run]")) {
  button.addEventListener("click", () => run(button));
}
offerRefresh();

const paste = document.getElementById("token");
if (paste) {
  const result = paste.closest(".flow").querySelector(".result");
  const judge = () => {
    const token = paste.value.trim().replace(/^Bearer\s+/i, "");
    if (token) showToken(result, token, document.getElementById("client")?.value);
    else {
      result.turn = (result.turn ?? 0) + 1;
      result.replaceChildren();
    }
  };
  paste.addEventListener("input", judge);
  document.getElementById("client")?.addEventListener("change", judge);
  // A browser may have kept it across a reload.
  judge();
}
