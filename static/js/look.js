// Has a file looked into before it is uploaded. Needs reduce.js. Whatever hinders the look is told and hinders nothing.
"use strict";

(() => {
  const MOST_SECONDS = 120;
  const DEFAULT_MIB = 64;

  window.portal = window.portal || {};

  // Bytes that may be sent; a page can say how many MiB the portal takes.
  window.portal.lookMost = () =>
    Number(document.querySelector("[data-look-max]")?.dataset.lookMax || DEFAULT_MIB) * 1024 * 1024;

  function unseen(words) {
    const line = document.createElement("p");
    line.className = "fine";
    line.textContent = `${words} It can be uploaded all the same.`;
    return { ok: true, format: "", certain: false, doubt: false, html: line.outerHTML };
  }

  const tooLarge = () => unseen("Too large to be looked into.");

  async function smaller(file) {
    try {
      return await window.portal.reduced(file);
    } catch {
      // Damaged, by the looks of it: the portal says what is wrong with it.
      return { blob: file, entries: null, packed: "" };
    }
  }

  function formOf(file, { blob, packed }, listed) {
    const form = new FormData();
    form.append("name", file.name);
    form.append("packed", packed);
    form.append("file", blob, "file");
    if (listed) form.append("entries", listed, "entries");
    return form;
  }

  function taken(html) {
    const root = new DOMParser().parseFromString(html, "text/html").querySelector(".findings");
    if (!root) return null;
    const { ok, format, certain, doubt } = root.dataset;
    return { ok: ok === "true", format, certain: certain === "true", doubt: doubt === "true", html: root.outerHTML };
  }

  // What is in a file and whether it fits a job: `ok` is false for what should not be sent, `format` the likeliest one
  // that the server imports ("" where none is known), `certain` whether nothing else looks like it, `doubt` whether
  // there is a warning, `html` what to show.
  window.portal.look = async (jobId, file) => {
    const sent = await smaller(file);
    const listed = sent?.entries && new Blob([JSON.stringify(sent.entries)]);
    if (!sent || sent.blob.size + (listed?.size ?? 0) > window.portal.lookMost()) return tooLarge();
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    try {
      const answer = await fetch(`/jobs/${jobId}/look`, {
        method: "POST",
        headers: { "X-CSRFToken": token, "HX-Request": "true", "HX-Current-URL": location.href },
        body: formOf(file, sent, listed),
        signal: AbortSignal.timeout(MOST_SECONDS * 1000),
      });
      if (answer.status === 413) return tooLarge();
      if (answer.status === 401) return unseen("You are signed out, so it was not looked into. Sign in in a new tab.");
      return taken(await answer.text()) ?? unseen(`It could not be looked into (${answer.status}).`);
    } catch {
      return unseen("It could not be looked into: the portal did not answer.");
    }
  };
})();
