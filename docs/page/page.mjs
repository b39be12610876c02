// The page around the module: reads the matrix, moves its singular values together, shows what each rule makes of it.
const rules = [
  { name: "reconstruct (default)", colour: "#0b6e4f", width: 9 },
  { name: "minimum norm", colour: "#4fa3e0", width: 6 },
  { name: "published", colour: "#9467bd", width: 4.5, dash: "2 9" },
  { name: "zeroing", colour: "#e69f00", width: 3 },
  { name: "plain", colour: "#b00020", width: 1.5 },
];
const FLOOR = -17;

const bytes = await (await fetch("diffsvd.wasm")).arrayBuffer();
const { exports: svd } = (await WebAssembly.instantiate(bytes, {})).instance;
const at = id => document.getElementById(id);
const block = (offset, length) => new Float64Array(svd.memory.buffer, svd.numbers() + 8 * offset, length);
const loss = () => Number(at("loss").value);

/** Singular values of `rows`, and by each rule the gradient, its error and what it discarded. */
function solve(rows) {
  const [m, n] = [rows.length, rows[0].length], k = Math.min(m, n), area = m * n;
  block(0, area).set(rows.flat());
  block(area, area).set(rows.flatMap((row, i) => row.map((_, j) => Math.sin(1 + 2 * i + 3 * j))));
  if (svd.decompose(m, n, loss()) !== 0) throw new Error("This matrix is refused: at most 8×8, and every entry a finite number.");
  const gradient = r => Array.from(block(2 * area + k + r * area, area));
  const exact = gradient(rules.length), norm = g => Math.hypot(...g);
  const gradients = rules.map((_, r) => gradient(r));
  return {
    s: Array.from(block(2 * area, k)),
    gradients,
    errors: gradients.map(g => norm(g.map((x, i) => x - exact[i])) / norm(exact)),
    discarded: Array.from(block(8 * area + k, rules.length)),
  };
}

/** The matrix less the multiple of u₁v₁ᵀ that makes s₁ = s₂ (1 + gap): u₁ and v₁ by power iteration. */
function narrowed(rows, gap) {
  const { s } = solve(rows);
  if (s.length < 2 || gap >= (s[0] - s[1]) / s[0]) return rows;
  let v = rows[0].map((_, j) => 1 + 0.1 * j), u;
  for (let t = 0; t < 500; t++) {
    u = rows.map(row => row.reduce((sum, x, j) => sum + x * v[j], 0));
    v = rows[0].map((_, j) => rows.reduce((sum, row, i) => sum + row[j] * u[i], 0));
    const size = Math.hypot(...v);
    v = v.map(x => x / size);
  }
  const size = Math.hypot(...u), down = s[0] - s[1] * (1 + gap);
  return rows.map((row, i) => row.map((x, j) => x - down * (u[i] / size) * v[j]));
}

function parse(text) {
  const rows = text.trim().split(/\n+/).map(line => line.trim().split(/[\s,;]+/).map(Number));
  if (!rows.every(row => row.length === rows[0].length)) throw new Error("The rows have different lengths.");
  return rows;
}

const superscript = n => String(n).replace(/./g, c => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
function scientific(x) {
  if (x === 0) return "0";
  const [digits, exponent] = x.toExponential(1).split("e");
  return `${digits}·10${superscript(Number(exponent))}`;
}

const left = 70, top = 40, right = 920, bottom = 310;
const across = e => left + (e - FLOOR) / -FLOOR * (right - left);
const down = v => bottom - Math.max(0, Math.min(1, (Math.log10(v) - FLOOR) / -FLOOR)) * (bottom - top);

/** The curves; each point the root of the mean square over neighbouring gaps, since a single error may happen to vanish. */
function plot(rows) {
  const { s } = solve(rows), start = Math.min(0, Math.log10((s[0] - s[1]) / s[0]));
  const sums = rules.map(() => []);
  for (let e = FLOOR; e <= start; e += 0.05) {
    solve(narrowed(rows, 10 ** e)).errors.forEach((error, r) => {
      if (Number.isFinite(error)) sums[r].push([e, error * error]);
    });
  }
  const smooth = points => points.map(([e], i) => {
    const near = points.slice(Math.max(0, i - 5), i + 6).filter(p => Math.abs(p[0] - e) < 0.3);
    const size = Math.sqrt(near.reduce((sum, p) => sum + p[1], 0) / near.length);
    return `${across(e).toFixed(1)},${down(size || 10 ** FLOOR).toFixed(1)}`;
  });
  const ticks = [-16, -12, -8, -4, 0];
  at("plot").innerHTML = `<g font-size="15" fill="#444">
    <text x="${left}" y="20" font-weight="600">Relative error of the gradient, against the distance of the two singular values</text>
    ${ticks.map(e => `<text x="${across(e)}" y="${bottom + 22}" text-anchor="middle">10${superscript(e)}</text>
      <text x="${left - 8}" y="${down(10 ** e) + 5}" text-anchor="end">10${superscript(e)}</text>
      <path d="M${left} ${down(10 ** e)}H${right}" stroke="#e4e4e4"/>`).join("")}
    <text x="${right}" y="${bottom + 42}" text-anchor="end">(s₁ − s₂)/s₁</text></g>
    <path id="here" d="" stroke="#222" stroke-dasharray="4 4"/>` + rules.map(({ colour, width, dash }, r) =>
    `<polyline points="${smooth(sums[r]).join(" ")}" fill="none" stroke="${colour}" stroke-width="${width}"
      ${dash ? `stroke-dasharray="${dash}" stroke-linecap="round"` : ""}/>`).join("");
}

function table({ gradients, errors, discarded }, cols) {
  const best = 1e-13;
  const matrix = g => g.map((x, i) => x.toFixed(4).padStart(9) + ((i + 1) % cols ? "" : "\n")).join("");
  return "<tr><th>Rule<th>Error of the gradient<th>Discarded<th>Gradient</tr>" + rules.map(({ name, colour }, r) => {
    const label = `<td><span class="swatch" style="background:${colour}"></span>${name}`;
    if (gradients[r].some(Number.isNaN)) return `<tr>${label}<td class="bad">refused: would divide by zero<td><td></tr>`;
    const verdict = errors[r] < best ? "right" : errors[r] > 1e-2 ? "bad" : "";
    return `<tr>${label}<td class="${verdict}" data-error="${errors[r]}">${scientific(errors[r])}` +
      `<td>${scientific(discarded[r])}<td><pre>${matrix(gradients[r])}</pre></tr>`;
  }).join("");
}

let drawn = "";
function show() {
  at("message").textContent = "";
  try {
    const rows = parse(at("matrix").value), wanted = loss() + at("matrix").value;
    if (drawn !== wanted) {
      solve(rows);
      drawn = wanted;
      if (Math.min(rows.length, rows[0].length) > 1) plot(rows); else at("plot").innerHTML = "";
    }
    const exponent = Number(at("slider").value);
    const solved = solve(narrowed(rows, exponent <= FLOOR ? 0 : 10 ** exponent)), { s } = solved;
    const gap = s.length > 1 ? (s[0] - s[1]) / s[0] : 1;
    at("gap").textContent = scientific(gap);
    at("values").textContent = s.map(x => x.toPrecision(6)).join("   ");
    at("rules").innerHTML = table(solved, rows[0].length);
    const here = across(Math.max(FLOOR, Math.log10(gap)));
    at("here")?.setAttribute("d", `M${here} ${top}V${bottom}`);
  } catch (error) { at("message").textContent = error.message; }
  document.body.dataset.ready = "yes";
}
for (const id of ["matrix", "slider", "loss"]) at(id).addEventListener("input", show);
show();
