// The groups shown -> who broke ranks before, newest first.

import {withQuery} from "./api.js"
import {card} from "./card.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {openBars} from "./divergence_dialog.js"
import {fileMenu} from "./file_menu.js"
import {barOf, windowName} from "./divergence_rows.js"
import {signed} from "./format.js"
import {dataTable} from "./table.js"

/** Histories of groups -> one list, newest first. */
export function historyOf(shown) {
  const rows = shown.groups.flatMap((group) => (shown.histories.get(group) ?? []).map((row) => ({...row, group, title: shown.views.get(group)?.title ?? group})))
  return rows.sort((a, b) => b.open_ms - a.open_ms || Math.abs(b.z) - Math.abs(a.z))
}

function columns(interval) {
  return [
    {name: "Symbol", text: (row) => row.symbol, value: (row) => row.symbol, align: "left"},
    {name: interval === "1d" ? "Closes of" : "Bar of, UTC", text: (row) => barOf(row.open_ms, interval), value: (row) => row.open_ms, align: "left", descending: true},
    {name: "Group", text: (row) => row.title, value: (row) => row.title, align: "left"},
    {name: "z", text: (row) => signed(row.z, 1), value: (row) => Math.abs(row.z), descending: true, tone: (row) => (row.z < 0 ? "o-low" : "o-accent")},
    {name: "Over", text: (row) => windowName(row.window, interval), value: (row) => row.window},
    {name: "What happened", text: (row) => row.label, align: "left"},
  ]
}

export function mount(box, model) {
  const pathOf = (group) => withQuery(`/divergence/${encodeURIComponent(group)}/history`, {interval: model.interval})
  const files = fileMenu({base: model.api, label: "Files of past divergences", files: () => followed.shown.groups.map((group) => [followed.shown.views.get(group)?.title ?? group, pathOf(group)])})
  const frame = card(box, {title: "Past divergences"}, files.element)
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the history…")
  frame.body.append(words)
  let [table, of] = [null, null]
  const draw = (shown) => {
    if (of !== shown.interval) {
      table?.element.remove()
      table = dataTable({caption: "Past divergences, newest first", columns: columns(shown.interval), rowName: (row) => `Bars of ${row.symbol}`, onopen: (row) => openBars({base: model.api, row: {...row, venue: shown.views.get(row.group)?.venue}})})
      table.element.dataset.size = "log"
      frame.body.append(table.element)
      of = shown.interval
    }
    const rows = historyOf(shown)
    const known = shown.groups.length && shown.groups.every((group) => shown.histories.has(group))
    table.set(rows)
    table.element.hidden = !rows.length
    words.hidden = rows.length > 0
    words.textContent = shown.pasted.length ? "Pasted symbols have no history: only peer groups are scanned every day."
      : shown.historyError && !rows.length ? `The history could not be had: ${shown.historyError.message}`
        : known ? "Nobody has broken ranks in the scans that are kept." : "Waiting for the history…"
    frame.note(rows.length ? `${rows.length} kept` : "")
    files.element.hidden = shown.pasted.length > 0
  }
  const followed = follow(model, draw)
  return () => followed.end()
}
