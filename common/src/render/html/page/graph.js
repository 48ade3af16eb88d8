// The graph: callers on the left, targets on the right, each in the box of its namespace; an edge is what is not denied.

const SVG = "http://www.w3.org/2000/svg";
const graph = document.getElementById("graph");
const MOST_EDGES = 400;
const NODE = { height: 24, gap: 6, pad: 8, title: 24 };

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The nodes of a side: members, those of one target together; or the namespace as a whole. */
function nodes(groups, n, closed) {
  return groups.map((group) => {
    if (closed(group.name)) return { group: group.name, nodes: [{ name: `all ${group.members.length}`, members: group.members, group: group.name }] };
    const byName = new Map();
    for (const at of group.members) {
      const member = axes[n].members[at];
      const key = n === 0 ? at : member.target;
      if (!byName.has(key)) byName.set(key, { name: short(member.name, member.ns), full: member.name, members: [] });
      byName.get(key).members.push(at);
    }
    return { group: group.name, nodes: [...byName.values()] };
  });
}

/** A group of nodes that stand for many callers, where no callers were chosen. */
function forMany() {
  if (state.text[0] || state.ns[0]) return [];
  const all = [["everyone", "toAll", sources.map((_, s) => s)], ["every identity", "toIdentities", identities]];
  const some = all.filter(([, which]) => columns.some((column) => column[which]));
  return some.length ? [{ group: "drawn as one", many: true, nodes: some.map(([name, which, members]) => ({ name, full: name, members, which })) }] : [];
}

/** The columns of a target to which a caller has an edge of its own. */
function apart(from, to, many) {
  if (from.which) return to.members.filter((c) => columns[c][from.which]);
  if (!many) return to.members;
  const isIdentity = from.members.every((s) => sources[s].kind === "identity");
  return to.members.filter((c) => !columns[c].toAll && !(isIdentity && columns[c].toIdentities));
}

function edgesOf(left, right) {
  const edges = [];
  const many = left.some((group) => group.many);
  for (const from of left.flatMap((group) => group.nodes)) {
    for (const node of right.flatMap((group) => group.nodes)) {
      const called = apart(from, node, many);
      if (!called.length) continue;
      const to = { ...node, members: called, node };
      const { counts } = tally(from.members, called);
      const verdict = VERDICTS.findIndex((_, v) => v < 3 && counts[v]);
      if (verdict >= 0) edges.push({ from, to, verdict: VERDICTS[verdict].name, count: counts[0] + counts[1] + counts[2], counts });
    }
  }
  return edges;
}

function nodeTitle(node, n) {
  if (node.group !== undefined) return `namespace ${node.group}`;
  return node.full ?? describe({ at: node.members[0] }, n);
}

/** The ports of an edge that are not denied. */
function portsOf(edge) {
  const ports = new Set();
  for (const s of edge.from.members) {
    for (const c of edge.to.members) if (mask(s, c) & 7 & state.wanted) ports.add(columns[c].port);
  }
  return [...ports];
}

function openEdge(edge) {
  if (edge.from.which) {
    const s = edge.from.members.find((caller) => edge.to.members.some((c) => mask(caller, c)));
    if (edge.to.members.length === 1) explain(s, edge.to.members[0]);
    else summarize(`${nodeTitle(edge.from, 0)} → ${nodeTitle(edge.to, 1)}`, [s], edge.to.members, [], () => edge.from.name);
  } else if (edge.from.members.length === 1 && edge.to.members.length === 1) explain(edge.from.members[0], edge.to.members[0]);
  else summarize(`${nodeTitle(edge.from, 0)} → ${nodeTitle(edge.to, 1)}`, edge.from.members, edge.to.members);
}

function width(sides) {
  const most = Math.max(8, ...sides.flatMap((group) => [group.group.length + 2, ...group.nodes.map((node) => node.name.length)]));
  return Math.min(340, 24 + most * 7.4);
}

function clipped(text, room) {
  const most = Math.floor((room - 16) / 7.2);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Places a side; returns its height. */
function placeSide(svg, groups, n, x, room, edges) {
  let y = 10;
  for (const group of groups) {
    const height = NODE.title + group.nodes.length * (NODE.height + NODE.gap) + NODE.pad;
    svg.append(shape("rect", { class: "box", x, y, width: room + 2 * NODE.pad, height, rx: 8 }));
    const closed = group.nodes[0].group !== undefined;
    const title = shape("g", { class: "node", tabindex: "0", role: "button" },
      shape("title", {}, group.many ? "callers that are drawn as one" : `${closed ? "open" : "close"} ${group.group}`),
      shape("text", { class: "box-name", x: x + NODE.pad, y: y + 16 }, clipped(`${group.many ? "" : closed ? "▸ " : "▾ "}${group.group}`, room + 16)));
    if (!group.many) pressed(title, () => toggle(n, group.group));
    svg.append(title);
    group.nodes.forEach((node, at) => {
      node.y = y + NODE.title + at * (NODE.height + NODE.gap) + NODE.height / 2;
      const element = shape("g", { class: "node", tabindex: "0", role: "button" },
        shape("title", {}, nodeTitle(node, n)),
        shape("rect", { x: x + NODE.pad, y: node.y - NODE.height / 2, width: room, height: NODE.height, rx: 5 }),
        shape("text", { x: x + NODE.pad + 8, y: node.y + 4 }, clipped(node.name, room)));
      pressed(element, () => node.which ? summarize(`What ${node.name} can reach`, [node.members[0]], columns.map((_, c) => c).filter((c) => columns[c][node.which]), [], () => node.name)
        : openLine(node.group === undefined && n === 0 ? { at: node.members[0], members: node.members }
        : { group: node.group ?? undefined, at: node.members[0], members: node.members, closed }, n));
      const touch = (on) => {
        svg.classList.toggle("picking", on);
        edges.filter((edge) => edge.from === node || edge.to.node === node).forEach((edge) => edge.path.classList.toggle("hot", on));
      };
      for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) element.addEventListener(event, () => touch(on));
      svg.append(element);
    });
    y += height + 10;
  }
  return y;
}

function pressed(element, act) {
  element.addEventListener("click", act);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
}

function drawGraph(left) {
  const closed = (n) => (name) => state.closed[n].has(name);
  const both = (isClosed) => [[...forMany(), ...nodes(left[0], 0, isClosed(0))], nodes(left[1], 1, isClosed(1))];
  let sides = both(closed);
  let edges = edgesOf(sides[0], sides[1]);
  let remark = "";
  if (edges.length > MOST_EDGES) {
    remark = `${edges.length.toLocaleString("en")} edges are too many to read: drawn by namespace. Filter, or close some namespaces. `;
    sides = both(() => () => true);
    edges = edgesOf(sides[0], sides[1]);
  }
  if (edges.length > MOST_EDGES) {
    const all = edges.length;
    edges = edges.map((edge, at) => [edge, at]).sort((a, b) => b[0].count - a[0].count || a[1] - b[1]).slice(0, MOST_EDGES).map(([edge]) => edge);
    remark += `Of ${all.toLocaleString("en")} edges the ${MOST_EDGES} that stand for most are drawn.`;
  }
  document.getElementById("view").style.flexBasis = "70%";
  const svg = shape("svg", { role: "img", "aria-label": "Graph of what is not denied" });
  const rooms = sides.map(width);
  const between = Math.max(140, Math.min(420, graph.clientWidth - rooms[0] - rooms[1] - 60));
  const start = 10 + rooms[0] + 2 * NODE.pad;
  const end = start + between;
  const layer = shape("g", {});
  svg.append(layer);
  const height = Math.max(placeSide(svg, sides[0], 0, 10, rooms[0], edges), placeSide(svg, sides[1], 1, end, rooms[1], edges));
  const label = edges.length <= 25;
  for (const edge of edges) {
    const [x1, y1, x2, y2] = [start - NODE.pad, edge.from.y, end + NODE.pad, edge.to.node.y];
    const bend = (x2 - x1) / 2;
    const d = `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
    const ports = portsOf(edge);
    const said = VERDICTS.filter((_, v) => edge.counts[v]).map((verdict) => `${edge.counts[VERDICTS.indexOf(verdict)]} ${verdict.name}`).join(", ");
    edge.path = shape("path", { class: `edge ${edge.verdict}`, d, "stroke-width": Math.min(4, 1 + Math.log10(edge.count)) });
    const hit = shape("path", { class: "hit", d }, shape("title", {}, `${nodeTitle(edge.from, 0)} → ${nodeTitle(edge.to, 1)}: ${said}; port ${ports.slice(0, 12).join(", ")}`));
    hit.addEventListener("click", () => openEdge(edge));
    hit.addEventListener("mouseenter", () => edge.path.classList.add("hot"));
    hit.addEventListener("mouseleave", () => edge.path.classList.remove("hot"));
    layer.append(edge.path, hit);
    if (label) layer.append(shape("text", { x: x2 - 8, y: y2 - 5, "text-anchor": "end" }, clipped(ports.join(","), 130)));
  }
  const total = end + rooms[1] + 2 * NODE.pad + 10;
  for (const [name, value] of Object.entries({ width: total, height, viewBox: `0 0 ${total} ${height}` })) svg.setAttribute(name, value);
  const legend = make("p", { class: "quiet" }, `${remark}Callers left, targets right. Solid: allowed; dashed: conditional; dotted: unknown; denied has no edge.`);
  graph.replaceChildren(legend, svg);
}
