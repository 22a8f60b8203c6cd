// Every peer group and how it stands; a row opens it.

import {withQuery} from "./api.js"
import {card} from "./card.js"
import {choice, field} from "./controls.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {editGroup} from "./group_dialog.js"
import {fileMenu} from "./file_menu.js"
import {ago, barOf, percent, windowName} from "./divergence_rows.js"
import {dataTable} from "./table.js"

/** Groups whose title, sector or members that break ranks match what was typed. */
export function matching(groups, {typed, sector}) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const text = (group) => [group.title, group.sector, group.group, ...group.divergers, ...group.loners].join(" ").toLowerCase()
  return groups.filter((group) => (!sector || group.sector === sector) && words.every((word) => text(group).includes(word)))
}

function columns(interval, windows, takenMs) {
  const median = (window, i) => ({
    name: `Median ${windowName(window, interval)}, %`, text: (row) => percent(row.windows[i]?.median_return), value: (row) => row.windows[i]?.median_return ?? null,
    descending: true, tone: (row) => ((row.windows[i]?.median_return ?? 0) < 0 ? "o-down" : "o-up"),
  })
  return [
    {name: "Group", text: (row) => row.title, value: (row) => row.title, align: "left"},
    {name: "Sector", text: (row) => row.sector, value: (row) => row.sector, align: "left"},
    {name: "Members", text: (row) => (row.scored === row.members || row.open_ms == null ? String(row.members) : `${row.scored} of ${row.members}`), value: (row) => row.members, descending: true},
    {name: "Break ranks", text: (row) => (row.divergers.length ? row.divergers.join(", ") : "–"), value: (row) => row.divergers.length, descending: true, align: "left", tone: (row) => (row.divergers.length ? "o-warn" : "")},
    {name: "Alone anyway", text: (row) => String(row.loners.length), value: (row) => row.loners.length, descending: true},
    ...windows.map(median),
    {name: interval === "1d" ? "Closes of" : "Bar of, UTC", text: (row) => (row.open_ms == null ? "not yet" : barOf(row.open_ms, interval)), value: (row) => row.open_ms, descending: true},
    {name: "Computed", text: (row) => (row.age_ms == null ? "–" : ago(row.age_ms + Date.now() - takenMs())), value: (row) => row.age_ms},
    {name: "", text: editButton},
  ]
}

function editButton(row) {
  return h("button", {type: "button", class: "o-open o-edit", "aria-label": `Edit ${row.title}`, title: "Edit this group", onclick: (event) => {
    event.stopPropagation() // the row opens it
    editGroup(row.group)
  }}, "✎")
}

export function mount(box, model) {
  const files = fileMenu({base: model.api, label: "Files of every group", files: () => [["How every group stands", withQuery("/divergence", {interval: model.interval, z: model.z || null})]]})
  const add = h("button", {type: "button", class: "o-button", onclick: () => editGroup(null)}, "New group")
  const frame = card(box, {title: "Every peer group"}, add, files.element)
  const find = field({label: "Find", type: "search", placeholder: "group or symbol"})
  const sector = choice({label: "Sector", options: [["", "all"]], onchange: () => draw(followed.shown)})
  const words = h("p", {class: "o-empty", role: "status"})
  frame.body.append(h("div", {class: "o-filters", role: "group", "aria-label": "Filters of the groups"}, find.element, sector.element), words)
  let [table, key, summary, takenMs] = [null, "", null, 0]
  const draw = (shown) => {
    if (shown.summary !== summary) [summary, takenMs] = [shown.summary, Date.now()]
    words.hidden = Boolean(summary?.groups.length)
    words.textContent = shown.summaryError && !summary ? shown.summaryError.message : summary ? "No peer group has such bars." : "Waiting for the groups…"
    if (!summary) return
    const windows = summary.groups.find((group) => group.windows.length)?.windows.map(({window}) => window) ?? []
    if (key !== `${summary.interval} ${windows}`) {
      table?.element.remove()
      table = dataTable({
        caption: "Peer groups and who breaks ranks in them", columns: columns(summary.interval, windows, () => takenMs), sort: {column: 3, descending: true},
        rowName: (row) => `Show ${row.title}`,
        onopen: (row) => {
          model.symbols = model.benchmark = ""
          model.groups = row.group
          window.scrollTo?.({top: 0})
        },
      })
      table.element.dataset.size = "log"
      frame.body.append(table.element)
      key = `${summary.interval} ${windows}`
    }
    const found = matching(summary.groups, {typed: find.value, sector: sector.value})
    sector.fill([["", "all"], ...[...new Set(summary.groups.map((group) => group.sector))].sort()])
    table.set(found)
    frame.note(`${found.length} of ${summary.groups.length} · ${summary.groups.filter((group) => group.divergers.length).length} with divergers`)
  }
  let followed = null
  followed = follow(model, draw)
  find.input.addEventListener("input", () => draw(followed.shown))
  return () => followed.end()
}
