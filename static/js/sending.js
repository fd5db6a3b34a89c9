// A file on its way into a job, in pieces: when the line breaks it goes on where it was, after a reload as well.
"use strict";

window.portal ??= {};

{
  const PIECE = 4 * 1024 * 1024;
  const LONGEST_PAUSE = 30;
  const MOST_FAILURES = 20;
  const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

  const CHANGED = "The file was changed or removed since it was chosen. Choose it again.";

  class Cancelled extends Error {}

  const seconds = (count) => new Promise((resolve) => setTimeout(resolve, 1000 * count));

  // What was begun, by person, job and file. `sent` is what is known to have arrived, in bytes.
  const memory = {
    key: (person, job, file) => `upload:${person}:${job}:${file.name}:${file.size}:${file.lastModified}`,
    read(key) {
      try {
        const kept = JSON.parse(localStorage.getItem(key));
        return kept && Date.now() - kept.at < KEPT_MS ? kept : null;
      } catch {
        return null;
      }
    },
    write(key, kept) {
      try {
        localStorage.setItem(key, JSON.stringify({ ...kept, at: Date.now() }));
      } catch {
        // Full, or not allowed: then a reload begins anew.
      }
    },
    forget: (key) => localStorage.removeItem(key),
    of(person, job) {
      const start = `upload:${person}:${job}:`;
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(start))
        .map((key) => ({ key, ...memory.read(key) }))
        .filter((kept) => kept.token);
    },
  };

  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]");

  // Another sign-in, in another tab, makes the page's token void; the page as it is now has a fresh one.
  async function renewToken() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const page = new DOMParser().parseFromString((await answer?.text()) ?? "", "text/html");
    const fresh = page.querySelector("input[name=csrfmiddlewaretoken]")?.value;
    if (fresh) for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = fresh;
    return Boolean(fresh);
  }

  // One exchange with the portal: the status (0 where the line broke) and what came back, if it is JSON.
  function exchange(method, address, { body, headers = {}, watch, register } = {}) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open(method, address);
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.setRequestHeader("HX-Request", "true");
      if (method !== "GET") xhr.setRequestHeader("X-CSRFToken", token()?.value ?? "");
      if (watch) xhr.upload.addEventListener("progress", (event) => watch(event.loaded));
      xhr.addEventListener("load", () => {
        const isJson = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("application/json");
        let json = null;
        try {
          json = isJson ? JSON.parse(xhr.responseText) : null;
        } catch {
          json = null;
        }
        resolve({ status: xhr.status, json });
      });
      xhr.addEventListener("error", () => resolve({ status: 0, json: null }));
      xhr.addEventListener("abort", () => reject(new Cancelled()));
      register?.(xhr);
      xhr.send(body);
    });
  }

  async function call(method, address, options) {
    const answer = await exchange(method, address, options);
    const isOldToken = answer.status === 403 && !answer.json;
    return isOldToken && (await renewToken()) ? exchange(method, address, options) : answer;
  }

  // A browser reads a file only as it was chosen; what has become of it since looks like a broken line.
  const isReadable = (file) =>
    file.slice(0, 1).arrayBuffer().then(
      () => true,
      () => false,
    );

  const isGood = (answer) => answer.status >= 200 && answer.status < 300 && answer.json;
  const isPassing = (answer) => !answer.status || answer.json?.again || (!answer.json && [502, 503, 504].includes(answer.status));

  // What an answer that is none of the expected says.
  function wordsOf(answer) {
    if (answer.json?.problem) return answer.json.problem;
    if (answer.status === 401) return "You are signed out. Sign in in another tab, then go on here.";
    if (answer.status === 413) return "The file is larger than may be uploaded here.";
    if (!answer.status) return "The line is broken.";
    return `The portal answered with an error (${answer.status}).`;
  }

  // `options` gives the fields of the form as they are; `tell` hears how it goes: { state, sent, words }, where state is
  // sending, waiting (for the line) or handing (over).
  class Sending {
    constructor(person, job, file, { options, tell }) {
      Object.assign(this, { job, file, options, tell });
      this.key = memory.key(person, job, file);
      this.sent = this.failures = 0;
      this.isCancelled = false;
    }

    // Where to follow the import, as { follow }; or { problem, errors, now, follow }; or { cancelled: true }.
    async run() {
      try {
        return (await this.attempt()) ?? (await this.attempt(true));
      } catch (error) {
        if (error instanceof Cancelled) return { cancelled: true, sent: this.sent };
        throw error;
      }
    }

    cancel() {
      this.isCancelled = true;
      this.request?.abort();
      this.wake?.();
    }

    // Nothing where the server no longer has what was sent before: then it has to be sent anew.
    async attempt(isAnew = false) {
      if (isAnew) memory.forget(this.key);
      const failed = (await this.begin()) ?? (await this.sendAll());
      const answer = failed ?? (await this.finish());
      if (answer.json?.gone && !isAnew) return undefined;
      if (isGood(answer)) memory.forget(this.key);
      const { problem, ...more } = answer.json ?? {};
      return isGood(answer) ? more : { problem: problem ?? wordsOf(answer), status: answer.status, ...more };
    }

    // A token to send under, and how far it is: as it was kept, or a new one. What failed, if something did.
    async begin() {
      this.token = memory.read(this.key)?.token;
      if (this.token) return this.takeUp();
      const fields = this.options();
      fields.set("name", this.file.name);
      fields.set("size", this.file.size);
      const answer = await this.persist(() => this.call("POST", "begin", { body: fields }));
      if (!isGood(answer)) return answer;
      this.token = answer.json.token;
      this.reached(answer.json.offset);
      return undefined;
    }

    async takeUp() {
      const answer = await this.persist(() => this.call("GET", "piece"));
      if (!isGood(answer)) return answer;
      // No offset: it is complete, or gone. Which of both is told when it is used.
      this.reached(answer.json.offset ?? this.file.size);
      return undefined;
    }

    async sendAll() {
      while (this.sent < this.file.size) {
        const answer = await this.sendPiece();
        const isTold = isGood(answer) || (answer.status === 409 && answer.json);
        if (isTold && this.reached(answer.json.offset ?? this.file.size)) continue;
        if (!isTold && !isPassing(answer)) return answer;
        if (!answer.status && !(await isReadable(this.file))) return { status: 0, json: { problem: CHANGED } };
        if (await this.pause(answer)) return answer;
        const failed = await this.takeUp();
        if (failed) return failed;
      }
      return undefined;
    }

    sendPiece() {
      const start = this.sent;
      this.tell({ state: "sending", sent: start });
      return this.call("PATCH", "piece", {
        body: this.file.slice(start, start + PIECE),
        headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(start) },
        watch: (loaded) => this.tell({ state: "sending", sent: Math.min(start + loaded, this.file.size) }),
      });
    }

    finish() {
      this.tell({ state: "handing", sent: this.file.size });
      return this.persist(() => this.call("POST", "finish", { body: this.options() }));
    }

    // Whether that is somewhere else than before. Only going on is a success: a server may well answer, and yet take
    // nothing.
    reached(offset) {
      const hasMoved = offset !== this.sent;
      if (offset > this.sent) this.failures = 0;
      this.sent = offset;
      memory.write(this.key, { token: this.token, sent: offset, name: this.file.name, size: this.file.size });
      return hasMoved;
    }

    async call(method, step, options) {
      const query = step === "begin" ? "" : `?t=${encodeURIComponent(this.token)}`;
      const register = (xhr) => (this.request = xhr);
      if (this.isCancelled) throw new Cancelled();
      return call(method, `/jobs/${this.job}/upload/${step}${query}`, { ...options, register });
    }

    // Repeat what fails for a reason that passes, until it works or has failed too often.
    async persist(step) {
      for (;;) {
        const answer = await step();
        if (!isPassing(answer)) return answer;
        if (await this.pause(answer)) return answer;
      }
    }

    // Wait before the next try, longer each time; whether it has failed too often.
    async pause(answer) {
      this.failures += 1;
      if (this.failures > MOST_FAILURES && navigator.onLine) return true;
      let left = Math.max(answer.json?.after ?? 0, Math.min(2 ** (this.failures - 1), LONGEST_PAUSE));
      const woken = new Promise((resolve) => (this.wake = resolve));
      window.addEventListener("online", this.wake, { once: true });
      let isAwake = false;
      woken.then(() => (isAwake = true));
      for (; left > 0 && !isAwake; left -= 1) {
        const words = navigator.onLine
          ? `${answer.json?.brief ?? wordsOf(answer)} Trying again in ${Math.ceil(left)} s.`
          : "You are offline. It goes on by itself once you are back.";
        this.tell({ state: "waiting", sent: this.sent, words });
        await Promise.race([woken, seconds(Math.min(1, left))]);
      }
      window.removeEventListener("online", this.wake);
      if (this.isCancelled) throw new Cancelled();
      return false;
    }
  }

  Object.assign(window.portal, { Sending, sendings: memory, call });
}
