// The buzz of an hour -> everybody mentioned, ranked by how far beyond the usual; a row opens its posts.

import {card} from "./card.js"
import {field} from "./controls.js"
import {h} from "./dom.js"
import {DASH, number, signed} from "./format.js"
import {ago} from "./divergence_rows.js"
import {follow} from "./social.js"
import {barShare, behindWords, hourWords, isNew, matching, moodWords, multipleWords} from "./social_rows.js"
import {hourBars} from "./social_spark.js"
import {dataTable} from "./table.js"

const SPARK = {width: 84, height: 20}

function multiple(row, rows) {
  return h("div", {class: "o-multiple", title: behindWords(row), "data-early": !row.is_warm},
    h("span", {class: "o-multiple-bar", "aria-hidden": "true", style: `width:${(barShare(row, rows) * 100).toFixed(1)}%`}),
    h("span", {class: `o-multiple-text${isNew(row) ? " o-violet" : ""}`}, multipleWords(row)))
}

function mood(row) {
  const told = row.bullish + row.bearish
  const share = (count) => `width:${told ? ((count / told) * 100).toFixed(1) : 0}%`
  return h("div", {class: "o-mood", title: moodWords(row), role: "img", "aria-label": moodWords(row)},
    h("span", {class: "o-mood-count o-up"}, told ? String(row.bullish) : ""),
    h("span", {class: "o-mood-bar", "data-none": !told}, h("i", {class: "o-bulls", style: share(row.bullish)}), h("i", {class: "o-bears", style: share(row.bearish)})),
    h("span", {class: "o-mood-count o-down"}, told ? String(row.bearish) : ""))
}

function momentum(row) {
  if (row.momentum == null) return DASH
  const arrow = row.momentum > 0.1 ? "↑" : row.momentum < -0.1 ? "↓" : "→"
  return h("span", {class: row.momentum > 0.1 ? "o-accent" : row.momentum < -0.1 ? "o-low" : "o-quiet"}, `${arrow} ${signed(row.momentum, 1)}`)
}

function columns({rows, chosen, nowMs}) {
  return [
    {name: "#", title: "1 is the most abnormal; those with fewer than three mentions are not ranked", text: (row) => (row.rank == null ? DASH : String(row.rank)), value: (row) => row.rank, tone: (row) => (row.symbol === chosen() ? "o-quiet o-is-chosen" : "o-quiet")},
    {name: "Symbol", text: (row) => h("b", {}, row.symbol), value: (row) => row.symbol, align: "left"},
    {name: "Name", text: (row) => h("span", {class: "o-name", title: row.name}, row.name === row.symbol ? "" : row.name), value: (row) => row.name, align: "left", tone: () => "o-quiet"},
    {name: "× baseline", title: "Mentions, as a multiple of what is usual in this hour of the day", text: (row) => multiple(row, rows()), value: (row) => row.multiple ?? (row.expected === 0 ? Infinity : null), descending: true, align: "left"},
    {name: "Mentions", title: "Posts of the hour that name it; a click shows them", text: (row) => h("span", {class: "o-link"}, number(row.mentions, 0)), value: (row) => row.mentions, descending: true},
    {name: "z", title: "(mentions − expected) / scale, the scale being the usual scatter", text: (row) => signed(row.z, 1), value: (row) => row.z, descending: true, tone: (row) => (row.is_warm ? "" : "o-quiet")},
    {name: "Momentum", title: "Logarithmic ratio less that of the hour before", text: momentum, value: (row) => row.momentum, descending: true},
    {name: "Bulls · bears", title: "Of those who said, or whose words VADER could read", text: mood, value: (row) => row.balance, descending: true, align: "left"},
    {name: "24 h", title: "Mentions an hour; a hole is an hour that nobody read", text: (row) => hourBars(row.spark, SPARK)},
    {name: "First seen", title: "The earliest mention that is known", text: (row) => ago(nowMs() - row.first_seen_ms), value: (row) => row.first_seen_ms, descending: true, tone: (row) => (isNew(row) ? "o-violet" : "o-quiet")},
  ]
}

/** What is said where there is no row. */
export function emptyWords({view, error}, typed) {
  if (typed) return "No symbol matches."
  if (!view) return error ? "Nothing to show." : "Waiting for the first result…"
  if (view.hour_ms == null) return view.scans.length ? "Nothing has been mentioned yet: the places below are being read." : "No forum has been read yet. “oddlot up” starts the producers of posts; docs/forums.md says what they need."
  return "Nobody was mentioned in this hour."
}

export function mount(box, model) {
  const find = field({label: "Find", type: "search", placeholder: "symbol or name"})
  const frame = card(box, {title: "Who is talked about"}, find.element)
  const words = h("p", {class: "o-empty", role: "status"})
  let rows = []
  const choose = (row) => { model.symbol = row.symbol === model.symbol ? "" : row.symbol }
  const table = dataTable({
    caption: "Symbols mentioned in the hour, the most abnormal first", onopen: choose, rowName: (row) => `Posts about ${row.symbol}`,
    columns: columns({rows: () => rows, chosen: () => model.symbol, nowMs: () => Date.now()}),
  })
  table.element.classList.add("o-ranking")
  frame.tools.classList.add("o-small")
  frame.body.append(words, table.element)
  const draw = (shown) => {
    const {view} = shown
    rows = view?.rows ?? []
    const found = matching(rows, find.value)
    table.set(found)
    table.element.hidden = !found.length
    words.hidden = found.length > 0
    words.textContent = emptyWords(shown, find.value)
    const of = view?.hour_ms == null ? "" : `${hourWords(view.hour_ms, Date.now())} UTC · `
    frame.note(view ? `${of}${view.baseline.text}${view.symbols > rows.length ? ` · the first ${rows.length} of ${view.symbols}` : ""}` : "")
  }
  const followed = follow(model, draw)
  find.input.addEventListener("input", () => draw(followed.shown))
  return () => followed.end()
}
