// Sends the upload form with progress in numbers; without this script it is an ordinary form.
// Whatever goes wrong, what was typed and the chosen file stay where they are.
"use strict";

(() => {
  const MB = 1000 * 1000;
  const inMegabytes = (bytes) => (bytes / MB).toFixed(1);
  const region = () => document.getElementById("upload");
  const formIn = (place) => place.querySelector("form[data-upload]");
  let sending = null;

  function say(words) {
    document.getElementById("upload-said").textContent = words;
  }

  function showProblem(form, words) {
    const notice = form.querySelector("[data-upload-problem]");
    notice.querySelector("p").textContent = words;
    notice.hidden = !words;
  }

  function showProgress(form, words, sent = null, total = 1) {
    const box = form.querySelector("[data-upload-progress]");
    const bar = box.querySelector("progress");
    box.hidden = false;
    form.querySelector("[data-upload-actions]").hidden = true;
    box.querySelector("[data-upload-words]").textContent = words;
    if (sent === null) bar.removeAttribute("value");
    else bar.value = (100 * sent) / total;
  }

  function setBusy(form, isBusy) {
    form.setAttribute("aria-busy", isBusy);
    for (const field of form.querySelectorAll(".field")) field.inert = isBusy;
  }

  function backToForm(form, words) {
    sending = null;
    setBusy(form, false);
    form.querySelector("[data-upload-progress]").hidden = true;
    form.querySelector("[data-upload-cancel]").hidden = false;
    form.querySelector("[data-upload-actions]").hidden = false;
    if (words === undefined) return;
    showProblem(form, words);
    form.querySelector("[data-upload-actions] button").focus();
  }

  // Which formats take a file of this name.
  function fitting(form, name) {
    const lower = name.toLowerCase();
    return [...form.elements.format.options].filter((option) =>
      (option.dataset.endings || "").split(" ").some((ending) => ending && lower.endsWith(ending)),
    );
  }

  // The portal's own copy of annotations is JSON as the server has it, which no format reads.
  const COPY = /^\uFEFF?\s*\{\s*"version"\s*:\s*\d+\s*,\s*"(tags|shapes|tracks)"\s*:/;

  async function lookInto(form, mayChoose) {
    const file = form.elements.file.files[0];
    if (!file) return;
    const head = await file.slice(0, 400).text().catch(() => "");
    if (file !== form.elements.file.files[0] || !COPY.test(head)) return;
    if (mayChoose) form.elements.format.value = "";
    form.querySelector("[data-format-hint]").textContent =
      "This is a copy that was downloaded as JSON. No format reads it, so it can't be uploaded here; an export of the job can.";
  }

  // Choose the format where the name leaves only one; say so where the name and the format don't fit.
  function look(form, mayChoose) {
    const hint = form.querySelector("[data-format-hint]");
    const file = form.elements.file.files[0];
    const select = form.elements.format;
    hint.textContent = "";
    if (!file) return;
    const fits = fitting(form, file.name);
    if (mayChoose && !select.value && fits.length === 1) {
      select.value = fits[0].value;
      hint.textContent = `Suggested by the name of the file: ${fits[0].value}.`;
    } else if (select.value && !fits.includes(select.selectedOptions[0])) {
      hint.textContent = `${select.value} comes in other files than ${file.name}. It can be uploaded all the same.`;
    } else if (!fits.length) {
      hint.textContent = `No format of this job comes in files named like ${file.name}.`;
    }
  }

  // What was said about a field no longer holds once it is changed.
  function forgetError(field) {
    const place = field.closest(".has-error");
    place?.classList.remove("has-error");
    place?.querySelector(".error")?.remove();
    field.removeAttribute("aria-invalid");
  }

  function toast(xhr) {
    const header = xhr.getResponseHeader("HX-Trigger");
    if (!header || !header.includes("toast")) return false;
    document.dispatchEvent(new CustomEvent("toast", { detail: JSON.parse(header).toast }));
    return true;
  }

  // The form as the server answers it, with the file that was chosen.
  function replaceForm(form, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("upload");
    if (!fresh) return false;
    const files = form.elements.file.files;
    region().replaceWith(document.adoptNode(fresh));
    const next = formIn(fresh);
    if (!next) return true;
    if (files.length && !next.querySelector("#id_file_error")) next.elements.file.files = files;
    sending = null;
    look(next, false);
    const wrong = next.querySelector(".has-error input, .has-error select") || fresh.querySelector("[role=alert]:not([hidden]) a");
    (wrong || next.elements.file).focus();
    return true;
  }

  function answered(form, xhr) {
    const place = xhr.getResponseHeader("HX-Redirect");
    if (place) {
      sending = null;
      window.location.assign(place);
    } else if (toast(xhr)) {
      backToForm(form, "This was not uploaded. Your file and your choices are still here.");
    } else if (xhr.getResponseHeader("HX-Reswap") === "none" || !replaceForm(form, xhr.responseText)) {
      const words =
        xhr.status === 413
          ? "The file is larger than may be uploaded here. Nothing was changed."
          : `The portal answered with an error (${xhr.status}). Look at the annotations before you send it again.`;
      backToForm(form, words);
    }
  }

  function broke(form, sent, total) {
    const words =
      sent < total
        ? `The connection broke after ${inMegabytes(sent)} of ${inMegabytes(total)} MB. Nothing was changed. ` +
          "Your file and your choices are still here; send them again when you are back online."
        : "The file was sent, but the connection broke before an answer came. The import may have begun: " +
          "look at the annotations before you send it again.";
    backToForm(form, words);
  }

  function send(form) {
    const xhr = new XMLHttpRequest();
    let sent = 0;
    let total = form.elements.file.files[0]?.size ?? 0;
    sending = xhr;
    showProblem(form, "");
    setBusy(form, true);
    xhr.upload.addEventListener("progress", (event) => {
      ({ loaded: sent, total } = event);
      showProgress(form, `${inMegabytes(sent)} of ${inMegabytes(total)} MB`, sent, total);
    });
    xhr.upload.addEventListener("load", () => {
      sent = total;
      showProgress(form, `Sent. Handing it over to ${form.dataset.upload}…`);
      form.querySelector("[data-upload-cancel]").hidden = true;
      say("The file is sent and is being handed over.");
    });
    xhr.addEventListener("load", () => answered(form, xhr));
    xhr.addEventListener("error", () => broke(form, sent, total));
    xhr.addEventListener("abort", () => {
      backToForm(form);
      form.querySelector("[data-upload-actions] button").focus();
      say("The upload was cancelled. Nothing was changed.");
    });
    xhr.open("POST", form.action);
    xhr.setRequestHeader("HX-Request", "true");
    xhr.setRequestHeader("HX-Target", "upload");
    xhr.setRequestHeader("HX-Current-URL", window.location.href);
    xhr.send(new FormData(form));
    showProgress(form, `0.0 of ${inMegabytes(total)} MB`, 0);
    form.querySelector("[data-upload-cancel]").focus();
    say("The upload has begun.");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-upload]")) return;
    event.preventDefault();
    if (sending) return;
    const file = form.elements.file.files[0];
    const most = Number(form.dataset.max);
    if (file && file.size > most) {
      showProblem(form, `This file has ${inMegabytes(file.size)} MB; up to ${inMegabytes(most)} MB can be uploaded here.`);
      form.elements.file.focus();
    } else {
      send(form);
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-upload-cancel]")) sending?.abort();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    if (event.target.name === "file") showProblem(form, "");
    forgetError(event.target);
    if (event.target.name !== "file" && event.target.name !== "format") return;
    look(form, event.target.name === "file");
    lookInto(form, event.target.name === "file");
  });

  window.addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });

  const form = region() && formIn(region());
  if (form) look(form, true);
})();
