// One press, one effect. Every form carries a key, and what it says counts once under that key (web/once.py). What
// htmx sends from a page that stays gets its key here: it is the same until an answer came, so that pressing twice on
// a slow line, or again because no answer came, counts once. After an answer the visitor knows how things stand, and
// the same press is a new wish; so is a press that says something else.

const last = new Map(); // By where it goes: what was said there last, and under which key.

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { action, body } = ctx.request;
  if (!body?.has?.("once")) return;
  body.delete("once");
  const said = new URLSearchParams(body).toString();
  if (last.get(action)?.said !== said) last.set(action, { said, key: newKey() });
  body.set("once", last.get(action).key);
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  // What a proxy says while the server is still at work, or gone, is no answer.
  if (ctx.response.status >= 500) return;
  const { action, body } = ctx.request;
  if (body && last.get(action)?.key === body.get("once")) last.delete(action);
});
