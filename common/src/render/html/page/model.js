"use strict";
// The report as the page asks it: callers (axis 0), ports of targets (axis 1), and what a cell holds.

const data = JSON.parse(document.getElementById("data").textContent);

const VERDICTS = [
  { name: "allowed", bit: 1, letter: "A" },
  { name: "conditional", bit: 2, letter: "C" },
  { name: "unknown", bit: 4, letter: "U" },
  { name: "denied", bit: 8, letter: "D" },
];
const BIT = Object.fromEntries(VERDICTS.map((verdict) => [verdict.name, verdict.bit]));
const EVERYONE_ELSE = "everyone else";
const NO_NAMESPACE = "no namespace";

/** The letters of the verdicts in a cell. */
function letters(bits) {
  return VERDICTS.filter((verdict) => bits & verdict.bit).map((verdict) => verdict.letter).join("") || "·";
}

const sources = data.sources.map((source) => ({ ...source, ns: source.ns ?? EVERYONE_ELSE }));
const columns = data.targets.flatMap((target, at) =>
  target.ports.map((column) => ({ ...column, target: at, name: target.name, ns: target.ns ?? NO_NAMESPACE })));

/** The names in ranges of positions. */
function namesOf(ranges) {
  const names = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let name = ranges[at]; name <= ranges[at + 1]; name++) names.push(data.names[name]);
  }
  return names;
}

function meet(a, b) {
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      if (a[i] <= b[j + 1] && b[j] <= a[i + 1]) return true;
    }
  }
  return false;
}

const plain = sources.findIndex((source) => source.kind === "noIdentity");

// What each caller gets at each column; and whether anyone gets something there with an identity.
for (const column of columns) {
  column.parts = new Map();
  const add = (source, part) => {
    const known = column.parts.get(source);
    if (known) known.push(part); else column.parts.set(source, [part]);
    column.identities ||= sources[source].kind === "identity";
  };
  column.identities = column.rest !== null;
  for (const [answer, all] of column.a) all.forEach((source) => add(source, { answer }));
  for (const [answer, source, w, addresses] of column.x) add(source, { answer, w, addresses });
}

const others = sources.map((_, s) => s).filter((s) => sources[s].kind === "otherIdentities");
const rest = others.find((s) => sources[s].identity === null);

/** Where a target tells other identities apart, “any other identity” is all of them; where it does not, those of a trust domain are among it. */
function ofOthers(s, column) {
  if (s === rest) {
    return others.flatMap((other) => (column.parts.get(other) ?? []).map((part) => ({ ...part, of: sources[other].name })));
  }
  const isOfDomain = sources[s].identity === "spiffe://*" || /^spiffe:\/\/[^/]*\/\*$/.test(sources[s].identity);
  if (!isOfDomain || rest === undefined) return [];
  return (column.parts.get(rest) ?? []).map((part) => ({ ...part, of: sources[rest].name }));
}

/** The parts of a cell: each an answer, and of whom it is told. Whoever arrives without an identity gets what those get. */
function parts(s, c) {
  const column = columns[c];
  const own = column.parts.get(s);
  if (own) return own;
  const source = sources[s];
  if (data.asked) return [];
  if (source.kind === "otherIdentities") return ofOthers(s, column);
  if (source.kind !== "identity") return [];
  if (column.rest !== null) return [{ answer: column.rest, rest: true }];
  if (column.identities || plain < 0) return [];
  const all = column.parts.get(plain) ?? [];
  const about = all.length > 1 ? all.filter((part) => !part.w?.length || meet(part.w, source.w)) : all;
  return about.map((part) => ({ ...part, plain: true }));
}

// The verdicts of every cell, as bits.
const masks = new Uint8Array(sources.length * columns.length);
const bitOf = data.answers.map((answer) => BIT[answer.v]);
for (let c = 0; c < columns.length; c++) {
  for (let s = 0; s < sources.length; s++) {
    let bits = 0;
    for (const part of parts(s, c)) bits |= bitOf[part.answer];
    masks[s * columns.length + c] = bits;
  }
}
function mask(s, c) {
  return masks[s * columns.length + c];
}

// Columns where everyone gets the same, or every identity: a graph draws those once.
const identities = sources.map((_, s) => s).filter((s) => sources[s].kind === "identity");
function same(callers, c) {
  const bits = callers.reduce((all, s) => all | mask(s, c), 0);
  return callers.length > 3 && [1, 2, 4].includes(bits);
}
columns.forEach((column, c) => {
  column.toAll = !data.asked && same(sources.map((_, s) => s), c);
  column.toIdentities = !data.asked && !column.toAll && same(identities, c);
});

// What is looked for in callers and columns.
sources.forEach((source) => {
  source.text = [source.name, source.identity ?? "", ...(source.kind === "identity" ? namesOf(source.w) : [])].join(" ").toLowerCase();
});
columns.forEach((column) => {
  column.text = `${column.name}:${column.port}`.toLowerCase();
});

/** An axis: its members by namespace. */
function axis(members) {
  const groups = new Map();
  members.forEach((member, at) => {
    if (!groups.has(member.ns)) groups.set(member.ns, []);
    groups.get(member.ns).push(at);
  });
  const last = (name) => (name === EVERYONE_ELSE || name === NO_NAMESPACE ? 1 : 0);
  const order = [...groups.keys()].sort((a, b) => last(a) - last(b) || (a < b ? -1 : 1));
  return { members, groups: order.map((name) => ({ name, all: groups.get(name) })) };
}

/** The namespaces of axes that are closed. A single one has no line, so it is never closed. */
function closedIf(test) {
  return axes.map((of) => new Set(of.groups.length > 1 && test(of) ? of.groups.map((group) => group.name) : []));
}
const axes = [axis(sources), axis(columns)];

const state = {
  swap: columns.length > 12 && sources.length < 3,
  graph: false,
  text: ["", ""],
  ns: ["", ""],
  wanted: 15,
  closed: closedIf((of) => of.members.length > 150),
};

/** What is left of both axes: by namespace, who passes the filters and has a cell with a wanted verdict. */
function filtered() {
  const passes = axes.map((of, n) => of.members.map((member) =>
    (!state.ns[n] || member.ns === state.ns[n]) && state.text[n].split(" ").every((word) => member.text.includes(word))));
  const counts = [0, 0, 0, 0];
  const some = axes.map((of) => new Uint8Array(of.members.length));
  const every = state.wanted === 15;
  for (let s = 0; s < sources.length; s++) {
    if (!passes[0][s]) continue;
    for (let c = 0; c < columns.length; c++) {
      if (!passes[1][c]) continue;
      const bits = mask(s, c);
      for (let v = 0; v < 4; v++) counts[v] += (bits >> v) & 1;
      if (every || bits & state.wanted) some[0][s] = some[1][c] = 1;
    }
  }
  const left = axes.map((of, n) => of.groups
    .map((group) => ({ name: group.name, members: group.all.filter((at) => some[n][at]) }))
    .filter((group) => group.members.length));
  return { left, counts };
}

/** The lines of an axis: a namespace, and its members unless it is closed. */
function lines(groups, n) {
  const all = [];
  for (const group of groups) {
    const closed = state.closed[n].has(group.name);
    if (axes[n].groups.length > 1) all.push({ group: group.name, members: group.members, closed });
    if (closed) continue;
    group.members.forEach((at, nth) => {
      const first = nth === 0 || n === 0 || columns[at].target !== columns[group.members[nth - 1]].target;
      all.push({ at, members: [at], first });
    });
  }
  return all;
}

/** How often each verdict stands in the cells of these callers and columns. */
function tally(callers, called) {
  const counts = [0, 0, 0, 0];
  let any = 0;
  for (const s of callers) {
    for (const c of called) {
      const bits = mask(s, c) & state.wanted;
      any |= bits;
      for (let v = 0; v < 4; v++) counts[v] += (bits >> v) & 1;
    }
  }
  return { counts, any };
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function plural(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
