// A number that cannot be had any more is not offered: how many are left changes while one looks.

function offer() {
  for (const left of document.querySelectorAll("[data-left]")) {
    for (const option of left.parentElement.querySelectorAll("option")) {
      option.hidden = option.disabled = Number(option.value) > Number(left.dataset.left);
    }
  }
}

document.addEventListener("htmx:after:swap", offer);

// One more, one fewer, for thumbs; the list of numbers between the two is what is sent.
document.addEventListener("click", ({ target }) => {
  const step = target.closest?.("[data-step]");
  if (!step) return;
  const numbers = step.parentElement.querySelector("select");
  const next = numbers.options[numbers.selectedIndex + Number(step.dataset.step)];
  if (next && !next.disabled) numbers.value = next.value;
});

// How many people come is said by choosing it; without scripts there is a button.
document.addEventListener("change", ({ target }) => {
  if (target.form?.id === "parties") target.form.requestSubmit();
});
// What was refused is not what is so.
document.addEventListener("htmx:finally:request", ({ detail }) => {
  const { sourceElement, response } = detail?.ctx ?? {};
  if (sourceElement?.id === "parties" && response?.status >= 400) document.getElementById("parties")?.reset();
});
