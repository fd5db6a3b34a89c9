// Makes a file of annotations small enough to be looked into: of a ZIP only the texts go along, packed as they are, and
// of everything else its name; other files are compressed where that pays.
"use strict";

(() => {
  const MIB = 1024 * 1024;
  const TEXTS = /\.(xml|json|txt|ya?ml|names|data|csv)$/i;
  const MOST_ENTRIES = 100_000; // as on the server, which tells why more are refused
  const MOST_TEXTS = 20_000;
  const MOST_LISTING = 24 * MIB;
  const MOST_DOCUMENT = 1024 * MIB;
  const SMALL = MIB;
  const AT_A_TIME = 50;
  const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END_64 = 0x06064b50, LOCATOR_64 = 0x07064b50;
  const HAS_DESCRIPTOR = 8, FULL = 0xffffffff;

  const view = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
  const big = (data, at) => Number(data.getBigUint64(at, true));

  // Where the list of a ZIP's entries lies, and how far everything in it is shifted; null for what is no ZIP.
  async function listing(file) {
    const from = Math.max(0, file.size - 65_557);
    const tail = await view(file, from, file.size);
    for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
      if (tail.getUint32(at, true) !== END || at + 22 + tail.getUint16(at + 20, true) > tail.byteLength) continue;
      let [end, size, offset] = [from + at, tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
      if (at >= 20 && tail.getUint32(at - 20, true) === LOCATOR_64) {
        ({ end, size, offset } = await listing64(file, end - 20));
      }
      return { start: end - size, size, shift: end - size - offset };
    }
    return null;
  }

  async function listing64(file, locator) {
    const told = big(await view(file, locator, locator + 20), 8);
    for (const end of [locator - 56, told]) {
      const data = end >= 0 ? await view(file, end, end + 56) : new DataView(new ArrayBuffer(0));
      if (data.byteLength === 56 && data.getUint32(0, true) === END_64) {
        return { end, size: big(data, 40), offset: big(data, 48) };
      }
    }
    throw new Error("This ZIP is damaged.");
  }

  // All entries. `header` is what the list says of one, without sizes and places.
  function entriesIn(data, shift) {
    const entries = [];
    for (let at = 0; at + 46 <= data.byteLength && entries.length <= MOST_ENTRIES; ) {
      if (data.getUint32(at, true) !== CENTRAL) throw new Error("This ZIP is damaged.");
      const [named, extra, comment] = [28, 30, 32].map((place) => data.getUint16(at + place, true));
      const entry = {
        header: new Uint8Array(data.buffer, at, 46),
        name: new Uint8Array(data.buffer, at + 46, named),
        size: data.getUint32(at + 24, true),
        packed: data.getUint32(at + 20, true),
        offset: data.getUint32(at + 42, true),
      };
      readLong(entry, new DataView(data.buffer, at + 46 + named, extra));
      entry.offset += shift;
      entry.text = decoded(entry.name);
      entries.push(entry);
      at += 46 + named + extra + comment;
    }
    return entries;
  }

  // ZIP64 tells numbers that are too long beside the others, in this order.
  function readLong(entry, extra) {
    for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
      if (extra.getUint16(at, true) !== 1) continue;
      let place = at + 4;
      for (const field of ["size", "packed", "offset"]) {
        if (entry[field] !== FULL) continue;
        entry[field] = big(extra, place);
        place += 8;
      }
    }
  }

  function decoded(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);
    }
  }

  // The bytes of one entry as they are packed. Its own header may be longer than the list says.
  async function contentOf(file, entry) {
    const header = await view(file, entry.offset, entry.offset + 30);
    if (header.byteLength < 30 || header.getUint32(0, true) !== LOCAL) throw new Error("This ZIP is damaged.");
    const start = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    return file.slice(start, start + entry.packed);
  }

  // Headers for an entry with this content, or with none.
  function headersFor(entry, content, offset) {
    const central = new Uint8Array(entry.header);
    const data = new DataView(central.buffer);
    data.setUint16(8, data.getUint16(8, true) & ~HAS_DESCRIPTOR, true);
    if (!content) {
      data.setUint16(10, 0, true);
      data.setUint32(16, 0, true);
    }
    data.setUint32(20, content ? entry.packed : 0, true);
    data.setUint32(24, content ? entry.size : 0, true);
    for (const place of [30, 32, 34]) data.setUint16(place, 0, true);
    data.setUint32(42, offset, true);
    const local = new Uint8Array(30);
    new DataView(local.buffer).setUint32(0, LOCAL, true);
    local.set(central.subarray(6, 30), 4);
    return { local, central };
  }

  async function rebuilt(file, entries, kept) {
    const contents = new Map();
    const wanted = [...kept];
    for (let from = 0; from < wanted.length; from += AT_A_TIME) {
      const some = wanted.slice(from, from + AT_A_TIME);
      const found = await Promise.all(some.map((entry) => contentOf(file, entry)));
      some.forEach((entry, place) => contents.set(entry, found[place]));
    }
    const [parts, list] = [[], []];
    let [offset, size] = [0, 0];
    for (const entry of entries) {
      const content = contents.get(entry);
      const { local, central } = headersFor(entry, content, offset);
      parts.push(local, entry.name, ...(content ? [content] : []));
      list.push(central, entry.name);
      offset += 30 + entry.name.length + (content ? entry.packed : 0);
      size += 46 + entry.name.length;
    }
    const end = new DataView(new ArrayBuffer(22));
    const count = Math.min(entries.length, 0xffff);
    end.setUint32(0, END, true);
    end.setUint16(8, count, true);
    end.setUint16(10, count, true);
    end.setUint32(12, size, true);
    end.setUint32(16, offset, true);
    return new Blob([...parts, ...list, end.buffer]);
  }

  async function reducedZip(file, found) {
    if (found.start < 0) throw new Error("This ZIP is damaged.");
    if (found.size > MOST_LISTING) return null;
    const entries = entriesIn(await view(file, found.start, found.start + found.size), found.shift);
    // What says that it is longer than a ZIP can say is told to the server, not sent.
    const kept = entries.filter((entry) => TEXTS.test(entry.text) && entry.size < FULL && entry.packed < FULL);
    const weight = kept.reduce((sum, entry) => sum + entry.packed, 0);
    if (kept.length > MOST_TEXTS || weight > window.portal.lookMost()) return null;
    const listed = entries.map((entry) => [entry.text, entry.size, entry.packed]);
    return { blob: await rebuilt(file, entries, kept), entries: listed, packed: "" };
  }

  // The file in short: `blob`, of a ZIP also `entries` as [[name, size, packed], …], and `packed` where the blob is
  // compressed; null where it is too large to be looked into. Throws where a ZIP is damaged.
  async function reduced(file) {
    const found = await listing(file);
    if (found) return reducedZip(file, found);
    if (file.size <= SMALL || !window.CompressionStream) return { blob: file, entries: null, packed: "" };
    if (file.size > MOST_DOCUMENT) return null;
    const stream = file.stream().pipeThrough(new CompressionStream("gzip"));
    return { blob: await new Response(stream).blob(), entries: null, packed: "gzip" };
  }

  window.portal = window.portal || {};
  window.portal.reduced = reduced;
})();
