// Sends what the forms of the page /api/docs/ say, and shows the answer with the command that would send the same.

const page = document.querySelector(".api");
const token = document.getElementById("token");

// Characters of a stream that are kept on the page.
const MOST_SHOWN = 20_000;

const box = document.getElementById("token-box");
box.hidden = false;
box.addEventListener("submit", (event) => event.preventDefault());

function requestOf(form) {
  const method = form.dataset.method;
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  let body;
  for (const input of form.querySelectorAll("[data-in]")) {
    const value = input.value.trim();
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(value || "0"));
    else if (!value) continue;
    else if (input.dataset.in === "query") query.append(input.name, value);
    else if (input.dataset.in === "key") headers["Idempotency-Key"] = value;
    else body = value;
  }
  if (token.value.trim()) headers.Authorization = `Bearer ${token.value.trim()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const asked = query.toString();
  return { method, url: path + (asked ? `?${asked}` : ""), headers, body };
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function commandOf({ method, url, headers, body }, streams) {
  const parts = ["curl", ...(method === "GET" ? [] : ["-X", method]), quoted(location.origin + url)];
  for (const [name, value] of Object.entries(headers)) {
    // A token on a screen is a token that somebody else reads.
    parts.push("-H", name === "Authorization" ? '"Authorization: Bearer $TOKEN"' : quoted(`${name}: ${value}`));
  }
  if (body !== undefined) parts.push("-d", quoted(body));
  if (streams) parts.splice(1, 0, "-N");
  return parts.join(" ");
}

async function send(form) {
  const answered = form.querySelector(".api-answer");
  const status = form.querySelector("[data-status]");
  const shown = form.querySelector("[data-answer]");
  const button = form.querySelector("button[type=submit]");
  const stop = form.querySelector("[data-stop]");
  const given = new AbortController();
  const request = requestOf(form);
  form.querySelector("[data-command]").textContent = commandOf(request, stop !== null);
  status.textContent = page.dataset.waiting;
  shown.textContent = "";
  answered.hidden = false;
  button.disabled = true;
  try {
    const { method, headers, body } = request;
    // Without the cookie: what is tried here is what a program would get.
    const answer = await fetch(request.url, { method, headers, body, credentials: "omit", cache: "no-store", signal: given.signal });
    status.textContent = `${answer.status} ${answer.statusText}`;
    if (stop && answer.ok) return await listen(answer, { shown, stop, given });
    const text = await answer.text();
    try {
      const content = JSON.parse(text);
      if (content.token && !token.value) token.value = content.token;
      shown.textContent = JSON.stringify(content, null, 2);
    } catch {
      shown.textContent = text;
    }
  } catch {
    status.textContent = page.dataset.away;
  } finally {
    button.disabled = false;
  }
}

// A stream has no end of its own that is worth waiting for: what comes is shown as it comes, until it is stopped.
async function listen(answer, { shown, stop, given }) {
  stop.hidden = false;
  stop.addEventListener("click", () => given.abort(), { once: true });
  try {
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      // Hours of a busy evening would fill the page.
      shown.textContent = (shown.textContent + text).slice(-MOST_SHOWN);
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    stop.hidden = true;
  }
}

for (const form of document.querySelectorAll(".api-try")) {
  form.querySelector("button[type=submit]").disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// Browsers let pages write to the clipboard over https and on one's own machine only.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll(".api-copy")) {
    button.hidden = false;
    const { textContent: name, previousElementSibling: commands } = button;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(commands.textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = name; }, 2_000);
    });
  }
}

// An address may name an operation or a problem: what is folded is opened.
function unfold() {
  const named = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (!named) return;
  if (named instanceof HTMLDetailsElement) named.open = true;
  named.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
