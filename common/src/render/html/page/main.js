// Filters, and which view is shown.

const tools = Object.fromEntries(["text-0", "text-1", "ns-0", "ns-1", "view-matrix", "view-graph", "swap", "open-all", "close-all"]
  .map((id) => [id, document.getElementById(id)]));

function update() {
  const { left, counts } = filtered();
  shown.left = left;
  document.querySelectorAll("#verdicts button").forEach((button, v) => {
    button.lastChild.textContent = ` ${VERDICTS[v].name} ${counts[v].toLocaleString("en")}`;
    button.setAttribute("aria-pressed", Boolean(state.wanted & VERDICTS[v].bit));
  });
  const [callers, called] = left.map((groups) => groups.reduce((sum, group) => sum + group.members.length, 0));
  const targets = new Set(left[1].flatMap((group) => group.members.map((at) => columns[at].target))).size;
  const of = (some, all) => (some === all ? all.toLocaleString("en") : `${some.toLocaleString("en")} of ${all.toLocaleString("en")}`);
  document.getElementById("status").textContent = callers && called
    ? `Callers: ${of(callers, sources.length)}. Targets: ${of(targets, data.targets.length)}. Columns of ports: ${of(called, columns.length)}. ` +
      "A cell: A allowed, C conditional, U unknown, D denied, · no answer of its own; a number: so many are not denied."
    : "Nothing fits these filters.";
  grid.hidden = state.graph;
  graph.hidden = !state.graph;
  tools["view-matrix"].setAttribute("aria-pressed", !state.graph);
  tools["view-graph"].setAttribute("aria-pressed", state.graph);
  tools.swap.disabled = state.graph;
  if (state.graph) drawGraph(left); else layOut(left);
}

function fill() {
  document.getElementById("title").textContent = data.title;
  document.getElementById("about").textContent = `From ${data.from.join(", ") || "standard input"}, ${data.generatedAt}. kubectl mesh who-can-reach`;
  for (const verdict of VERDICTS) {
    const button = make("button", { type: "button", "aria-pressed": "true", id: `verdict-${verdict.name}` }, mark(verdict.bit), document.createTextNode(""));
    button.addEventListener("click", () => { state.wanted ^= verdict.bit; shown.active = null; update(); });
    document.getElementById("verdicts").append(button);
  }
  const beside = [["gap", "gap", data.gaps], ["finding", "finding", data.findings], ["assumption", "assumption", data.assumptions]];
  for (const [kind, what, all] of beside) {
    if (!all.length) continue;
    const told = kind === "gap" ? `${plural(all.length, what)}: what could not be read or judged may change answers` : plural(all.length, what);
    document.getElementById("notes").append(make("details", { class: kind }, make("summary", {}, told), make("ul", {}, ...all.map(note))));
  }
  axes.forEach((of, n) => {
    const names = of.groups.map((group) => group.name);
    tools[`ns-${n}`].append(make("option", { value: "" }, "any namespace"), ...names.map((name) => make("option", { value: name }, name)));
  });
}

function changed(act) {
  return (event) => { act(event); shown.active = null; grid.scrollTo(0, 0); update(); };
}

fill();
document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
for (const n of [0, 1]) {
  tools[`text-${n}`].addEventListener("input", changed((event) => { state.text[n] = event.target.value.trim().toLowerCase(); }));
  tools[`ns-${n}`].addEventListener("change", changed((event) => {
    state.ns[n] = event.target.value;
    state.closed[n].delete(event.target.value);
  }));
}
tools["view-matrix"].addEventListener("click", changed(() => { state.graph = false; }));
tools["view-graph"].addEventListener("click", changed(() => { state.graph = true; }));
tools.swap.addEventListener("click", changed(() => { state.swap = !state.swap; }));
tools["open-all"].addEventListener("click", changed(() => { state.closed = closedIf(() => false); }));
tools["close-all"].addEventListener("click", changed(() => { state.closed = closedIf(() => true); }));
window.addEventListener("resize", update);
show("Choose a cell",
  make("p", {}, "A cell says what a caller gets at a port of a target. Click one, or go there with the arrow keys and press Enter: the gates, what decided and where it is written."),
  make("p", { class: "quiet" }, "Names of namespaces open and close; the name of a caller or a target sums it up. Escape leads back from here."));
update();
shown.ready = true;
