// Rows -> a table whose columns can be sorted and whose rows can be opened by mouse and keyboard.

import {h} from "./dom.js"

/** Order rows by a column's value; what is missing comes last either way. */
export function ordered(rows, value, descending) {
  const sign = descending ? -1 : 1
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)]
    if (left == null || right == null) return (left == null) - (right == null)
    return left < right ? -sign : left > right ? sign : 0
  })
}

/** Columns are {name, text(row), value?(row), align?, tone?(row), title?}; `onopen(row)` makes rows links. */
export function dataTable({caption, columns, onopen = null, sort = null, rowName = () => ""}) {
  let [rows, by, descending] = [[], sort?.column ?? null, sort?.descending ?? false]
  const heads = columns.map((column, i) => {
    const name = column.value ? h("button", {type: "button", onclick: () => sortBy(i)}, column.name) : column.name
    return h("th", {scope: "col", class: column.align === "left" ? "o-left" : "", title: column.title ?? false}, name)
  })
  const tbody = h("tbody")
  const element = h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": caption},
    h("table", {class: "o-table"}, h("caption", {class: "o-unseen"}, caption), h("thead", {}, h("tr", {}, ...heads)), tbody))

  const cell = (column, row, i) => {
    const content = onopen && i === 0 ? h("button", {type: "button", class: "o-open", "aria-label": rowName(row)}, column.text(row)) : column.text(row)
    return h("td", {class: [column.align === "left" ? "o-left" : "", column.tone?.(row) ?? ""].join(" ").trim() || false}, content)
  }
  const draw = () => {
    const shown = by === null ? rows : ordered(rows, columns[by].value, descending)
    heads.forEach((head, i) => (i === by ? head.setAttribute("aria-sort", descending ? "descending" : "ascending") : head.removeAttribute("aria-sort")))
    tbody.replaceChildren(...shown.map((row) => h("tr", {onclick: onopen && (() => onopen(row)), class: onopen ? "o-opens" : false}, ...columns.map((column, i) => cell(column, row, i)))))
  }
  const sortBy = (i) => {
    descending = by === i ? !descending : columns[i].descending ?? false
    by = i
    draw()
  }
  return {element, set: (all) => { rows = all; draw() }}
}
