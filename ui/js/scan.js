// A peer group -> all of its pairs, ranked by whether their spreads come back; a row opens the pair.

import {eachLine, withQuery} from "./api.js"
import {card} from "./card.js"
import {choice, field, menuButton} from "./controls.js"
import {h, setText} from "./dom.js"
import {formatLinks} from "./exports.js"
import {clock, duration, number, probability, significant, signed} from "./format.js"
import {dataTable} from "./table.js"
import {inWords, watchlistOf} from "./watchlist.js"

const WIDE_Z = 2 // the usual threshold; a pair that is not watched has none of its own

const COLUMNS = (list) => [
  {name: "Pair", text: (row) => `${inWords(row.pair)}${list.of(row.pair) ? " ✓" : ""}`, value: (row) => row.pair, align: "left", title: "✓ is watched"},
  {name: "q", text: (row) => probability(row.q_value), value: (row) => row.q_value, tone: (row) => (row.is_cointegrated ? "o-up" : ""), title: "p, corrected for the number of pairs tried (Benjamini–Hochberg)"},
  {name: "EG p", text: (row) => probability(row.eg_p, 4), value: (row) => row.eg_p, title: "Engle–Granger p-value, not corrected"},
  {name: "Half-life", text: (row) => (row.half_life_bars == null ? "–" : `${number(row.half_life_bars, 1)}`), value: (row) => row.half_life_bars, title: "bars"},
  {name: "z", text: (row) => signed(row.z), value: (row) => (row.z == null ? null : Math.abs(row.z)), descending: true, tone: (row) => (Math.abs(row.z) >= WIDE_Z ? "o-warn" : "")},
  {name: "Corr.", title: "of returns", text: (row) => number(row.correlation, 3), value: (row) => row.correlation, descending: true},
  {name: "β", text: (row) => significant(row.hedge_ratio, 4), value: (row) => row.hedge_ratio},
  {name: "n", text: (row) => number(row.n, 0), value: (row) => row.n},
]

function controls(model, list) {
  const group = choice({label: "Group"})
  const interval = choice({label: "Bars", options: ["1s", "1m", "5m"]})
  const window = field({label: "Window", type: "number", min: 10, max: 5000, step: 1, value: 300, required: true})
  const prices = choice({label: "Prices", options: ["level", "log"]})
  interval.set(model.interval)
  return {
    elements: [group, interval, window, prices].map((each) => each.element),
    fill: () => group.fill(list.groups, list.of(model.pair)?.group ?? undefined),
    group,
    get path() { return withQuery("/pairs/scan", {group: group.value, interval: interval.value, window: window.value, prices: prices.value}) },
  }
}

export function mount(box, model) {
  const list = watchlistOf(model.api)
  const chosen = controls(model, list)
  let [running, path] = [null, ""]
  const exports = menuButton({
    text: "Export", label: "Export the scan",
    fill: (panel) => panel.replaceChildren(h("div", {class: "o-exports"}, h("span", {}, "This scan"), ...formatLinks(model.api, path, "The scan"))),
  })
  exports.element.hidden = true
  const frame = card(box, {title: "Scan of a peer group"}, exports.element)
  const run = h("button", {type: "button", class: "o-button o-primary", onclick: () => (running ? running.abort() : scan())}, "Scan")
  const progress = h("progress", {hidden: true, max: 1, value: 0, "aria-label": "Pairs tested"})
  const words = h("p", {class: "o-empty", role: "status"}, "Tests every pair of a group for cointegration, both directions, and corrects for their number.")
  const table = dataTable({
    caption: "Pairs of the group, ranked", columns: COLUMNS(list), sort: null, rowName: (row) => `Open ${inWords(row.pair)}`,
    onopen: (row) => {
      model.mode = "live"
      model.pair = row.pair
    },
  })
  table.element.hidden = true
  table.element.dataset.size = "log"
  frame.body.append(h("div", {class: "o-filters", role: "group", "aria-label": "What to scan"}, ...chosen.elements, run), progress, words, table.element)

  const finish = (result) => {
    table.set(result.pairs)
    table.element.hidden = false
    exports.element.hidden = false
    const found = result.pairs.filter((row) => row.is_cointegrated).length
    frame.note(`${result.pairs.length} pairs in ${duration(result.took_ms)} · ${clock(result.computed_ms)}`)
    setText(words, `${found} of ${result.trials} cointegrated after correction. ${result.corrections}`)
  }
  const hear = (line) => {
    if (line.type === "result") return finish(line)
    if (line.type === "error") throw new Error(line.problem.detail)
    progress.max = line.total
    progress.value = line.done
    return setText(words, `Tested ${number(line.done, 0)} of ${number(line.total, 0)} pairs…`)
  }
  const scan = async () => {
    running = new AbortController()
    path = chosen.path
    setText(run, "Stop")
    setText(words, "Asking…")
    progress.removeAttribute("value")
    progress.hidden = false
    try {
      await eachLine(model.api, path, {signal: running.signal, onLine: hear})
    } catch (error) {
      setText(words, error.name === "AbortError" ? "Stopped." : error.message)
    } finally {
      running = null
      progress.hidden = true
      setText(run, "Scan")
    }
  }
  // Scanned once by itself, when somebody comes to see it.
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting || !chosen.group.value) return
    seen.disconnect()
    scan()
  })
  const unfollow = list.watch(() => {
    chosen.fill()
    if (!path) {
      seen.disconnect()
      seen.observe(box)
    }
  })
  return () => {
    unfollow()
    seen.disconnect()
    running?.abort()
  }
}
