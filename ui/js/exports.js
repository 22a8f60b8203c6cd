// All processed data of the page -> links to files: CSV, Parquet, Arrow, over a stretch of time.

import {FORMATS, withQuery} from "./api.js"
import {choice, menuButton} from "./controls.js"
import {h} from "./dom.js"
import {groupOf} from "./linked.js"
import {sourceOf} from "./source.js"
import {inWords} from "./watchlist.js"

const STRETCHES = [["all", "Everything kept"], ["shown", "What the charts show"], ["hour", "The last hour"], ["day", "The last day"]]
const LENGTHS_MS = {hour: 3_600_000, day: 86_400_000}

/** The bounds of a stretch of time, as the API takes them. */
export function boundsOf(stretch, {range, nowMs}) {
  if (stretch === "shown" && range) return {from: Math.floor(range.fromMs), to: Math.ceil(range.toMs)}
  if (LENGTHS_MS[stretch]) return {from: nowMs - LENGTHS_MS[stretch]}
  return {}
}

/** What can be had of a pair: [name, path without format]. */
export function exportsOf(source, pair) {
  const [y, x] = pair.split("~")
  const {interval} = source
  return [
    [`Bars of ${y} · ${interval}`, source.bars(y)],
    [`Bars of ${x} · ${interval}`, source.bars(x)],
    [`Spreads of ${inWords(pair)} · ${interval}`, source.spreads(pair)],
    [`Tests of ${inWords(pair)} · ${interval}`, source.tests(pair)],
    ...(source.isLive ? [[`Alerts of ${inWords(pair)}`, withQuery("/alerts", {subject: pair})], ["Alerts of every pair", "/alerts"]] : []),
  ]
}

/** Links for each format of a path. */
export function formatLinks(base, path, name) {
  return Object.entries(FORMATS).map(([format, text]) => h("a", {
    href: base + withQuery(path, {format}), target: "_blank", rel: "noopener", download: "", class: "o-link", "aria-label": `${name} as ${text}`,
  }, text))
}

/** The export button of the toolbar. */
export function exportMenu(model, group) {
  const stretch = choice({label: "Of", options: STRETCHES, onchange: () => fillRows()})
  const rows = h("div", {class: "o-exports"})
  const fillRows = async () => {
    try {
      const source = await sourceOf(model)
      const bounds = boundsOf(stretch.value, {range: groupOf(group).range, nowMs: Date.now()})
      rows.replaceChildren(...exportsOf(source, model.pair).flatMap(([name, path]) => [
        h("span", {}, name), ...formatLinks(source.base, withQuery(path, bounds), name),
      ]))
    } catch (error) {
      rows.replaceChildren(h("p", {class: "o-warn"}, error.message))
    }
  }
  return menuButton({
    text: "Export", label: "Export data",
    fill: (panel) => {
      panel.replaceChildren(stretch.element, rows)
      return fillRows()
    },
  })
}
