// The scans shown -> their figures: how many break ranks, how far, how the group moved, how old it is.

import {h, setText} from "./dom.js"
import {follow} from "./divergence.js"
import {ago, barOf, percent, ranked, windowName} from "./divergence_rows.js"
import {DASH, signed} from "./format.js"

const DRAW_EVERY_MS = 1_000 // the age grows

function tile(name) {
  const parts = {name: h("dt"), figure: h("dd", {class: "o-figure"}, DASH), note: h("dd", {class: "o-sub"})}
  return {...parts, box: h("div", {class: "o-tile", "data-tile": name}, parts.name, parts.figure, parts.note)}
}

/** What the tiles say: [name, title, figure, note, tone]. */
export function figuresOf(scans, {interval, nowMs}) {
  const rows = ranked(scans)
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length
  const scored = scans.reduce((sum, scan) => sum + scan.scored, 0)
  const strongest = rows.filter((row) => row.z != null).sort((a, b) => Math.abs(b.z) - Math.abs(a.z))[0]
  const alone = scans.length === 1 ? scans[0] : null
  const divergers = count("diverger")
  const names = rows.filter((row) => row.verdict === "diverger").map((row) => row.symbol)
  const medians = (alone?.windows ?? []).map((window) => [`median-${window.window}`, `Median ${windowName(window.window, interval)}`,
    window.median_return == null ? DASH : `${percent(window.median_return)} %`,
    window.median_return == null ? "too few bars" : window.benchmark_return == null ? `spread ±${percent(window.dispersion).replace("+", "")} %` : `${alone.benchmark} ${percent(window.benchmark_return)} %`,
    window.median_return > 0 ? "up" : window.median_return < 0 ? "down" : ""])
  const oldest = scans.length ? Math.min(...scans.map((scan) => scan.takenMs)) : null
  const newestBar = scans.length ? Math.max(...scans.map((scan) => scan.open_ms)) : null
  return [
    ["members", alone ? "Members" : "Groups · members", scans.length ? (alone ? String(rows.length) : `${scans.length} · ${rows.length}`) : DASH, scans.length ? (scored === rows.length ? "all scored" : `${scored} scored`) : "waiting for a scan", ""],
    ["divergers", "Break ranks", scans.length ? String(divergers) : DASH, divergers ? names.slice(0, 4).join(", ") + (names.length > 4 ? "…" : "") : "confirmed by correlation", divergers ? "warn" : ""],
    ["loners", "Move alone anyway", scans.length ? String(count("loner") + count("unproven")) : DASH, "beyond, not confirmed", ""],
    ...medians,
    ["strongest", "Strongest z", strongest ? signed(strongest.z, 1) : DASH, strongest ? `${strongest.symbol} over ${windowName(strongest.window, interval)}` : "", ""],
    ["age", interval === "1d" ? "Closes of" : "Bar of, UTC", newestBar === null ? DASH : barOf(newestBar, interval).slice(interval === "1d" ? 0 : 11), oldest === null ? "" : `computed ${ago(nowMs - oldest)}`, ""],
  ]
}

export function mount(box, model) {
  const list = h("dl", {class: "o-tiles", "aria-label": "Figures of the scan"})
  const tiles = new Map()
  box.append(list)
  const draw = () => {
    if (!followed) return
    const said = figuresOf(followed.shown.scans, {interval: model.interval, nowMs: Date.now()})
    for (const [name] of said) if (!tiles.has(name)) tiles.set(name, tile(name))
    const boxes = said.map(([name]) => tiles.get(name).box)
    if (boxes.some((each, i) => list.children[i] !== each) || list.children.length !== boxes.length) list.replaceChildren(...boxes)
    for (const [name, title, figure, note, tone] of said) {
      const parts = tiles.get(name)
      setText(parts.name, title)
      setText(parts.figure, figure)
      setText(parts.note, note)
      if (parts.box.dataset.tone !== tone) parts.box.dataset.tone = tone
      if (parts.box.title !== note) parts.box.title = note
    }
  }
  let followed = null
  followed = follow(model, () => draw())
  draw()
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  return () => {
    clearInterval(ticking)
    followed.end()
  }
}
