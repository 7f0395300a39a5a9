// What somebody chose on a slow line, before the scripts came, is sent when they are there: otherwise the page would
// show a choice that does not count, beside the price of another one.

const SENT_BY_CHOOSING = '.checkout-lines select, select[form="parties"]';

function isChosen(select) {
  const drawn = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
  return select.value !== drawn.value;
}

function send() {
  const chosen = [...document.querySelectorAll(SENT_BY_CHOOSING)].filter(isChosen);
  // At the checkout they belong to the form that pays; what works out the prices hears that something was chosen.
  const listening = chosen.filter((select) => select.closest(".checkout-lines"));
  listening.at(0)?.dispatchEvent(new Event("change", { bubbles: true }));
  const own = chosen.filter((select) => !listening.includes(select));
  for (const form of new Set(own.map((select) => select.form))) form.requestSubmit();
}

// htmx begins to listen in a task of its own, which was queued before this one.
addEventListener("load", () => setTimeout(send));
