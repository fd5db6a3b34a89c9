// One line for each of many files: what it shows, and what is remembered of it for a reload.
"use strict";

{
  const inWords = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  // States a line goes through. `checking` `ready` `blocked` before it is sent; `waiting` (for its turn) `sending`
  // `handing` `importing` after; at last `done` `empty` `failed` `gone`. `lost`: its file has to be chosen again.
  const BEFORE = ["checking", "ready", "blocked", "lost"];
  const UNDER_WAY = ["waiting", "sending", "handing", "importing"];
  const BAD = ["blocked", "failed", "gone", "empty"];
  const KEPT = ["name", "size", "lastModified", "job", "whyJob", "format", "state", "words", "follow", "restore", "page", "total", "picked"];

  class Line {
    constructor(facts, changed) {
      Object.assign(this, { whyJob: "", format: "", state: "checking", words: "", sent: 0, total: null }, facts);
      this.changed = changed;
      this.element = document.getElementById("file-line").content.firstElementChild.cloneNode(true);
      this.part("[data-name]").textContent = this.name;
      for (const name of this.element.querySelectorAll("[data-name-again]")) name.textContent = this.name;
      this.part("[data-size]").textContent = inWords(this.size);
      this.part("[data-do=remove]").setAttribute("aria-label", `Remove ${this.name}`);
      this.show();
    }

    static of(file, changed) {
      const { name, size, lastModified } = file;
      return new Line({ name, size, lastModified, file }, changed);
    }

    part(selector) {
      return this.element.querySelector(selector);
    }

    isFor(file) {
      return this.name === file.name && this.size === file.size && this.lastModified === file.lastModified;
    }

    get isBefore() {
      return BEFORE.includes(this.state);
    }

    get isUnderWay() {
      return UNDER_WAY.includes(this.state);
    }

    get isOver() {
      return !this.isBefore && !this.isUnderWay;
    }

    set(facts) {
      Object.assign(this, facts);
      this.show();
      this.changed(this);
    }

    show() {
      this.element.dataset.state = this.state;
      this.part("[data-why-job]").textContent = this.whyJob;
      const job = this.part("[data-job]");
      const format = this.part("[data-format]");
      job.value = this.job ? String(this.job) : "";
      format.value = this.format;
      job.disabled = format.disabled = !this.isBefore && this.state !== "failed";
      this.part("[data-words]").textContent = this.words;
      this.part(".file-state").classList.toggle("bad", BAD.includes(this.state));
      this.part(".file-state").classList.toggle("good", this.state === "done");
      this.part(".file-state").classList.toggle("doubt", Boolean(this.doubt) && this.state === "ready");
      this.showProgress();
      this.showActions();
    }

    showProgress() {
      const bar = this.part("progress");
      bar.hidden = !this.isUnderWay || this.state === "waiting";
      bar.setAttribute("aria-label", this.name);
      if (this.state === "sending") bar.value = (100 * this.sent) / this.size;
      else if (this.percent) bar.value = this.percent;
      else bar.removeAttribute("value");
    }

    showActions() {
      this.part("[data-do=again]").hidden = !(this.file && this.state === "failed");
      this.part("[data-do=stop]").hidden = !["waiting", "sending"].includes(this.state);
      this.part("[data-do=remove]").hidden = this.isUnderWay;
      for (const [name, place] of [["see", this.page], ["restore", this.restore]]) {
        const link = this.part(`[data-do=${name}]`);
        link.hidden = !place;
        if (place) link.href = place;
        link.setAttribute("aria-label", `${name === "see" ? "See the import of" : "Take back"} ${this.name}`);
      }
    }

    showFindings(html) {
      this.part("[data-findings]").innerHTML = html;
      this.part(".file-inside").hidden = !html;
    }

    get kept() {
      return Object.fromEntries(KEPT.map((name) => [name, this[name]]));
    }
  }

  // What is remembered while the tab lives, for the page's own address.
  class Lines {
    constructor(key, place) {
      Object.assign(this, { key, place, all: [] });
    }

    add(line) {
      this.all.push(line);
      this.place.append(line.element);
    }

    remove(line) {
      this.all = this.all.filter((one) => one !== line);
      line.element.remove();
    }

    of(element) {
      return this.all.find((line) => line.element.contains(element));
    }

    keep() {
      try {
        sessionStorage.setItem(this.key, JSON.stringify(this.all.map((line) => line.kept)));
      } catch {
        // Full, or not allowed: then a reload begins anew.
      }
    }

    get remembered() {
      try {
        return JSON.parse(sessionStorage.getItem(this.key)) ?? [];
      } catch {
        return [];
      }
    }
  }

  Object.assign(window.portal, { Line, Lines });
}
