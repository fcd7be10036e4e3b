// The picture of a pooling window on its way over a matrix. Plain values in, one figure out, no dependencies.
//
// Three outputs draw it. In a notebook anywidget calls `initialize` and `render` with its model, whose values
// are linked to ipywidgets' sliders in the browser. In a page without a kernel `mount` makes a model and
// native controls of its own. The documentation is such a page. Every value that the figure shows is in the
// model under the same name in all of them; Python's `Picture` lists the names.

const MAX = 0;
const SAME = ["window", "stride", "padding"];
const CHOSEN = [
  "example", "channel", "mode", "window_height", "window_width", "same", "stride_height", "stride_width",
  "stride_is_window", "padding_height", "padding_width", "count_include_pad", "position", "playing",
];
const SHOWN = [...CHOSEN, "yours", "examples"];

// ------------------------------------------------------------------------------------------ the arithmetic

/** How many windows fit along each axis, and what each of them sees. */
export function pool(rows, s) {
  const height = rows.length;
  const width = rows[0].length;
  const fit = (size, window, stride, padding) =>
    Math.max(0, Math.floor((size + 2 * padding - window) / stride) + 1);
  const n_rows = fit(height, s.window_height, s.stride_height, s.padding_height);
  const n_cols = fit(width, s.window_width, s.stride_width, s.padding_width);

  function windowAt(row, column) {
    const top = row * s.stride_height - s.padding_height;
    const left = column * s.stride_width - s.padding_width;
    const cells = [];
    for (let r = top; r < top + s.window_height; r++) {
      for (let c = left; c < left + s.window_width; c++) {
        const inside = r >= 0 && r < height && c >= 0 && c < width;
        cells.push({ row: r, column: c, inside, value: inside ? rows[r][c] : s.mode === MAX ? -Infinity : 0 });
      }
    }
    return { row, column, top, left, cells, ...(s.mode === MAX ? largest(cells) : mean(cells, s)) };
  }
  return { height, width, n_rows, n_cols, windowAt };
}

function largest(cells) {
  let winner = null;
  for (const cell of cells) {
    if (!cell.inside) continue; // padding never wins
    if (Number.isNaN(cell.value)) return { value: NaN, winner: cell };
    if (winner === null || cell.value > winner.value) winner = cell;
  }
  return { value: winner === null ? -Infinity : winner.value, winner };
}

function mean(cells, s) {
  const counted = s.count_include_pad ? cells : cells.filter((cell) => cell.inside);
  return { value: counted.reduce((sum, cell) => sum + cell.value, 0) / counted.length, counted };
}

const numbers = (rows) => rows.map((row) => row.map(Number)); // "NaN" and "Infinity" come as words

// ------------------------------------------------------------------------------------------------ sentences

const say = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** A number as the figure writes it: whole ones plain, others with at most four digits after the point. */
export function show(value, digits = 4) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value !== 0 && (Math.abs(value) >= 1e7 || Math.abs(value) < 10 ** -digits)) return value.toExponential(1);
  return String(Number(value.toFixed(digits)));
}

const LONGEST_FORMULA = 25;

/** The live formula as pieces of text; the piece with the winner is marked. */
export function formula(seen, s) {
  const cells = s.mode === MAX ? seen.cells : seen.counted;
  const long = cells.length > LONGEST_FORMULA;
  const shown = long ? [...cells.slice(0, 6), null, ...cells.slice(-3)] : cells;
  const pieces = shown.map((cell, i) => {
    if (cell === null) return { text: s.mode === MAX ? ", …" : " + …" };
    const minus = s.mode !== MAX && i > 0 && cell.value < 0;
    const link = i === 0 ? "" : s.mode === MAX ? ", " : minus ? " - " : " + ";
    return { link, text: show(minus ? -cell.value : cell.value), wins: cell === seen.winner, pad: !cell.inside };
  });
  const exact = Math.abs(Number(show(seen.value)) - seen.value) < 1e-12 || !Number.isFinite(seen.value);
  const end = (exact ? " = " : " ≈ ") + show(seen.value);
  return s.mode === MAX
    ? [{ text: "max(" }, ...pieces, { text: ")" }, { text: end }]
    : [{ text: "(" }, ...pieces, { text: `) / ${cells.length}` }, { text: end }];
}

const plain = (pieces) => pieces.map((piece) => (piece.link ?? "") + piece.text).join("");

/** Why no output can be computed: one sentence for each axis in which the setting is impossible. */
function problems(plan, s, words) {
  const why = (axis, size, window, padding) => {
    const padded = size + 2 * padding;
    if (window > padded) return say(words.too_large, { axis, window, padded, size, padding });
    if (padding * 2 > window) return say(words.too_padded, { axis, window, padding, most: window >> 1 });
    return "";
  };
  const [tall, wide] = ["height", "width"].map((side) =>
    (axis) => why(axis, plan[side], s[`window_${side}`], s[`padding_${side}`]));
  if (tall(words.both) === wide(words.both)) return [tall(words.both)].filter(Boolean);
  return [tall(words.height), wide(words.width)].filter(Boolean);
}

function sizeFormula(name, size, window, stride, padding, result) {
  return `${name} = ⌊(${size} + 2·${padding} - ${window}) / ${stride}⌋ + 1 = ${result}`;
}

// ----------------------------------------------------------------------------- what follows from a setting

const settingsOf = (model) => Object.fromEntries(CHOSEN.map((name) => [name, model.get(name)]));

const rowsCache = new WeakMap();
function inputOf(model) {
  const example = model.get("examples")[model.get("example")];
  const channel = example.channels[Math.min(model.get("channel"), example.channels.length - 1)];
  if (!rowsCache.has(channel)) rowsCache.set(channel, numbers(channel.rows));
  return { example, channel, rows: rowsCache.get(channel) };
}

/** The settings that the student's function was run with, as one word. */
const keyOf = (s) =>
  [s.example, s.channel, s.mode, s.window_height, s.window_width, s.stride_height, s.stride_width,
    s.padding_height, s.padding_width, Number(s.count_include_pad)].join(" ");

/** The first window, in reading order, where the student's value is another one. */
function firstDifference(plan, yours) {
  if (!yours.rows) return null;
  const got = numbers(yours.rows);
  for (let row = 0; row < plan.n_rows; row++) {
    for (let column = 0; column < plan.n_cols; column++) {
      const expected = plan.windowAt(row, column).value;
      const value = got[row][column];
      const near = Math.abs(value - expected) <= yours.tolerance * Math.max(1, Math.abs(expected));
      if (!(Object.is(value, expected) || value === expected || near)) return { row, column, value, expected };
    }
  }
  return null;
}

/** Bring every value in line with what was just chosen: linked sliders, limits, the number of windows. */
function settle(model, before) {
  const get = (name) => model.get(name);
  const put = (name, value) => get(name) !== value && model.set(name, value);
  const moved = (name) => before !== null && before[name] !== get(name);

  const { example, rows } = inputOf(model);
  const longest = Math.max(rows.length, rows[0].length) + 1;
  if (longest > get("longest_window")) put("longest_window", longest);
  put("last_channel", Math.max(1, example.channels.length - 1));
  if (moved("example")) {
    put("channel", 0);
    put("position", 0);
    if (!get("whole")) for (const [name, value] of Object.entries(example.settings)) put(name, value);
  } else if (get("same") || get("stride_is_window")) {
    followEachOther(get, put, moved);
  }
  if (get("whole")) {
    put("window_height", rows.length);
    put("window_width", rows[0].length);
    put("stride_height", rows.length);
    put("stride_width", rows[0].length);
  }
  for (const side of ["height", "width"]) {
    put(`window_${side}`, Math.min(get(`window_${side}`), longest));
    put(`stride_${side}`, Math.min(get(`stride_${side}`), longest));
  }
  put("longest_window", longest);
  put("channel", Math.min(get("channel"), example.channels.length - 1));

  const s = settingsOf(model);
  const plan = pool(rows, s);
  const windows = problems(plan, s, get("words")).length ? 1 : plan.n_rows * plan.n_cols;
  const yours = get("yours");
  if (moved("yours") && yours?.of === keyOf(s)) {
    const first = firstDifference(plan, yours);
    if (first) put("position", first.row * plan.n_cols + first.column);
  }
  put("position", Math.min(get("position"), windows - 1));
  put("last_position", Math.max(1, windows - 1)); // a slider of ipywidgets needs some room
  if (windows === 1) put("playing", false);
  put("show_width", get("same") ? "none" : "flex");
  put("show_channel", example.channels.length > 1 ? "flex" : "none");
  put("show_include_pad", get("mode") === MAX ? "none" : "flex");
}

function followEachOther(get, put, moved) {
  const linked = (name) => {
    if (!get("same")) return;
    const wide = moved(`${name}_width`) && !moved(`${name}_height`);
    const value = get(`${name}_${wide ? "width" : "height"}`);
    put(`${name}_height`, value);
    put(`${name}_width`, value);
  };
  const strideMoved = moved("stride_height") || moved("stride_width");
  const windowMoved = moved("window_height") || moved("window_width");
  SAME.forEach(linked);
  if (get("stride_is_window") && strideMoved && !windowMoved && !moved("stride_is_window")) {
    put("stride_is_window", false); // a stride of one's own
  }
  if (get("stride_is_window")) {
    put("stride_height", get("window_height"));
    put("stride_width", get("window_width"));
  }
}

/** Settle the model now and after every change, once for all changes of one key press. */
function initialize({ model }) {
  let before = null;
  let waiting = false;
  const controls = linkControls(model);
  const now = () => {
    settle(model, before);
    before = { ...settingsOf(model), yours: model.get("yours") };
    waiting = false; // only now: what has just been settled needs no settling
  };
  const rest = afterPaint(() => {
    controls.follow();
    model.save_changes();
  });
  const soon = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      now();
      rest.soon();
    });
  };
  SHOWN.forEach((name) => model.on(`change:${name}`, soon));
  now();
  model.save_changes();
  // Whatever is touched next must stand right by then.
  const touches = ["keydown", "pointerdown"];
  touches.forEach((kind) => window.addEventListener(kind, rest.now, true));
  return () => touches.forEach((kind) => window.removeEventListener(kind, rest.now, true));
}

/** What can wait until the next frame is on the screen, and need not wait for longer. */
function afterPaint(work) {
  let waiting = false;
  const now = () => {
    if (!waiting) return;
    waiting = false;
    work();
  };
  const painted = new MessageChannel();
  painted.port1.onmessage = now;
  const soon = () => {
    if (!waiting) requestAnimationFrame(() => painted.port2.postMessage(null));
    waiting = true;
  };
  return { now, soon };
}

/** Link ipywidgets' controls with the model: `links` says which value of which widget is which of the model.
 *
 * What a control says changes the model at once; what follows for the others can wait for the picture. None of
 * them tells Python: the model does, once for all.
 */
function linkControls(model) {
  let linked = [];
  const follow = () => linked.forEach(({ control, names }) => {
    const news = Object.entries(names).filter(([own, name]) => control.get(own) !== model.get(name));
    if (news.length) control.set(Object.fromEntries(news.map(([own, name]) => [own, model.get(name)])));
  });
  const link = async () => {
    const found = (model.get("links") ?? []).map(async ([id, names]) =>
      ({ control: await model.widget_manager.get_model(id), names }));
    linked = await Promise.all(found);
    follow();
    linked.forEach(({ control, names }) => {
      control.save_changes = () => {};
      for (const [own, name] of Object.entries(names)) {
        control.on(`change:${own}`, () => model.set(name, control.get(own)));
      }
    });
  };
  model.on("change:links", link);
  link();
  return { follow };
}

// -------------------------------------------------------------------------------------------------- colours

const luminance = ([r, g, b]) => {
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};
const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

const LEVELS = 64;

/** One class for each level of each palette: its colour, and black or white on it (never under 4.5 : 1). */
function addColours(palettes) {
  if (document.getElementById("pooling-colours")) return;
  const ink = (rgb) => (luminance(rgb) > 0.179 ? "#000" : "#fff");
  const rules = Object.entries(palettes).flatMap(([name, themes]) => Array.from({ length: LEVELS }, (_, level) => {
    const t = level / (LEVELS - 1);
    const [light, dark] = themes.map(([low, high]) => low.map((v, i) => v + t * (high[i] - v)));
    const at = `.pooling-${name}-${level}`;
    return `${at} rect{fill:light-dark(${css(light)},${css(dark)})}${at} text{fill:light-dark(${ink(light)},${ink(dark)})}`;
  }));
  const sheet = element("style", "", document.head);
  sheet.id = "pooling-colours";
  sheet.textContent = rules.join("\n");
}

function paint(value, range, palette) {
  if (!Number.isFinite(value)) return "pooling-odd";
  const t = range.high > range.low ? Math.min(1, Math.max(0, (value - range.low) / (range.high - range.low))) : 0.5;
  return `pooling-${palette}-${Math.round(t * (LEVELS - 1))}`;
}

function rangeOf(rows) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    for (const value of row) {
      if (Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  return { low, high };
}

// --------------------------------------------------------------------------------------------------- layout

const GUTTER = 22; // for the row numbers
const HEAD = 46; // for a title and the column numbers
const BETWEEN = 72;
const LARGEST = 56;
const TALLEST = 1400; // of all matrices, one below the other
const COMFORTABLE = 18;
const NARROWEST = 128; // a title fits

/** Where each matrix stands and how large a cell is: side by side, or one below the other where narrow. */
function arrange(shapes, room, solid, last) {
  const most = (values) => Math.max(...values);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const [rows, columns] = [shapes.map((shape) => shape[0]), shapes.map((shape) => shape[1])];
  const fixed = shapes.length * GUTTER + (shapes.length - 1) * BETWEEN;
  const beside = Math.min((room - fixed - 4) / sum(columns), 540 / most(rows), LARGEST);
  const below = Math.min((room - GUTTER - 4) / most(columns), 760 / sum(rows), LARGEST);
  const across = (cell) => fixed + sum(columns.map((wide) => Math.max(wide * cell, NARROWEST)));
  const sizes = { beside: Math.max(3, Math.floor(beside)), below: Math.max(3, Math.floor(below)) };
  const overflows = across(sizes.beside) > room;
  let how = overflows || (beside < COMFORTABLE && below > beside * 1.15) ? "below" : "beside";
  let cell = sizes[how];
  // What still fits stays: cells that change with every window would be restless, and slow to draw.
  if (last && last.cell <= sizes[last.how] && last.cell >= 0.6 * cell && (last.how === "below" || !overflows)) {
    ({ how, cell } = last);
  }
  const narrow = how === "below";
  let [x, y, width, height] = [GUTTER, HEAD, 0, 0];
  const panels = shapes.map(([n_rows, n_cols]) => {
    const panel = { x, y, n_rows, n_cols };
    width = Math.max(width, x + Math.max(n_cols * cell, NARROWEST));
    height = Math.max(height, y + n_rows * cell);
    if (narrow) y += n_rows * cell + HEAD + 26;
    else x += Math.max(n_cols * cell, NARROWEST) + GUTTER + BETWEEN;
    return panel;
  });
  const gap = cell >= 24 ? 3 : cell >= 9 && !solid ? 1 : 0;
  return { cell, how, narrow, panels, gap, width: width + 4, height: height + 6 };
}

const SMALLEST_FONT = 8;
const fontFor = (cell, letters) => {
  const size = Math.min(cell * 0.44, (cell * 1.6) / Math.max(letters, 1), 20);
  return size >= SMALLEST_FONT ? Math.floor(size * 2) / 2 : 0;
};

// --------------------------------------------------------------------------------------------------- markup

function edges(x, y, { cell, gap }) {
  return { x: x + gap / 2, y: y + gap / 2, side: cell - gap, round: Math.min(7, cell * 0.14) };
}

function square(x, y, place, kind, text) {
  const { cell } = place;
  const at = edges(x, y, place);
  const words = text === null ? "" : `<text x="${x + cell / 2}" y="${y + cell / 2}">${text}</text>`;
  return `<g class="${kind}"><rect x="${at.x}" y="${at.y}" width="${at.side}" height="${at.side}" rx="${at.round}"/>${words}</g>`;
}

/** The same square as a part of a path: many of them are one element, and one to style and to lay out. */
function outline(x, y, place) {
  const { x: left, y: top, side, round } = edges(x, y, place);
  if (round < 3) return `M${left} ${top}h${side}v${side}h${-side}z`; // nobody sees so small a corner
  const straight = side - 2 * round;
  const turn = (right, down) => `a${round} ${round} 0 0 1 ${right * round} ${down * round}`;
  return `M${left + round} ${top}h${straight}${turn(1, 1)}v${straight}${turn(-1, 1)}h${-straight}${turn(-1, -1)}v${-straight}${turn(1, -1)}z`;
}

function frame(panel, place, title, size, first = { row: 0, column: 0 }) {
  const every = place.cell >= 20 ? 1 : 5;
  const marks = [];
  for (let row = 0; row < panel.n_rows; row++) {
    if ((row + first.row) % every) continue;
    marks.push(`<text class="pooling-index" x="${panel.x - 9}" y="${panel.y + (row + 0.5) * place.cell}">${row + first.row}</text>`);
  }
  for (let column = 0; column < panel.n_cols; column++) {
    if ((column + first.column) % every) continue;
    marks.push(`<text class="pooling-index" x="${panel.x + (column + 0.5) * place.cell}" y="${panel.y - 10}">${column + first.column}</text>`);
  }
  return `<text class="pooling-title" x="${panel.x}" y="${panel.y - 31}">${title}
    <tspan class="pooling-size">${size}</tspan></text>${marks.join("")}`;
}

/** What writes the cells of a matrix as markup, one by one; `mark` may add a class to one. */
function cellsOf(rows, panel, place, range, palette, mark = () => "") {
  const digits = rows.some((row) => row.some((value) => !Number.isInteger(value))) ? 2 : 0;
  const texts = rows.map((row) => row.map((value) => show(value, digits)));
  const font = fontFor(place.cell, Math.max(...texts.flat().map((text) => text.length)));
  const cell = (r, c) => square(
    panel.x + c * place.cell, panel.y + r * place.cell, place,
    `pooling-cell ${paint(rows[r][c], range, palette)}${mark(r, c)}`, font ? texts[r][c] : null,
  );
  return { font, cell };
}

function matrix(rows, ...how) {
  const { font, cell } = cellsOf(rows, ...how);
  return `<g font-size="${font}">${rows.map((row, r) => row.map((_, c) => cell(r, c)).join("")).join("")}</g>`;
}

function inputMarkup(input, s, panel, place, range, words) {
  const { rows } = input;
  const inner = { ...panel, x: panel.x + s.padding_width * place.cell, y: panel.y + s.padding_height * place.cell };
  const font = fontFor(place.cell, 2);
  const text = !font ? null : s.mode === MAX ? "-∞" : s.count_include_pad ? "0" : "–";
  const border = [];
  for (let r = 0; r < panel.n_rows; r++) {
    for (let c = 0; c < panel.n_cols; c++) {
      const [row, column] = [r - s.padding_height, c - s.padding_width];
      if (row >= 0 && row < rows.length && column >= 0 && column < rows[0].length) continue;
      border.push(square(panel.x + c * place.cell, panel.y + r * place.cell, place, "pooling-pad", text));
    }
  }
  const first = { row: -s.padding_height, column: -s.padding_width };
  const ground = `<rect class="pooling-ground" x="${panel.x}" y="${panel.y}" width="${panel.n_cols * place.cell}"
    height="${panel.n_rows * place.cell}"/>`; // the beam passes behind
  return ground + frame(panel, place, words.input, `${rows.length} × ${rows[0].length}`, first)
    + `<g font-size="${font}">${border.join("")}</g>` + matrix(rows, inner, place, range, input.example.palette);
}

function noOutputMarkup(panel, place, words) {
  return `<rect class="pooling-none" x="${panel.x + 1}" y="${panel.y + 1}" rx="8"
    width="${panel.n_cols * place.cell - 2}" height="${panel.n_rows * place.cell - 2}"/>
    <text class="pooling-none-text" x="${panel.x + (panel.n_cols * place.cell) / 2}"
    y="${panel.y + (panel.n_rows * place.cell) / 2}">${words.none}</text>`;
}

function yoursMarkup(yours, fresh, first, panel, place, range, palette, words) {
  const title = frame(panel, place, words.yours, "");
  if (!fresh || !yours.rows) {
    return `${title}<rect class="pooling-none" x="${panel.x + 1}" y="${panel.y + 1}" rx="8"
      width="${panel.n_cols * place.cell - 2}" height="${panel.n_rows * place.cell - 2}"/>
      <text class="pooling-none-text" x="${panel.x + (panel.n_cols * place.cell) / 2}"
      y="${panel.y + (panel.n_rows * place.cell) / 2}">${fresh ? "?" : "…"}</text>`;
  }
  const wrong = (r, c) => (first && first.row === r && first.column === c ? " pooling-wrong" : "");
  return title + matrix(numbers(yours.rows), panel, place, range, palette, wrong);
}

// --------------------------------------------------------------------------------------------------- drawing

const element = (tag, className, parent) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  parent?.append(node);
  return node;
};
const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = text === "";
};

let figures = 0; // a pattern needs a name of its own on the page

/** One figure in `el`, drawn from the model whenever that changes. */
class Figure {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("words");
    addColours(model.get("palettes"));
    this.root = element("figure", "pooling-figure", el);
    this.stage = element("div", "pooling-stage", this.root);
    const stripes = `pooling-stripes-${++figures}`;
    this.stage.innerHTML = `<svg role="img" height="${TALLEST}" style="--pooling-hatch:url(#${stripes})"><defs><pattern id="${stripes}" width="7" height="7"
      patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="pooling-ground" width="7" height="7"/>
      <rect class="pooling-stripe" width="1.6" height="7"/></pattern></defs>
      <g class="pooling-all"><path class="pooling-beam"/><g class="pooling-in"></g><g class="pooling-out"></g><g class="pooling-yours"></g>
      <g class="pooling-marks"><rect class="pooling-halo"/><rect class="pooling-window"/><rect class="pooling-winner"/>
      <rect class="pooling-halo"/><rect class="pooling-target"/></g></g></svg>`;
    this.svg = this.stage.firstChild;
    const pick = (name) => this.svg.querySelector(`.pooling-${name}`);
    [this.all, this.beam, this.input, this.output, this.yours] = ["all", "beam", "in", "out", "yours"].map(pick);
    [this.window, this.winner, this.target] = ["window", "winner", "target"].map(pick);
    [this.windowHalo, this.targetHalo] = this.svg.querySelectorAll(".pooling-halo");
    this.caption = element("figcaption", "pooling-caption", this.root);
    this.where = element("p", "pooling-where", this.caption);
    this.formula = element("p", "pooling-formula", this.caption);
    this.verdict = element("p", "pooling-verdict", this.caption);
    this.verdict.hidden = true;
    this.problem = element("p", "pooling-problem", this.caption);
    this.note = element("p", "pooling-note", this.caption);
    this.sizes = element("p", "pooling-sizes", this.caption);
    this.readout = element("p", "pooling-readout", this.caption);
    this.spoken = element("div", "pooling-spoken", this.root);
    this.spoken.setAttribute("role", "status");
    this.spoken.setAttribute("aria-live", "polite");
    this.drawn = {};
    this.hover = null;
    this.listen();
  }

  listen() {
    let waiting = false;
    this.soon = () => {
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => {
        waiting = false;
        this.draw();
      });
    };
    SHOWN.forEach((name) => this.model.on(`change:${name}`, this.soon));
    this.watcher = new ResizeObserver(() => {
      if (this.stage.clientWidth === this.room) return;
      this.room = this.stage.clientWidth;
      this.draw();
    });
    this.watcher.observe(this.stage);
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.svg.addEventListener("click", () => {
      if (this.hover === null) return;
      this.model.set("position", this.hover);
      this.model.save_changes();
    });
  }

  remove() {
    SHOWN.forEach((name) => this.model.off?.(`change:${name}`, this.soon));
    this.watcher.disconnect();
    clearTimeout(this.speaking);
  }

  /** The pointer on an output cell lights its window; on an input cell it reads the value out. */
  point(event) {
    const at = event && this.cellUnder(event);
    const hover = at?.panel === 1 && this.ok ? at.row * this.plan.n_cols + at.column : null;
    this.svg.style.cursor = hover === null ? "" : "pointer";
    let text = "";
    if (at?.panel === 0) {
      const [row, column] = [at.row - this.s.padding_height, at.column - this.s.padding_width];
      const value = this.rows[row]?.[column];
      if (value !== undefined) text = say(this.words.cell, { row, column, value: show(value) });
    }
    this.readout.textContent = text || "\u00a0";
    if (hover !== this.hover) {
      this.hover = hover;
      this.draw();
    }
  }

  cellUnder(event) {
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - this.left, event.clientY - box.top];
    for (const [index, panel] of this.place.panels.entries()) {
      const [row, column] = [Math.floor((y - panel.y) / this.place.cell), Math.floor((x - panel.x) / this.place.cell)];
      if (row >= 0 && column >= 0 && row < panel.n_rows && column < panel.n_cols) return { panel: index, row, column };
    }
    return null;
  }

  draw() {
    const room = (this.room ||= this.stage.clientWidth); // to ask at every key would lay out the page first
    if (!room) return;
    const s = (this.s = settingsOf(this.model));
    const input = inputOf(this.model);
    const yours = this.model.get("yours");
    const words = this.words;
    const setting = `${keyOf(s)} ${room}`;
    if (this.drawn.setting !== setting || this.drawn.examples !== this.model.get("examples")) {
      this.rows = input.rows;
      this.plan = pool(input.rows, s);
      this.problems = problems(this.plan, s, words);
      this.ok = this.problems.length === 0;
      this.values = this.ok ? this.computeAll() : null;
      this.drawMatrices(input, s, yours, room);
      Object.assign(this.drawn, { setting, examples: this.model.get("examples"), yours: undefined, revealed: null });
    }
    if (yours && this.drawn.yours !== yours) this.drawYours(input, s, yours);
    this.drawWindow(s, yours);
  }

  computeAll() {
    const { n_rows, n_cols } = this.plan;
    return Array.from({ length: n_rows }, (_, r) => Array.from({ length: n_cols }, (_, c) => this.plan.windowAt(r, c).value));
  }

  drawMatrices(input, s, yours, room) {
    const { plan, words } = this;
    const outShape = this.ok ? [plan.n_rows, plan.n_cols] : [2, 2];
    const padded = [plan.height + 2 * s.padding_height, plan.width + 2 * s.padding_width];
    const inShape = [Math.max(padded[0], s.window_height), Math.max(padded[1], s.window_width)];
    const shapes = yours ? [inShape, outShape, outShape] : [inShape, outShape];
    const base = [s.example, s.channel, s.padding_height, s.padding_width, s.mode, s.count_include_pad, room].join(" ");
    const last = this.drawn.base === base ? this.place : null;
    const place = (this.place = arrange(shapes, room, input.example.palette === "grey", last));
    [place.panels[0].n_rows, place.panels[0].n_cols] = padded; // an impossible window hangs over the edge
    const { palette } = input.example;
    const range = rangeOf(input.rows);
    // The drawing keeps its own size and only its frame changes: else every number would be laid out again.
    this.stage.style.height = `${place.height}px`;
    if (this.drawn.room !== room) this.svg.setAttribute("width", room);
    this.drawn.room = room;
    // A new window leaves most inputs as they are: hundreds of numbers need not be drawn again, nor jump.
    const moved = last?.cell !== place.cell || last?.how !== place.how;
    const anew = this.drawn.base !== base || moved || this.drawn.examples !== this.model.get("examples");
    if (anew) this.input.innerHTML = inputMarkup(input, s, place.panels[0], place, range, words);
    if (anew || this.left + place.width > room) {
      this.left = Math.max(0, Math.floor((room - place.width) / 2));
      this.all.setAttribute("transform", `translate(${this.left} 0)`);
    }
    this.drawn.base = base;
    const title = frame(place.panels[1], place, words.output, this.ok ? `${plan.n_rows} × ${plan.n_cols}` : "");
    this.cells = this.ok ? cellsOf(this.values, place.panels[1], place, range, palette) : null;
    this.output.innerHTML = title + (this.ok
      ? `<g class="pooling-later">${"<path/>".repeat(plan.n_rows)}</g><g font-size="${this.cells.font}"></g>`
      : noOutputMarkup(place.panels[1], place, words));
    this.drawSizes(s);
    this.root.classList.toggle("pooling-impossible", !this.ok);
    write(this.note, input.example.note ?? "");
  }

  drawSizes(s) {
    const { plan, words } = this;
    const height = sizeFormula(words.output_height, plan.height, s.window_height, s.stride_height, s.padding_height, plan.n_rows);
    const width = sizeFormula(words.output_width, plan.width, s.window_width, s.stride_width, s.padding_width, plan.n_cols);
    this.sizes.replaceChildren(...(this.ok ? [height, width] : []).map((text) => {
      const line = document.createElement("span");
      line.textContent = text;
      return line;
    }));
  }

  drawYours(input, s, yours) {
    const fresh = yours.of === keyOf(s);
    this.first = fresh && this.ok ? firstDifference(this.plan, yours) : null;
    const { palette } = input.example;
    const panel = this.place.panels[2];
    this.yours.innerHTML = yoursMarkup(yours, fresh, this.first, panel, this.place, rangeOf(input.rows), palette, this.words);
    this.drawn.yours = yours;
    let text = yours.message ?? "";
    if (!fresh) text = this.words.waiting;
    else if (this.first) {
      const { row, column, value, expected } = this.first;
      text = say(this.words.differs, { row, column, value: show(value), expected: show(expected), call: yours.call });
    }
    write(this.verdict, text);
    this.verdict.dataset.state = !fresh ? "waiting" : this.first || !yours.rows ? "differs" : "agrees";
  }

  drawWindow(s, yours) {
    const { plan, place } = this;
    const position = Math.min(this.hover ?? s.position, this.ok ? plan.n_rows * plan.n_cols - 1 : 0);
    const [row, column] = this.ok ? [Math.floor(position / plan.n_cols), position % plan.n_cols] : [0, 0];
    const seen = plan.windowAt(row, column);
    const cell = place.cell;
    const at = (panel, r, c, n_rows, n_cols) => [panel.x + c * cell, panel.y + r * cell, n_cols * cell, n_rows * cell];
    const source = at(place.panels[0], seen.top + s.padding_height, seen.left + s.padding_width, s.window_height, s.window_width);
    const target = at(place.panels[1], row, column, 1, 1);
    put(this.window, source);
    put(this.windowHalo, source);
    const wins = this.ok && s.mode === MAX && seen.winner;
    this.winner.style.display = wins ? "" : "none";
    if (wins) put(this.winner, at(place.panels[0], wins.row + s.padding_height, wins.column + s.padding_width, 1, 1), Math.max(1, cell * 0.07));
    for (const node of [this.target, this.targetHalo, this.beam]) node.style.display = this.ok ? "" : "none";
    if (this.ok) {
      put(this.target, target);
      put(this.targetHalo, target);
      this.beam.setAttribute("d", beam(source, target, place.narrow));
      this.reveal(yours ? plan.n_rows * plan.n_cols - 1 : position);
    }
    this.svg.classList.toggle("pooling-playing", s.playing && this.hover === null);
    this.describe(s, seen, position);
  }

  /** Show the output as far as it is computed; only the cells between the last place and this one change. */
  reveal(position) {
    const { n_rows, n_cols } = this.plan;
    const [later, computed] = [...this.output.children].slice(-2);
    const last = this.drawn.revealed ?? -1;
    for (let i = last; i > position; i--) computed.lastChild.remove();
    const added = Array.from({ length: Math.max(0, position - last) }, (_, i) => last + 1 + i);
    if (added.length) computed.insertAdjacentHTML("beforeend", added.map((i) => this.cells.cell(Math.floor(i / n_cols), i % n_cols)).join(""));
    const changed = [last, position].map((i) => Math.floor(i / n_cols));
    const [from, to] = this.drawn.revealed === null ? [0, n_rows - 1] : [Math.min(...changed), Math.max(...changed)];
    for (let row = from; row <= to; row++) later.children[row].setAttribute("d", this.outlines(row, position));
    this.drawn.revealed = position;
  }

  /** The cells of a row of the output that are still to be computed. */
  outlines(row, position) {
    const { place } = this;
    const [panel, n_cols] = [place.panels[1], this.plan.n_cols];
    const first = Math.min(n_cols, Math.max(0, position + 1 - row * n_cols));
    return Array.from({ length: n_cols - first }, (_, i) =>
      outline(panel.x + (first + i) * place.cell, panel.y + row * place.cell, place)).join("");
  }

  describe(s, seen, position) {
    const { words, plan } = this;
    const place = { row: seen.row, column: seen.column, top: seen.top, left: seen.left,
      bottom: seen.top + s.window_height - 1, right: seen.left + s.window_width - 1,
      number: position + 1, windows: plan.n_rows * plan.n_cols };
    const pieces = this.ok ? formula(seen, s) : [];
    const where = this.ok ? say(words.where, place) : "";
    write(this.where, where);
    this.formula.hidden = !this.ok;
    this.formula.replaceChildren(...pieces.flatMap((piece) => {
      const node = document.createElement(piece.wins ? "mark" : piece.pad ? "i" : "span");
      node.textContent = piece.text;
      return piece.link ? [piece.link, node] : [node];
    }));
    write(this.problem, this.ok ? "" : [words.impossible, ...this.problems].join("\n"));
    const padding = this.ok ? this.aboutPadding(s, seen) : "";
    write(this.note, [this.model.get("examples")[s.example].note, padding].filter(Boolean).join(" "));
    const setting = say(s.mode === MAX ? words.max_setting : words.average_setting, {
      input: `${plan.height} × ${plan.width}`, window: `${s.window_height} × ${s.window_width}`,
      stride: `${s.stride_height} × ${s.stride_width}`, padding: `${s.padding_height} × ${s.padding_width}`,
    });
    const now = this.ok ? `${where} ${plain(pieces)}` : this.problem.textContent;
    const verdict = this.verdict.hidden ? "" : this.verdict.textContent;
    this.svg.setAttribute("aria-label", [setting, now, verdict].filter(Boolean).join(" "));
    this.speak([now, verdict].filter(Boolean).join(" "));
  }

  aboutPadding(s, seen) {
    const pads = seen.cells.filter((cell) => !cell.inside).length;
    if (!pads) return "";
    const values = { pads, cells: seen.cells.length, real: seen.cells.length - pads };
    if (s.mode !== MAX) return say(s.count_include_pad ? this.words.pads_count : this.words.pads_left_out, values);
    return seen.value < 0 ? say(this.words.zero_would_win, { value: show(seen.value) }) : this.words.pads_never_win;
  }

  /** Tell a screen reader, once the keys rest; not at every step of a film. */
  speak(text) {
    clearTimeout(this.speaking);
    if (this.s.playing) return;
    this.speaking = setTimeout(() => {
      if (this.spoken.textContent !== text) this.spoken.textContent = text;
    }, 400);
  }
}

function put(node, [x, y, width, height], inset = 0) {
  node.setAttribute("width", width - 2 * inset);
  node.setAttribute("height", height - 2 * inset);
  node.setAttribute("rx", Math.min(9, Math.min(width, height) * 0.18));
  node.style.transform = `translate(${x + inset}px, ${y + inset}px)`;
}

/** The beam from the window to the output cell it becomes. */
function beam([x, y, width, height], [tx, ty, twidth, theight], narrow) {
  return narrow
    ? `M${x} ${y + height}L${tx} ${ty}H${tx + twidth}L${x + width} ${y + height}Z`
    : `M${x + width} ${y}L${tx} ${ty}V${ty + theight}L${x + width} ${y + height}Z`;
}

// ------------------------------------------------------------------------------------- the output of notebooks

/** Give ipywidgets' controls the accessible names that they lack. */
function nameControls(el, words, tries = 200) {
  const root = el.closest(".pooling-explorer");
  const boxes = root ? [...root.querySelectorAll("[class*=pooling-control-]")] : [];
  const unnamed = boxes.filter((box) => !nameControl(box, words));
  if (tries && (!boxes.length || unnamed.length)) setTimeout(() => nameControls(el, words, tries - 1), 50);
}

function nameControl(box, words) {
  const key = [...box.classList].find((name) => name.startsWith("pooling-control-")).slice("pooling-control-".length);
  if (key === "play") {
    const buttons = box.querySelectorAll("button");
    [words.play, words.stop, words.repeat].forEach((name, i) => {
      buttons[i]?.setAttribute("aria-label", name);
      if (buttons[i]) buttons[i].title = name;
    });
    return buttons.length > 0;
  }
  const name = words.names[key];
  const handle = box.querySelector(".noUi-handle");
  handle?.setAttribute("aria-label", name);
  const readout = box.querySelector(".widget-readout");
  if (readout) {
    readout.setAttribute("role", "textbox");
    readout.setAttribute("aria-label", say(words.readout, { name }));
  }
  const field = handle ?? box.querySelector("select, input");
  if (field && !handle) field.setAttribute("aria-label", name);
  return Boolean(field);
}

/** Keep plain keys from Jupyter's shortcuts while a control has the focus: arrows move it, letters choose. */
function keepKeys(el) {
  const keep = (event) => {
    const root = el.closest(".pooling-explorer, .pooling-page");
    if (!root?.contains(event.target)) return;
    const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !command && event.key !== "Escape");
  };
  window.addEventListener("keydown", keep, true); // before Jupyter looks
  return () => window.removeEventListener("keydown", keep, true);
}

function render({ model, el }) {
  const figure = new Figure(model, el);
  figure.draw();
  nameControls(el, model.get("words"));
  const letKeysGo = keepKeys(el);
  return () => {
    figure.remove();
    letKeysGo();
  };
}

// ---------------------------------------------------------------------------- the output of pages and documents

/** A model in plain memory: what anywidget's model offers to the figure. */
export function localModel(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    save_changes() {},
  };
}

const FIELDS = {
  slider(model, control) {
    const field = element("input");
    field.type = "range";
    field.min = control.low;
    const value = element("span", "pooling-field-value");
    value.setAttribute("aria-hidden", "true"); // the slider says it itself
    field.oninput = () => model.set(control.key, Number(field.value));
    return { parts: [field, value], follow() {
      field.max = typeof control.high === "string" ? model.get(control.high) : control.high;
      field.value = model.get(control.key);
      write(value, String(model.get(control.key)));
    } };
  },
  choice(model, control) {
    const field = element("select");
    field.append(...control.options.map((text, i) => new Option(text, i)));
    field.onchange = () => model.set(control.key, Number(field.value));
    return { parts: [field], follow: () => (field.value = model.get(control.key)) };
  },
  check(model, control) {
    const field = element("input");
    field.type = "checkbox";
    field.onchange = () => model.set(control.key, field.checked);
    return { parts: [field], follow: () => (field.checked = model.get(control.key)) };
  },
};

function addControl(model, control, words, parent) {
  if (control.kind === "play") return addPlay(model, words, parent);
  const label = element("label", `pooling-field pooling-field-${control.kind}`, parent);
  const name = element("span", "pooling-field-name", label);
  name.textContent = words.names[control.key];
  const { parts, follow } = FIELDS[control.kind](model, control);
  label.append(...parts);
  parts[0].setAttribute("aria-label", name.textContent); // the label's own text would have the options in it
  const update = () => {
    follow();
    label.hidden = control.shown !== null && model.get(control.shown) === "none";
  };
  [control.key, control.high, control.shown].filter((key) => typeof key === "string")
    .forEach((key) => model.on(`change:${key}`, update));
  update();
}

const STEP = 800; // milliseconds for a window while it plays

function addPlay(model, words, parent) {
  const button = element("button", "pooling-play", parent);
  button.type = "button";
  let timer = null;
  const last = () => model.get("last_position");
  const tick = () => {
    if (model.get("position") >= last()) return model.set("playing", false);
    model.set("position", model.get("position") + 1);
  };
  button.onclick = () => {
    if (!model.get("playing") && model.get("position") >= last()) model.set("position", 0);
    model.set("playing", !model.get("playing"));
  };
  const update = () => {
    const playing = model.get("playing");
    button.textContent = playing ? "❚❚" : "▶";
    button.setAttribute("aria-label", words.play);
    button.setAttribute("aria-pressed", playing);
    clearInterval(timer);
    if (playing) timer = setInterval(tick, STEP);
  };
  model.on("change:playing", update);
  update();
}

/** The figure with controls of its own in `el`: alive without a kernel. */
export function mount(el, values) {
  const model = localModel({ ...values });
  initialize({ model });
  el.replaceChildren();
  el.classList.add("pooling-page");
  const rooms = Object.fromEntries(["top", "figure", "motion", "settings"].map((name) =>
    [name, element("div", `pooling-room pooling-room-${name}`, el)]));
  for (const control of values.controls) addControl(model, control, values.words, rooms[control.room]);
  render({ model, el: rooms.figure });
  return model;
}

export default { initialize, render };
