// Many files: finds the job of each, looks into it, and sends them side by side; without this script it is a form.
"use strict";

{
  const AT_ONCE = 3;
  const AGAIN = ["lost", "failed", "gone"]; // the same file, chosen once more, is taken up again
  const form = document.querySelector("form[data-many]");
  const { person, match, max, most } = form.dataset;
  const place = location.pathname + location.search;
  const lines = new portal.Lines(`uploads:${person}:${place}`, form.querySelector("[data-lines]"));
  const input = form.elements.files;
  const part = (name) => form.querySelector(`[data-${name}]`);
  const plural = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

  // At most so many at a time, in order.
  function taking(turns) {
    const queue = [];
    let running = 0;
    const next = () => {
      while (running < turns && queue.length) {
        running += 1;
        queue.shift()().finally(() => {
          running -= 1;
          next();
        });
      }
    };
    return (work) => {
      queue.push(work);
      next();
    };
  }
  const lookTurn = taking(AT_ONCE);
  const sendTurn = taking(AT_ONCE);
  const followTurn = taking(AT_ONCE);

  // Files that come in: those that a line waits for, and new ones, whose jobs are found by their names.
  async function take(files) {
    const fresh = [];
    let left = 0;
    for (const file of files) {
      const known = lines.all.find((line) => line.isFor(file));
      if (known && AGAIN.includes(known.state)) {
        known.file = file;
        check(known);
      } else if (!known && lines.all.length < Number(most)) {
        const line = portal.Line.of(file, showAll);
        lines.add(line);
        fresh.push(line);
      } else if (!known) {
        left += 1;
      }
    }
    part("left-out").hidden = !left;
    part("left-out-words").textContent = left ? `${plural(left, "file")} left out: up to ${most} fit here. Remove some first.` : "";
    showAll();
    if (!fresh.length) return;
    const names = new URLSearchParams(fresh.map((line) => ["name", line.name]));
    const answer = await portal.call("POST", match, { body: names });
    const found = answer.json?.matches ?? [];
    fresh.forEach((line, at) => {
      const { job = null, why = "" } = found[at] ?? {};
      const words = found[at] ? (job ? `Job ${job}, ${why}` : `No job: ${why}`) : "Its job could not be looked up: choose one.";
      line.set({ job, whyJob: words });
      check(line);
    });
  }

  // What speaks against sending a line, before anything is looked up.
  function complaint(line) {
    if (line.size > Number(max)) return `It is larger than the ${Math.floor(Number(max) / 1e6).toLocaleString("en")} MB that can be uploaded here.`;
    if (!line.size) return "It is empty. Choose another file.";
    if (!line.job) return "Choose the job that it is for, or remove it.";
    return "";
  }

  function check(line) {
    const words = complaint(line);
    if (words) return line.set({ state: "blocked", words });
    const turn = (line.turn = (line.turn ?? 0) + 1);
    line.set({ state: "checking", words: "Looking into it…" });
    lookTurn(async () => {
      if (line.turn !== turn) return;
      const [found, answer] = await Promise.all([
        portal.look(line.job, line.file),
        portal.call("GET", `/jobs/${line.job}/upload/now`),
      ]);
      if (line.turn === turn && line.isBefore) checked(line, found, answer);
    });
    return undefined;
  }

  function checked(line, found, answer) {
    line.showFindings(found.html);
    const problem = answer.json?.problem ?? (answer.json ? "" : "The job could not be looked at.");
    line.isChecked = !problem;
    if (problem) return line.set({ state: "failed", words: `Not sent. ${problem}` });
    const { total, formats } = answer.json;
    const format = line.picked || form.elements.format.value || found.format || byEnding(line, formats);
    if (!found.ok) return line.set({ state: "blocked", words: `Not sent. ${blame(line)}`, total, format });
    const doubt = line.part("[data-findings] .notice.warn p")?.textContent.trim();
    const { state = "ready", words } = readyWords(format, total, formats);
    return line.set({ state, total, format, doubt, words: doubt ? `${words} ${doubt}` : words });
  }

  function blame(line) {
    return line.part("[data-findings] .notice p")?.textContent.trim() || "It can't be read.";
  }

  function readyWords(format, total, formats) {
    if (!format) return { state: "blocked", words: "Choose the format that it was written in." };
    if (!formats.includes(format)) return { state: "blocked", words: `This job does not take ${format}. Choose another format.` };
    if (total === null) return { words: "Ready. What is there now could not be counted." };
    return { words: total ? `Ready. ${plural(total, "annotation")} there now.` : "Ready. Nothing is there yet." };
  }

  function byEnding(line, formats) {
    const name = line.name.toLowerCase();
    const options = [...line.part("[data-format]").options].filter(
      (option) => formats.includes(option.value) && (option.dataset.endings ?? "").split(" ").some((end) => end && name.endsWith(end)),
    );
    return options.length === 1 ? options[0].value : "";
  }

  // Jobs that more than one file is for: none of those is sent until that is decided.
  function doubled() {
    const counts = new Map();
    for (const line of lines.all) {
      if (line.job && line.isBefore) counts.set(line.job, (counts.get(line.job) ?? 0) + 1);
    }
    return new Set([...counts].filter(([, count]) => count > 1).map(([job]) => job));
  }

  const isAppending = () => form.elements.mode?.value === "append";

  function sendable() {
    const twice = doubled();
    return lines.all.filter((line) => line.state === "ready" && !twice.has(line.job));
  }

  function showAll() {
    const twice = doubled();
    for (const line of lines.all) {
      const isTwice = line.isBefore && twice.has(line.job);
      line.part("[data-words]").textContent = isTwice
        ? `Two files are for job ${line.job}: choose another job for one of them, or remove it.`
        : line.words;
      line.part(".file-state").classList.toggle("is-twice", isTwice);
    }
    const ready = sendable();
    const gone = isAppending() ? 0 : ready.reduce((sum, line) => sum + (line.total ?? 0), 0);
    const needsYes = !isAppending() && ready.some((line) => line.total !== 0);
    part("lines-card").hidden = !lines.all.length;
    part("confirm").hidden = !needsYes;
    part("confirm-words").textContent = gone
      ? `Replace the ${plural(gone, "annotation")} that are in ${plural(ready.filter((line) => line.total).length, "job")}`
      : "Replace whatever is there";
    part("send-words").textContent = ready.length ? `Upload ${plural(ready.length, "file")}` : "Upload";
    part("send").disabled = !ready.length;
    part("summary").textContent = summary();
    lines.keep();
  }

  function summary() {
    const count = (test) => lines.all.filter(test).length;
    const done = count((line) => line.state === "done");
    const running = count((line) => line.isUnderWay);
    if (!done && !running && !count((line) => line.isOver)) return plural(lines.all.length, "file");
    if (running) return `${done} in, ${running} under way, ${lines.all.length - done - running} not`;
    return `${done} in, ${lines.all.length - done} not`;
  }

  function say(words) {
    part("said").textContent = words;
  }

  // The options as the form has them, and what was seen in this job.
  function optionsFor(line) {
    const fields = new URLSearchParams({ format: line.format, seen: line.total ?? "" });
    if (form.elements.keep_backup.checked) fields.set("keep_backup", "on");
    if (isAppending()) fields.set("mode", "append");
    else fields.set("replace", "on");
    return fields;
  }

  function send(line) {
    line.set({ state: "waiting", words: "Waiting for its turn", sent: 0 });
    sendTurn(async () => {
      if (line.state !== "waiting") return;
      const options = optionsFor(line);
      line.sending = new portal.Sending(person, line.job, line.file, { options: () => new URLSearchParams(options), tell: (step) => told(line, step) });
      ended(line, await line.sending.run());
    });
  }

  function told(line, { state, sent, words }) {
    if (state === "handing") return line.set({ state: "handing", words: "Sent. Handing it over…" });
    const percent = `Sent ${Math.floor((100 * sent) / line.size)} %`;
    return line.set({ state: "sending", sent, words: words ? `${percent}. ${words}` : percent });
  }

  function ended(line, outcome) {
    line.sending = null;
    if (outcome.cancelled) return line.set({ state: "ready", words: "Stopped. “Upload” goes on from there." });
    if (!outcome.problem) {
      line.set({ state: "importing", words: "Waiting to be imported", follow: outcome.follow, page: outcome.follow });
      return follow(line);
    }
    const hasMoved = outcome.errors?.replace;
    if (hasMoved) line.total = outcome.now;
    const more = hasMoved ? " “Try again” replaces them." : "";
    line.set({ state: "failed", words: `${outcome.problem}${more}`, page: outcome.follow || "" });
    return over();
  }

  // Ask how an import goes until it is over; nothing is lost where it can't be told just now.
  function follow(line) {
    followTurn(async () => {
      const address = line.follow.replace("/progress?", "/stands?");
      const answer = await portal.call("GET", address);
      const { state, words, percent, restore = "", page, pace = 2000, problem } = answer.json ?? {};
      if (problem && !answer.json.again) return line.set({ state: "gone", words: problem });
      if (!state || state === "running") {
        line.set({ words: words ? `${words}…` : "No connection; trying again", percent });
        setTimeout(() => follow(line), state ? pace : 3000);
        return undefined;
      }
      line.set({ state, words, restore, page, percent: null });
      return over();
    });
  }

  function over() {
    if (!lines.all.some((line) => line.isUnderWay)) say(`${summary()}.`);
  }

  function sendAll() {
    const ready = sendable();
    const needsYes = !part("confirm").hidden && !form.elements.replace.checked;
    part("why").textContent = needsYes ? "Tick “Replace” to go on: what is there now is lost in these jobs, but for the backup." : "";
    if (needsYes) return form.elements.replace.focus();
    form.elements.replace.checked = false;
    say(`${plural(ready.length, "file")} being sent.`);
    for (const line of ready) send(line);
    return undefined;
  }

  function restore() {
    for (const kept of lines.remembered) {
      const line = new portal.Line(kept, showAll);
      lines.add(line);
      if (line.state === "importing") follow(line);
      else if (!line.isOver) line.set({ state: "lost", words: lostWords(line) });
    }
    showAll();
  }

  function lostWords(line) {
    const { sent = 0 } = portal.sendings.read(portal.sendings.key(person, line.job, line)) ?? {};
    const percent = Math.floor((100 * sent) / line.size);
    return sent ? `${percent} % was sent. Choose it again to go on.` : "Not sent yet. Choose it again.";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendAll();
  });

  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    take(files);
  });

  form.addEventListener("change", (event) => {
    const line = lines.of(event.target);
    if (line && event.target.matches("[data-job]")) {
      line.set({ job: Number(event.target.value) || null, whyJob: "Chosen by you" });
      if (line.file) check(line);
    } else if (line && event.target.matches("[data-format]")) {
      line.set({ format: event.target.value, picked: event.target.value });
      if (line.file) check(line);
    } else if (event.target.matches("[data-for-all]")) {
      for (const one of lines.all) {
        one.picked = "";
        if (one.isBefore && one.file) check(one);
      }
    } else {
      showAll();
    }
  });

  form.addEventListener("click", (event) => {
    const line = lines.of(event.target);
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (!line || !action) return;
    // What was never looked at has not been agreed to either.
    if (action === "again") line.isChecked ? send(line) : check(line);
    if (action === "stop") line.sending ? line.sending.cancel() : line.set({ state: "ready", words: "Stopped." });
    if (action === "remove") {
      lines.remove(line);
      showAll();
      (form.querySelector("[data-do=remove]:not([hidden])") ?? input).focus();
    }
  });

  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      part("drop").classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) part("drop").classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    part("drop").classList.remove("over");
    take(event.dataTransfer.files);
  });

  window.addEventListener("beforeunload", (event) => {
    if (lines.all.some((line) => ["waiting", "sending", "handing"].includes(line.state))) event.preventDefault();
  });

  restore();
}
