// Changes of annotations: too much is told before it is sent, a click shows that it was taken, and is taken once.
"use strict";

function tooMuch(form) {
  const file = form.elements.file?.files[0];
  const typed = form.elements.text?.value.length ?? 0;
  if (file && file.size > Number(form.dataset.max)) {
    return `This file is larger than the ${Math.floor(form.dataset.max / 2 ** 20)} MiB that can be taken here.`;
  }
  if (form.elements.action && !form.elements.action.value) return "Choose what to do.";
  if (typed > Number(form.dataset.maxTyped)) return "This is too much text. Save it as a file, and choose that.";
  return "";
}

for (const form of document.querySelectorAll("[data-changes]")) {
  const problem = form.querySelector("[data-changes-problem]");
  const button = form.querySelector("button");
  const words = button?.textContent;
  form.addEventListener("submit", (event) => {
    const complaint = problem ? tooMuch(form) : "";
    if (complaint || form.dataset.sent) {
      event.preventDefault();
      if (complaint) {
        problem.textContent = complaint;
        problem.hidden = false;
      }
      return;
    }
    if (problem) problem.hidden = true;
    form.dataset.sent = "yes";
    if (!button) return;
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  });
  // Back by the browser's button: the page comes out of its memory as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    delete form.dataset.sent;
    if (!button) return;
    button.textContent = words;
    button.removeAttribute("aria-disabled");
  });
}
