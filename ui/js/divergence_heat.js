// The scans shown -> a heat map: a row a member, a column a window, coloured by z.

import {card} from "./card.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {openBars} from "./divergence_dialog.js"
import {colourOf, isBright, percent, ranked, windowName} from "./divergence_rows.js"
import {DASH, signed} from "./format.js"

function cell(row, score, interval) {
  const say = score.own_return == null ? "no return" : `${percent(score.own_return)} % against ${percent(score.others_return)} % of the others`
  return h("td", {
    class: [isBright(score.z) ? "o-bright" : "", score.crosses ? "o-crosses" : ""].join(" ").trim() || false,
    style: `background:${colourOf(score.z)}`, title: `${row.symbol} over ${windowName(score.window, interval)}: ${say}`,
  }, score.z == null ? DASH : signed(score.z, 1))
}

function line(row, interval, base) {
  return h("tr", {class: "o-opens", onclick: () => openBars({base, row})},
    h("th", {scope: "row", class: "o-left", title: row.name}, h("button", {type: "button", class: "o-open"}, row.symbol)),
    ...row.windows.map((score) => cell(row, score, interval)))
}

export function mount(box, model) {
  const frame = card(box, {title: "Heat map of z", size: "heat"})
  const head = h("tr")
  const body = h("tbody")
  const words = h("p", {class: "o-empty", role: "status"})
  const table = h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Robust z of every member over every window"},
    h("table", {class: "o-table o-heat"}, h("thead", {}, head), body))
  frame.body.append(words, table)
  const draw = (shown) => {
    const {scans} = shown
    table.hidden = !scans.length
    words.hidden = Boolean(scans.length)
    words.textContent = shown.wrong ? "Nothing to show." : "Waiting for the first scan…"
    if (!scans.length) return
    const {interval} = scans[0]
    head.replaceChildren(h("th", {scope: "col", class: "o-left"}, "Member"), ...scans[0].windows.map(({window}) => h("th", {scope: "col"}, windowName(window, interval))))
    body.replaceChildren(...scans.flatMap((scan) => [
      ...(scans.length > 1 ? [h("tr", {class: "o-group-row"}, h("th", {scope: "rowgroup", class: "o-left", colspan: scan.windows.length + 1}, scan.title))] : []),
      ...ranked([scan]).map((row) => line(row, interval, model.api)),
    ]))
    frame.note(`bold: |z| ≥ ${scans[0].enter_z}`)
  }
  const followed = follow(model, draw)
  return () => followed.end()
}
