// The scans shown -> every member, ranked: in words, against its group, with its last closes.

import {withQuery} from "./api.js"
import {card} from "./card.js"
import {field, segmented} from "./controls.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {openBars} from "./divergence_dialog.js"
import {fileMenu} from "./file_menu.js"
import {percent, ranked, windowName} from "./divergence_rows.js"
import {decimalsFor, number, signed} from "./format.js"
import {lineOf} from "./divergence_line.js"
import {dataTable} from "./table.js"

const SHOWN = [["all", "All"], ["apart", "Breaking ranks"]]
const NAMES = {diverger: "breaks ranks", loner: "often alone", unproven: "unproven", "in line": "in line", unscored: "not scored"}

/** Members that match what was typed and chosen. */
export function matching(rows, {typed, shown}) {
  const word = typed.trim().toLowerCase()
  return rows.filter((row) => (shown === "all" || !["in line", "unscored"].includes(row.verdict)) && `${row.symbol} ${row.name} ${row.label}`.toLowerCase().includes(word))
}

function returnOf(row, i) {
  const {own_return: own, others_return: others} = row.windows[i] ?? {}
  return h("span", {class: own < 0 ? "o-down" : own > 0 ? "o-up" : ""}, percent(own), h("span", {class: "o-sub"}, ` / ${percent(others)}`))
}

function columns(scans) {
  const [{interval, lookback}] = scans
  const of = (window, i) => ({
    name: `${windowName(window, interval)}, % / group`, title: "Own return, and the median of the others", text: (row) => returnOf(row, i), descending: true,
    value: (row) => (row.windows[i]?.own_return == null || row.windows[i].others_return == null ? null : row.windows[i].own_return - row.windows[i].others_return),
  })
  return [
    {name: "Symbol", text: (row) => row.symbol, value: (row) => row.symbol, align: "left"},
    {name: "Name", text: (row) => h("span", {class: "o-name", title: row.name}, row.name), value: (row) => row.name, align: "left", tone: () => "o-quiet"},
    ...(scans.length > 1 ? [{name: "Group", text: (row) => row.title, value: (row) => row.title, align: "left", tone: () => "o-quiet"}] : []),
    {name: "Verdict", text: (row) => h("span", {class: "o-tag", "data-verdict": row.verdict}, NAMES[row.verdict] ?? row.verdict), align: "left"},
    {name: "Reading", text: (row) => h("span", {class: "o-reading", title: [row.label, ...row.flags].join("\n")}, row.flags.length ? h("span", {class: "o-warn", "aria-hidden": "true"}, "⚑ ") : null, row.label), align: "left"},
    {name: "z", title: "The strongest, and its window", text: (row) => signed(row.z, 1), value: (row) => (row.z == null ? null : Math.abs(row.z)), descending: true, tone: (row) => (row.verdict === "in line" ? "" : row.z < 0 ? "o-low" : "o-accent")},
    {name: "over", text: (row) => (row.window ? windowName(row.window, interval) : "–"), value: (row) => row.window, tone: () => "o-quiet"},
    ...scans[0].windows.map(({window}, i) => of(window, i)),
    {name: "Close", text: (row) => (row.close == null ? "–" : number(row.close, Math.min(decimalsFor(row.close, 6), 6))), value: (row) => row.close, descending: true},
    {name: "60 closes", text: (row) => lineOf(row.closes60, `${row.symbol}: the last ${row.closes60.length} closes`)},
    {name: `Corr ${lookback}`, title: "With the equal-weight index of the others", text: (row) => number(row.correlation), value: (row) => row.correlation, descending: true},
    {name: "usually", title: "The same, before the longest window began; it confirms", text: (row) => number(row.usual_correlation), value: (row) => row.usual_correlation, descending: true, tone: () => "o-quiet"},
    {name: "β", text: (row) => number(row.beta), value: (row) => row.beta, descending: true},
    {name: "Flags", text: (row) => (row.flags.length ? h("span", {class: "o-flags", title: row.flags.join("\n")}, `⚑ ${row.flags.join("; ")}`) : ""), align: "left", tone: () => "o-warn"},
  ]
}

/** The scans shown -> [name, path] of their files, judged by the threshold that is shown. */
export function filesOf(scans, z) {
  return scans.map((scan) => [`Members of ${scan.title}`, withQuery(`/divergence/${encodeURIComponent(scan.group)}`, {interval: scan.interval, z: z || null})])
}

export function mount(box, model) {
  const find = field({label: "Find", type: "search", placeholder: "symbol or name"})
  const chosen = segmented({label: "Members", options: SHOWN, onchange: (value) => { shownNow = value; draw() }})
  const files = fileMenu({base: model.api, label: "Files of the members", files: () => filesOf(scans, model.z)})
  const frame = card(box, {title: "Who breaks ranks"}, files.element)
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the first scan…")
  frame.body.append(h("div", {class: "o-filters", role: "group", "aria-label": "Filters of the members"}, chosen.element, find.element), words)
  let [scans, table, key, shownNow, wrong] = [[], null, "", "all", ""]
  const build = () => {
    table?.element.remove()
    table = dataTable({caption: "Members, who breaks ranks first", columns: columns(scans), rowName: (row) => `Bars of ${row.symbol}`, onopen: (row) => openBars({base: model.api, row})})
    table.element.classList.add("o-members")
    frame.body.append(table.element)
  }
  const draw = () => {
    chosen.set(shownNow)
    files.button.disabled = !scans.length
    if (scans.length) {
      const now = `${scans.length > 1} ${scans[0].interval} ${scans[0].windows.map(({window}) => window)}`
      if (now !== key) build()
      key = now
    }
    const rows = matching(ranked(scans), {typed: find.value, shown: shownNow})
    table?.set(rows)
    if (table) table.element.hidden = !rows.length
    words.hidden = rows.length > 0
    words.textContent = scans.length ? (find.value ? "No member matches." : scans.map((scan) => scan.text).join(". ")) : wrong ? "Nothing to show." : "Waiting for the first scan…"
    frame.note(scans.map((scan) => (scans.length > 1 ? `${scan.title}: ${scan.divergers.length}` : scan.text)).join(" · "))
  }
  find.input.addEventListener("input", draw)
  const followed = follow(model, (shown) => {
    [scans, wrong] = [shown.scans, shown.wrong]
    draw()
  })
  return () => followed.end()
}
