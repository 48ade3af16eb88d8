// What is behind a cell, or behind many.

const panel = document.getElementById("panel");

/** Puts something into the panel. It takes the focus only where it is asked to: arrow keys stay in the matrix. */
function show(title, ...children) {
  panel.replaceChildren(make("h2", {}, title), ...children.filter((child) => child !== null));
  panel.scrollTop = 0;
  panel.classList.remove("fresh");
  void panel.offsetWidth;
  panel.classList.add("fresh");
  // Where the panel is below, it would be missed.
  if (shown.ready && window.innerWidth < 900) panel.scrollIntoView({ block: "start" });
}

function mark(bits) {
  const one = VERDICTS.find((verdict) => verdict.bit === bits);
  return make("span", { class: `mark ${one ? `v${bits}` : "mix"}` }, letters(bits));
}

function entry(name, ...value) {
  return value[0] === null || value[0] === "" ? [] : [make("dt", {}, name), make("dd", {}, ...value)];
}

const OUTCOMES = { pass: "✓", block: "D", conditional: "C", unknown: "U", notApplicable: "–" };
const LOOK = { pass: "pass", block: "block", conditional: "v2", unknown: "v4", notApplicable: "" };

function gates(answer) {
  return answer.hops.flatMap((hop) => [
    ...(answer.hops.length > 1 ? [make("h3", {}, `Hop from the ${hop.hop}`)] : []),
    make("ol", { class: "gates" }, ...hop.gates.map((at) => {
      const [gate, outcome, text] = data.lines[at];
      return make("li", { class: outcome === "notApplicable" ? "silent" : "" },
        make("span", { class: `mark ${LOOK[outcome]}`, title: outcome }, OUTCOMES[outcome]),
        make("span", {}, make("span", { class: "gate" }, gate), ` ${outcome === "notApplicable" ? "has no say" : outcome}: ${text}`));
    })),
  ]);
}

function list(title, items) {
  return items.length ? [make("h3", {}, title), make("ul", {}, ...items.map((item) => make("li", {}, item)))] : [];
}

function note(of) {
  return make("li", {}, `${of.text} `, make("code", {}, of.code), of.place ? make("span", {}, " at ", make("code", {}, of.place)) : null,
    of.hint ? make("div", { class: "quiet" }, `hint: ${of.hint}`) : null);
}

function notes(title, all) {
  return all.length ? [make("h3", {}, title), make("ul", {}, ...all.map(note))] : [];
}

/** Who a part is about, where it is not the whole of the caller. */
function about(part) {
  const names = part.w ? namesOf(part.w) : [];
  const told = [];
  if (part.plain) told.push("arrives here without its identity");
  if (part.of) told.push(`as ${part.of}`);
  if (part.rest) told.push("has the answer that most identities get here");
  if (names.length) told.push(names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more workloads` : names.join(", "));
  if (part.addresses?.length) told.push(`from ${part.addresses.join(", ")}`);
  return told.join("; ");
}

function part(of) {
  const answer = data.answers[of.answer];
  const who = about(of);
  return make("div", { class: "part" },
    make("p", {}, mark(BIT[answer.v]), " ", make("strong", {}, answer.v), who ? make("span", { class: "quiet" }, ` ${who}`) : null),
    make("dl", {},
      ...entry("decided by", answer.by),
      ...entry("at", answer.place === null ? null : make("code", {}, answer.place))),
    ...list("Conditions", answer.conditions),
    make("h3", {}, "Gates, in order"),
    ...gates(answer),
    ...list("To be mended as well", answer.also));
}

/** The explanation of one cell. */
function explain(s, c) {
  const source = sources[s];
  const column = columns[c];
  const all = parts(s, c);
  const objects = new Set(all.flatMap((of) => data.answers[of.answer].objects));
  const workloads = namesOf(source.w);
  const nothing = data.asked ? "Nothing was asked about this pair and port."
    : source.kind === "identity" ? "It does not arrive here: there is no answer."
    : "This target does not tell these callers apart: see the other rows of “everyone else”.";
  show(`${source.name} → ${column.name}`,
    make("dl", {},
      ...entry("port", column.port === "*" ? "all others (*)" : column.port),
      ...entry("identity", source.identity),
      ...entry("runs as it", source.kind === "identity" && workloads.length ? workloads.slice(0, 12).join(", ") + (workloads.length > 12 ? ` and ${workloads.length - 12} more` : "") : null)),
    all.length > 1 ? make("p", {}, `${all.length} answers: they are told apart below.`) : null,
    ...(all.length ? all.map(part) : [make("p", { class: "quiet" }, nothing)]),
    ...notes("Findings on these policies", data.findings.filter((of) => of.about.some((name) => objects.has(name)))),
    ...notes("Gaps that could change it", data.gaps.filter((of) => of.about.includes("*") || of.about.includes(column.ns))),
    ...notes("Assumptions behind this answer", data.assumptions.filter((of) => !of.about.length || of.about.some((name) => name.endsWith(" objects") || name === column.name || workloads.includes(name)))));
}

const MOST_LISTED = 200;

/** What many cells come to, and each that is not denied. */
function summarize(title, callers, called, buttons = [], name = (s) => sources[s].name) {
  const { counts } = tally(callers, called);
  const found = [];
  let more = 0;
  for (const verdict of VERDICTS.slice(0, 3)) {
    for (const s of callers) {
      for (const c of called) {
        if (!(mask(s, c) & verdict.bit & state.wanted)) continue;
        if (found.length < MOST_LISTED) found.push([s, c]); else more++;
      }
    }
  }
  const seen = new Set();
  const unique = found.filter(([s, c]) => !seen.has(s * columns.length + c) && seen.add(s * columns.length + c));
  const one = (s, c) => {
    const button = make("button", { type: "button" }, mark(mask(s, c)), ` ${name(s)} → ${columns[c].name}:${columns[c].port}`);
    button.addEventListener("click", () => { explain(s, c); panel.focus(); });
    return button;
  };
  show(title,
    make("p", {}, ...VERDICTS.flatMap((verdict, v) => (counts[v] ? [mark(verdict.bit), ` ${counts[v].toLocaleString("en")} ${verdict.name} `] : []))),
    buttons.length ? make("p", { class: "buttons" }, ...buttons) : null,
    unique.length ? make("h3", {}, "Not denied") : make("p", { class: "quiet" }, "Nothing but denied."),
    make("div", { class: "list" }, ...unique.map(([s, c]) => one(s, c))),
    more ? make("p", { class: "quiet" }, `and ${more.toLocaleString("en")} more: filter, or open a namespace`) : null);
}
