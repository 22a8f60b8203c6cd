// The scans shown -> a dispersion strip: every member a dot by its z, the threshold, who lies beyond it.

import {card, chartBody} from "./card.js"
import {segmented} from "./controls.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {openBars} from "./divergence_dialog.js"
import {percent, ranked, windowName} from "./divergence_rows.js"
import {AXIS_PX, drawStrip, nearest, rowPx} from "./divergence_strip_canvas.js"
import {signed} from "./format.js"

const MOST_WITH_ALL = 2 // groups of which every window gets a row

/** Scans -> rows of dots; `chosen` is a window, or "all". */
export function linesOf(scans, chosen) {
  return scans.flatMap((scan) => scan.windows.map(({window}, i) => ({window, i})).filter(({window}) => chosen === "all" || String(window) === chosen).map(({window, i}) => ({
    name: scans.length > 1 ? scan.title : "",
    window: windowName(window, scan.interval),
    enterZ: scan.enter_z,
    dots: ranked([scan]).filter((row) => row.windows[i].z != null).map((row) => ({...row.windows[i], symbol: row.symbol, row, key: `${scan.group} ${window} ${row.symbol}`})),
  })))
}

function fillLegend(legend, at) {
  if (!at) return legend.replaceChildren()
  legend.replaceChildren(h("b", {}, at.symbol), h("span", {class: at.crosses ? (at.z < 0 ? "o-low" : "o-accent") : "o-quiet"}, `z ${signed(at.z)} over ${windowName(at.window, at.row.interval)}`),
    h("span", {}, `${percent(at.own_return)} % · others ${percent(at.others_return)} %`), h("span", {class: "o-note"}, at.label))
}

export function mount(box, model) {
  let [shown, at, lines, place, asked, chosen] = [null, null, [], null, 0, ""]
  const windows = segmented({label: "Windows", options: [["all", "All"]], onchange: (value) => { chosen = value; update() }})
  const slot = h("div", {}, windows.element)
  const frame = card(box, {title: "Dispersion · robust z against the others"}, slot)
  const chart = chartBody(frame.body, {label: "Dispersion", onretry: () => followed.shown.scan(), keys: false})
  chart.legend.classList.add("o-strip-legend")
  frame.body.classList.add("o-strip-body")
  const canvas = h("canvas", {"aria-hidden": "true"})
  chart.plot.append(canvas)
  const draw = () => {
    asked = 0
    if (!lines.length || !canvas.clientWidth) return
    place = drawStrip(canvas, {lines, at})
    fillLegend(chart.legend, at)
    canvas.style.cursor = at ? "pointer" : ""
  }
  const later = () => { asked ||= requestAnimationFrame(draw) }
  const offer = (scans) => {
    const names = scans[0].windows.map(({window}) => [String(window), windowName(window, scans[0].interval)])
    const key = JSON.stringify(names)
    if (slot.dataset.of === key) return
    slot.dataset.of = key
    const made = segmented({label: "Windows", options: [["all", "All"], ...names], onchange: (value) => { chosen = value; update() }})
    slot.replaceChildren(made.element)
    windows.set = made.set
  }
  const update = () => {
    const scans = shown?.scans ?? []
    if (!scans.length) return shown?.wrong ? chart.empty("Nothing to show.") : undefined
    offer(scans)
    const now = chosen || (scans.length <= MOST_WITH_ALL ? "all" : String(scans[0].windows[0].window))
    windows.set(now)
    lines = linesOf(scans, now)
    frame.body.style.height = `${Math.max(2, lines.length) * rowPx(lines) + AXIS_PX + 34}px`
    if (!lines.some((line) => line.dots.length)) return chart.empty("No member has a score: too few closes are known.")
    chart.ready()
    const beyond = [...new Set(lines.flatMap((line) => line.dots.filter((dot) => dot.crosses).map((dot) => dot.symbol)))]
    chart.describe(`Dispersion of ${scans.map((scan) => scan.title).join(", ")}: ${beyond.length ? `beyond the threshold ${beyond.join(", ")}` : "nobody beyond the threshold"}`)
    later()
  }
  canvas.addEventListener("pointermove", (event) => {
    const found = place && nearest(place.dots, event)
    if (found?.key === at?.key) return
    at = found
    later()
  })
  canvas.addEventListener("pointerleave", () => {
    at = null
    later()
  })
  canvas.addEventListener("click", (event) => {
    const found = place && nearest(place.dots, event)
    if (found) openBars({base: model.api, row: found.row})
  })
  const sized = new ResizeObserver(later)
  sized.observe(canvas)
  const followed = follow(model, (now) => {
    shown = now
    update()
  })
  const charts = ((window.oddlot ??= {}).charts ??= {})
  charts.strip = {get lines() { return lines }, get place() { return place }}
  return () => {
    delete charts.strip
    sized.disconnect()
    cancelAnimationFrame(asked)
    followed.end()
  }
}
