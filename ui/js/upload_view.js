// What the API understood of an upload -> tables, and the controls to correct it.

import {choice} from "./controls.js"
import {h} from "./dom.js"
import {moment, number} from "./format.js"
import {intervalName} from "./source.js"

const HEAD_BYTES = 64 * 1024 // enough of a file to know its header
const ROLES = ["time", "symbol", "open", "high", "low", "close", "volume"]
const DELIMITERS = [["", "as found"], [",", "comma"], [";", "semicolon"], ["\t", "tab"], ["|", "bar"]]
const NAMED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ".": "point"}
const MOST_PREVIEWED = 3

const named = (mark) => NAMED[mark] ?? mark ?? "–"
const day = (ms) => (ms == null ? "–" : moment(ms).replace(" 00:00:00", ""))

/** A table of files: what each is taken for. */
export function understoodTable(about) {
  const heads = ["File", "Rows", "Symbols", "Bars", "From", "To", "Columns", "Times", "Marks"]
  const rows = about.understood.files.map((file) => [
    file.name,
    number(file.rows, 0),
    file.symbols.length > 6 ? `${file.symbols.slice(0, 6).join(", ")} and ${file.symbols.length - 6} more` : file.symbols.join(", "),
    file.interval_ms ? intervalName(file.interval_ms) : "irregular",
    day(file.first_ms),
    day(file.last_ms),
    Object.entries(file.columns).map(([role, column]) => (String(column) === role ? role : `${role} ← ${column}`)).join(", "),
    [file.time_format, file.timezone].filter(Boolean).join(" · "),
    `${file.encoding} · ${named(file.delimiter)} · decimal ${named(file.decimal)}`,
  ])
  return h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Files as understood"},
    h("table", {class: "o-table o-wrap"}, h("caption", {class: "o-unseen"}, "Files as understood"),
      h("thead", {}, h("tr", {}, ...heads.map((name, i) => h("th", {scope: "col", class: i === 1 ? false : "o-left"}, name)))),
      h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((text, i) => h("td", {class: i === 1 ? false : "o-left"}, text)))))))
}

/** The rows that were left out, with line numbers and reasons. */
export function badRows(about) {
  if (!about.bad_rows_total) return h("p", {class: "o-sub"}, "Every row could be read.")
  const shown = about.bad_rows.length < about.bad_rows_total ? `, the first ${about.bad_rows.length} below` : ""
  return h("details", {class: "o-bad"},
    h("summary", {}, `${number(about.bad_rows_total, 0)} rows were left out${shown}`),
    h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Rows left out", "data-size": "log"},
      h("table", {class: "o-table o-wrap"}, h("caption", {class: "o-unseen"}, "Rows left out"),
        h("thead", {}, h("tr", {}, ...["File", "Line", "Why", "What it says"].map((name, i) => h("th", {scope: "col", class: i === 1 ? false : "o-left"}, name)))),
        h("tbody", {}, ...about.bad_rows.map((row) => h("tr", {},
          h("td", {class: "o-left"}, row.file), h("td", {}, number(row.line, 0)), h("td", {class: "o-left o-warn"}, row.reason), h("td", {class: "o-left"}, h("code", {}, row.text))))))))
}

/** The first cells of a file, as its delimiter parts them. */
async function headOf(file, delimiter) {
  const text = await file.slice(0, HEAD_BYTES).text()
  const line = text.replace(/^\uFEFF/, "").split(/\r?\n/).find((each) => each.trim()) ?? ""
  return line.split(delimiter || ",").map((cell) => cell.trim().replace(/^"|"$/g, ""))
}

/** Controls to read the files again with columns or a delimiter of one's own. */
export async function overrides(about, files, onread) {
  if (!files.length) return h("span")
  const understood = about.understood.files[0]
  const heads = new Set()
  for (const file of files.slice(0, MOST_PREVIEWED)) (await headOf(file, understood.delimiter)).forEach((name) => name && heads.add(name))
  const delimiter = choice({label: "Delimiter", options: DELIMITERS})
  const roles = ROLES.map((role) => [role, choice({label: role, options: [["", `as found${understood.columns[role] == null ? "" : `: ${understood.columns[role]}`}`], ...heads]})])
  const read = () => {
    const columns = Object.fromEntries(roles.map(([role, each]) => [role, each.value]).filter(([, column]) => column))
    onread({delimiter: delimiter.value, columns: Object.keys(columns).length ? JSON.stringify(columns) : ""})
  }
  return h("details", {class: "o-overrides"}, h("summary", {}, "Something is wrong? Say which column is which"),
    h("div", {class: "o-filters"}, delimiter.element, ...roles.map(([, each]) => each.element), h("button", {type: "button", class: "o-button", onclick: read}, "Read again")))
}
