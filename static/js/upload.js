// Sends the upload form's file in pieces, with progress in numbers; without this script it is an ordinary form.
// Whatever goes wrong, what was typed and the chosen file stay where they are.
"use strict";

(() => {
  const MB = 1000 * 1000;
  const inMegabytes = (bytes) => (bytes / MB).toFixed(1);
  const inKilobytes = (bytes) => Math.ceil(bytes / 1000);
  const share = (part, whole) =>
    whole < MB ? `${inKilobytes(part)} of ${inKilobytes(whole)} kB` : `${inMegabytes(part)} of ${inMegabytes(whole)} MB`;
  const percent = (part, whole) => Math.floor((100 * part) / whole);
  const region = () => document.getElementById("upload");
  const formIn = (place) => place.querySelector("form[data-upload]");
  let sending = null;

  function say(words) {
    const place = document.getElementById("upload-said");
    if (place.textContent !== words) place.textContent = words;
  }

  function showProblem(form, words, follow = "") {
    const notice = form.querySelector("[data-upload-problem]");
    notice.querySelector("p").textContent = words;
    const link = notice.querySelector("a");
    link.hidden = !follow;
    link.href = follow || "#";
    notice.hidden = !words;
  }

  function setBusy(form, isBusy) {
    form.setAttribute("aria-busy", isBusy);
    for (const field of form.querySelectorAll(".field")) field.inert = isBusy;
    form.querySelector("[data-upload-progress]").hidden = !isBusy;
    form.querySelector("[data-upload-actions]").hidden = isBusy;
  }

  function backToForm(form, words, follow) {
    sending = null;
    setBusy(form, false);
    showProblem(form, words, follow);
    form.querySelector("[data-upload-actions] button").focus();
  }

  function showProgress(form, { state, sent, words }) {
    const total = form.elements.file.files[0].size;
    const box = form.querySelector("[data-upload-progress]");
    const bar = box.querySelector("progress");
    if (state === "handing") bar.removeAttribute("value");
    else bar.value = (100 * sent) / total;
    box.querySelector("[data-upload-cancel]").hidden = state === "handing";
    const numbers = share(sent, total);
    const told = {
      sending: numbers,
      waiting: `${numbers}. ${words}`,
      handing: `Sent. Handing it over to ${form.dataset.upload}…`,
    };
    box.querySelector("[data-upload-words]").textContent = told[state];
    if (state === "handing") say("The file is sent and is being handed over.");
    if (state === "waiting") say("The line is broken. It is tried again.");
    if (state === "sending") say("The file is being sent.");
  }

  // Which formats take a file of this name.
  function fitting(form, name) {
    const lower = name.toLowerCase();
    return [...form.elements.format.options].filter((option) =>
      (option.dataset.endings || "").split(" ").some((ending) => ending && lower.endsWith(ending)),
    );
  }

  // What is in the file, beside the form. A format that its content tells goes before one that its name suggests.
  async function lookInto(form) {
    const file = form.elements.file.files[0];
    const place = form.querySelector("[data-upload-findings]");
    place.replaceChildren();
    delete form.dataset.refused;
    if (!file) return;
    const { ok, format, html } = await portal.look(form.dataset.job, file);
    if (file !== form.elements.file.files[0]) return;
    place.innerHTML = html;
    if (!ok) {
      form.dataset.refused = "true";
      form.querySelector("[data-format-hint]").textContent = "";
    }
    const select = form.elements.format;
    if (!ok || ![...select.options].some((option) => option.value === format) || !format || form.dataset.picked) return;
    select.value = format;
    forgetError(select);
    form.querySelector("[data-format-hint]").textContent = `Suggested by what is in the file: ${format}.`;
  }

  // Choose the format where the name leaves only one; say so where the name and the format don't fit.
  function look(form, mayChoose) {
    const hint = form.querySelector("[data-format-hint]");
    const file = form.elements.file.files[0];
    const select = form.elements.format;
    hint.textContent = "";
    if (!file || form.dataset.refused) return;
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

  function showErrors(form, errors) {
    let first = null;
    for (const [name, words] of Object.entries(errors)) {
      const field = form.elements[{ size: "file", name: "file" }[name] ?? name];
      const place = field?.closest?.(".field");
      if (!place) continue;
      forgetError(field);
      place.classList.add("has-error");
      const told = form.querySelector("[data-upload-error]").content.firstElementChild.cloneNode(true);
      told.querySelector("span").textContent = words;
      place.append(told);
      field.setAttribute("aria-invalid", "true");
      first ??= field;
    }
    first?.focus();
    return Boolean(first);
  }

  // The form over what is there now, with the file and all that was chosen.
  async function freshForm(form) {
    const headers = { "HX-Request": "true", "HX-Target": "upload", "HX-Current-URL": location.href };
    const answer = await fetch(form.action, { headers }).catch(() => null);
    const text = answer?.ok ? await answer.text() : "";
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("upload");
    const next = fresh && formIn(fresh);
    if (!next) return form;
    const { file, format, keep_backup, mode } = form.elements;
    region().replaceWith(document.adoptNode(fresh));
    next.elements.file.files = file.files;
    next.elements.format.value = format.value;
    if (keep_backup && next.elements.keep_backup) next.elements.keep_backup.checked = keep_backup.checked;
    if (mode && next.elements.mode) next.elements.mode.value = mode.value;
    return next;
  }

  async function answered(form, outcome) {
    sending = null;
    if (outcome.cancelled) {
      const { size } = form.elements.file.files[0];
      backToForm(form, `Stopped at ${percent(outcome.sent, size)} %. Nothing was changed. “Upload” goes on from there.`);
      say("The upload was stopped. Nothing was changed.");
    } else if (!outcome.problem) {
      window.location.assign(outcome.follow);
    } else {
      setBusy(form, false);
      const isMoved = outcome.errors?.replace && String(outcome.now) !== form.elements.seen.value;
      const place = isMoved ? await freshForm(form) : form;
      if (!showErrors(place, outcome.errors ?? {})) backToForm(place, outcome.problem, outcome.follow);
    }
  }

  function optionsOf(form) {
    const fields = new FormData(form);
    fields.delete("file");
    return new URLSearchParams(fields);
  }

  async function send(form) {
    const file = form.elements.file.files[0];
    showProblem(form, "");
    setBusy(form, true);
    sending = new portal.Sending(form.dataset.person, form.dataset.job, file, {
      options: () => optionsOf(form),
      tell: (step) => showProgress(form, step),
    });
    form.querySelector("[data-upload-cancel]").focus();
    await answered(form, await sending.run());
  }

  // What was begun before and not ended, on the page it belongs to.
  function showRemembered(form) {
    const place = form.querySelector("[data-upload-remembered]");
    const kept = portal.sendings.of(form.dataset.person, form.dataset.job);
    const chosen = form.elements.file.files[0];
    const key = chosen && portal.sendings.key(form.dataset.person, form.dataset.job, chosen);
    const lines = kept.map((one) => {
      const line = place.querySelector("template").content.firstElementChild.cloneNode(true);
      const sent = `${one.name}: ${percent(one.sent, one.size)} % was sent.`;
      const more = one.key === key ? "It goes on from there." : "Choose it again to go on.";
      line.querySelector("span").textContent = `${sent} ${more}`;
      line.querySelector("button").addEventListener("click", () => {
        portal.sendings.forget(one.key);
        showRemembered(form);
        form.elements.file.focus();
      });
      return line;
    });
    place.querySelector("div").replaceChildren(...lines);
    place.hidden = !lines.length;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-upload]")) return;
    event.preventDefault();
    if (sending) return;
    const file = form.elements.file.files[0];
    const most = Number(form.dataset.max);
    if (!file) {
      showErrors(form, { file: "Choose a file." });
    } else if (file.size > most) {
      showProblem(form, `This file has ${inMegabytes(file.size)} MB; up to ${inMegabytes(most)} MB can be uploaded here.`);
      form.elements.file.focus();
    } else if (form.dataset.refused) {
      showProblem(form, "This file can’t be uploaded: see what was found in it.");
      form.elements.file.focus();
    } else {
      send(form);
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-upload-cancel]")) sending?.cancel();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    if (event.target.name === "file") showProblem(form, "");
    forgetError(event.target);
    if (event.target.name !== "file" && event.target.name !== "format") return;
    if (event.target.name === "format") form.dataset.picked = event.target.value;
    if (event.target.name === "file") lookInto(form);
    look(form, event.target.name === "file");
    if (event.target.name === "file") showRemembered(form);
  });

  window.addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });

  const form = region() && formIn(region());
  if (form) {
    look(form, true);
    showRemembered(form);
  }
})();
