// The matrix. Only what is in view is in the document: there may be a million cells.

const CELL = { width: 28, height: 24 };
const grid = document.getElementById("grid");
const board = Object.fromEntries(["canvas", "top", "corner", "left", "cells"].map((id) => [id, document.getElementById(id)]));

/** What the matrix shows: lines of rows and of columns, each of an axis. */
const shown = { rows: [], columns: [], rowAxis: 0, active: null, head: { width: 0, height: 0 } };

function headName(line, n) {
  if (line.group !== undefined) return `${line.closed ? "▸" : "▾"} ${line.group} (${line.members.length})`;
  const member = axes[n].members[line.at];
  const name = axes[n].groups.length > 1 ? short(member.name, member.ns) : member.name;
  if (n === 0) return name;
  if (data.targets.length === 1) return `port ${member.port}`;
  return line.first || shown.rowAxis === 1 ? `${name} :${member.port}` : `:${member.port}`;
}

/** A name without the namespace that its group says. */
function short(name, ns) {
  const [kind, of, ...own] = name.split("/");
  if (own.length && of === ns) return `${kind}/${own.join("/")}`;
  return kind === ns && of !== undefined ? [of, ...own].join("/") : name;
}

function longest(all, n) {
  let most = 0;
  for (const line of all) most = Math.max(most, headName(line, n).length);
  return most;
}

/** Measures the matrix anew, after a filter or a change of lines. */
function layOut(left) {
  shown.rowAxis = state.swap ? 1 : 0;
  const [rows, across] = [shown.rowAxis, 1 - shown.rowAxis];
  shown.rows = lines(left[rows], rows);
  shown.columns = lines(left[across], across);
  const narrow = window.innerWidth < 900;
  shown.head.width = Math.min(narrow ? 150 : 320, 40 + longest(shown.rows, rows) * 7);
  shown.head.height = Math.min(narrow ? 160 : 270, 40 + longest(shown.columns, across) * 6.6);
  const { width, height } = shown.head;
  board.canvas.style.width = `${width + shown.columns.length * CELL.width}px`;
  board.canvas.style.height = `${height + shown.rows.length * CELL.height}px`;
  document.getElementById("view").style.flexBasis = `${width + shown.columns.length * CELL.width + 22}px`;
  board.top.style.height = `${height}px`;
  board.corner.style.width = `${width}px`;
  board.left.style.width = `${width}px`;
  board.left.style.height = `${shown.rows.length * CELL.height}px`;
  board.cells.style.top = `${height}px`;
  board.cells.style.left = `${width}px`;
  const names = ["callers ↓", "targets →"];
  board.corner.replaceChildren(...(rows === 0 ? [names[1], names[0]] : ["callers →", "targets ↓"]).map((name) => make("div", {}, name)));
  grid.setAttribute("aria-rowcount", shown.rows.length);
  grid.setAttribute("aria-colcount", shown.columns.length);
  if (shown.active && (shown.active.row >= shown.rows.length || shown.active.column >= shown.columns.length)) shown.active = null;
  draw();
}

/** Callers and columns of a cell of the matrix. */
function ends(row, column) {
  const [a, b] = [shown.rows[row], shown.columns[column]];
  return shown.rowAxis === 0 ? [a, b] : [b, a];
}

function describe(line, n) {
  if (line.group !== undefined) return `namespace ${line.group}`;
  const member = axes[n].members[line.at];
  return n === 0 ? member.name : `${member.name}:${member.port}`;
}

function cell(row, column) {
  const [callers, called] = ends(row, column);
  const one = callers.at !== undefined && called.at !== undefined;
  const { counts, any } = tally(callers.members, called.members);
  const single = VERDICTS.some((verdict) => verdict.bit === any);
  const open = counts[0] + counts[1] + counts[2];
  const text = one || single || !any ? letters(any) : open > 999 ? "999+" : String(open);
  const classes = ["cell", single ? `v${any}` : any ? "mix" : "v0"];
  if (!one) classes.push("many");
  if (one && parts(callers.at, called.at)[0]?.plain) classes.push("as");
  if (!any && state.wanted !== 15) classes.push("off");
  if (shown.active?.row === row && shown.active?.column === column) classes.push("active");
  const said = VERDICTS.filter((_, v) => counts[v]).map((verdict) => `${counts[VERDICTS.indexOf(verdict)]} ${verdict.name}`).join(", ");
  const title = `${describe(callers, 0)} → ${describe(called, 1)}: ${said || "no answer of its own"}`;
  const element = make("div", {
    class: classes.join(" "), role: "gridcell", id: `cell-${row}-${column}`, title, "aria-label": title,
    "aria-rowindex": row + 1, "aria-colindex": column + 1, "data-row": row, "data-column": column,
  }, text);
  place(element, column * CELL.width, row * CELL.height, CELL.width, CELL.height);
  return element;
}

function place(element, x, y, width, height) {
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

function head(line, n, index, across) {
  const name = headName(line, n);
  const classes = [across ? "column-head" : "row-head", line.group !== undefined ? "group" : "",
    shown.active?.[across ? "column" : "row"] === index ? "hot" : ""];
  const element = make("div", {
    class: classes.filter(Boolean).join(" "), role: across ? "columnheader" : "rowheader", title: describe(line, n),
    [across ? "data-column" : "data-row"]: index,
  }, name);
  if (across) {
    Object.assign(element.style, { left: `${shown.head.width + index * CELL.width}px`, width: `${CELL.width}px`, height: `${shown.head.height}px` });
  } else {
    Object.assign(element.style, { top: `${index * CELL.height}px`, height: `${CELL.height}px` });
  }
  return element;
}

function range(scroll, size, cell, count) {
  const first = Math.max(0, Math.floor(scroll / cell) - 2);
  return [first, Math.min(count, Math.ceil((scroll + size) / cell) + 2)];
}

function draw() {
  const [top, bottom] = range(grid.scrollTop, grid.clientHeight - shown.head.height, CELL.height, shown.rows.length);
  const [from, to] = range(grid.scrollLeft, grid.clientWidth - shown.head.width, CELL.width, shown.columns.length);
  const [rowAxis, across] = [shown.rowAxis, 1 - shown.rowAxis];
  const [heads, rowHeads, cells] = [[board.corner], [], []];
  for (let column = from; column < to; column++) heads.push(head(shown.columns[column], across, column, true));
  for (let row = top; row < bottom; row++) {
    rowHeads.push(head(shown.rows[row], rowAxis, row, false));
    for (let column = from; column < to; column++) cells.push(cell(row, column));
  }
  board.top.replaceChildren(...heads);
  board.left.replaceChildren(...rowHeads);
  board.cells.replaceChildren(...cells);
  if (shown.active) grid.setAttribute("aria-activedescendant", `cell-${shown.active.row}-${shown.active.column}`);
  else grid.removeAttribute("aria-activedescendant");
}

let drawing = false;
function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function toggle(n, name) {
  if (!state.closed[n].delete(name)) state.closed[n].add(name);
  update();
}

function toggleButton(line, n) {
  if (line.group === undefined) return [];
  const button = make("button", { type: "button" }, `${line.closed ? "Open" : "Close"} ${n === 0 ? "callers" : "targets"} of ${line.group}`);
  button.addEventListener("click", () => { toggle(n, line.group); grid.focus(); });
  return [button];
}

/** Opens what is behind a cell of the matrix. */
function open(row, column) {
  const [callers, called] = ends(row, column);
  if (callers.at !== undefined && called.at !== undefined) explain(callers.at, called.at);
  else {
    summarize(`${describe(callers, 0)} → ${describe(called, 1)}`, callers.members, called.members,
      [...toggleButton(callers, 0), ...toggleButton(called, 1)]);
  }
}

/** What one line of an axis comes to. */
function openLine(line, n) {
  const all = [0, 1].map((axis) => (axis === n ? line.members : shown.left[axis].flatMap((group) => group.members)));
  const title = n === 0 ? `What ${describe(line, n)} can reach` : `Who can reach ${describe(line, n)}`;
  summarize(title, all[0], all[1], toggleButton(line, n));
}

function activate(row, column) {
  row = Math.max(0, Math.min(shown.rows.length - 1, row));
  column = Math.max(0, Math.min(shown.columns.length - 1, column));
  if (row < 0 || column < 0) return;
  shown.active = { row, column };
  const { width, height } = shown.head;
  const [x, y] = [column * CELL.width, row * CELL.height];
  grid.scrollLeft = Math.min(x, Math.max(grid.scrollLeft, x + CELL.width - (grid.clientWidth - width)));
  grid.scrollTop = Math.min(y, Math.max(grid.scrollTop, y + CELL.height - (grid.clientHeight - height)));
  draw();
}

grid.addEventListener("scroll", drawSoon);
grid.addEventListener("click", (event) => {
  const target = event.target.closest("[data-row], [data-column]");
  if (!target) return;
  const [row, column] = [target.dataset.row, target.dataset.column].map((of) => (of === undefined ? undefined : Number(of)));
  if (row !== undefined && column !== undefined) {
    activate(row, column);
    open(row, column);
    return;
  }
  const n = row !== undefined ? shown.rowAxis : 1 - shown.rowAxis;
  const line = row !== undefined ? shown.rows[row] : shown.columns[column];
  if (line.group !== undefined) toggle(n, line.group); else openLine(line, n);
});
const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-15, 0], PageDown: [15, 0],
  Home: [0, -Infinity], End: [0, Infinity],
};
grid.addEventListener("keydown", (event) => {
  const at = shown.active;
  if (STEPS[event.key]) {
    const [down, right] = STEPS[event.key];
    if (at) activate(at.row + down, at.column + right); else activate(0, 0);
    event.preventDefault();
  } else if ((event.key === "Enter" || event.key === " ") && at) {
    open(at.row, at.column);
    if (event.key === "Enter") panel.focus();
    event.preventDefault();
  }
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") (state.graph ? document.getElementById("graph") : grid).focus();
});
