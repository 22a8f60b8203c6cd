// What the API understood of an upload -> tables, and the controls to correct it.

import {choice, field} from "./controls.js"
import {h} from "./dom.js"
import {moment, number} from "./format.js"
import {intervalName} from "./source.js"

const ROLES = ["time", "symbol", "open", "high", "low", "close", "volume"]
const DELIMITERS = [["", "as found"], [",", "comma"], [";", "semicolon"], ["\t", "tab"], ["|", "bar"]]
const DECIMALS = [["", "as found"], [".", "point"], [",", "comma"]]
const DATES = [["", "as found"], ["dmy", "day first"], ["mdy", "month first"]]
const NAMED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ".": "point", "": "none"}

const TIME_WORDS = {Y: "yyyy", y: "yy", m: "mm", d: "dd", H: "hh", I: "hh", M: "mm", S: "ss", f: "fff", p: "am/pm", z: "±zone", b: "mon", B: "month"}

const MOST_COLUMNS = 10 // of one file, in words

const named = (mark) => NAMED[mark] ?? mark ?? "–"
/** %m/%d/%Y -> mm/dd/yyyy. */
export function timeWords(format) {
  return (format ?? "").replace(/%(.)/g, (whole, letter) => TIME_WORDS[letter] ?? whole)
}

const day = (ms) => (ms == null ? "–" : moment(ms).replace(" 00:00:00", ""))

/** An upload in one line. */
export function summaryOf(about) {
  const {files} = about.understood
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const known = files.filter((file) => file.first_ms != null)
  const stretch = known.length ? ` · ${day(Math.min(...known.map((file) => file.first_ms)))} to ${day(Math.max(...known.map((file) => file.last_ms)))}` : ""
  return `${files.map((file) => file.name).join(", ")} · ${number(rows, 0)} rows · ${about.symbols.length} symbols${stretch}`
}

/** Which column is taken for what, the first of many. */
export function columnWords(columns) {
  const words = Object.entries(columns).map(([role, column]) => (String(column).toLowerCase() === role ? role : `${role} ← ${column}`))
  return [...words.slice(0, MOST_COLUMNS), ...(words.length > MOST_COLUMNS ? [`and ${words.length - MOST_COLUMNS} more`] : [])].join(", ")
}

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
    columnWords(file.columns),
    [timeWords(file.time_format), file.timezone].filter(Boolean).join(" · "),
    [file.packing, file.encoding, named(file.delimiter), `decimal ${named(file.decimal)}`].filter(Boolean).join(" · "),
  ])
  const notes = [...new Set(about.understood.files.flatMap((file) => file.notes ?? []))]
  return h("div", {}, table(heads, rows), ...notes.map((note) => h("p", {class: "o-warn o-said"}, note)))
}

function table(heads, rows) {
  return h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Files as understood"},
    h("table", {class: "o-table o-wrap"}, h("caption", {class: "o-unseen"}, "Files as understood"),
      h("thead", {}, h("tr", {}, ...heads.map((name, i) => h("th", {scope: "col", class: i === 1 ? false : "o-left"}, name)))),
      h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((text, i) => h("td", {class: i === 1 ? false : i < 6 && i !== 2 ? "o-left o-one-line" : "o-left"}, text)))))))
}

/** The rows that were left out, with line numbers and reasons. */
export function badRows(about) {
  if (!about.bad_rows_total) return h("p", {class: "o-sub"}, "Every row could be read.")
  const shown = about.bad_rows.length < about.bad_rows_total ? `, the first ${about.bad_rows.length} below` : ""
  return h("details", {class: "o-bad"},
    h("summary", {}, `${number(about.bad_rows_total, 0)} ${about.bad_rows_total === 1 ? "row was" : "rows were"} left out${shown}`),
    h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Rows left out", "data-size": "log"},
      h("table", {class: "o-table o-wrap"}, h("caption", {class: "o-unseen"}, "Rows left out"),
        h("thead", {}, h("tr", {}, ...["File", "Line", "Why", "What it says"].map((name, i) => h("th", {scope: "col", class: i === 1 ? false : "o-left"}, name)))),
        h("tbody", {}, ...about.bad_rows.map((row) => h("tr", {},
          h("td", {class: "o-left"}, row.file), h("td", {}, number(row.line, 0)), h("td", {class: "o-left o-warn"}, row.reason), h("td", {class: "o-left"}, h("code", {}, row.text))))))))
}

/** Controls to read the files again with columns or a delimiter of one's own. */
export function overrides(about, files, onread) {
  const [understood] = about.understood.files
  const heads = new Set(about.understood.files.flatMap((file) => [...Object.values(file.columns), ...(file.ignored ?? [])]).filter(Boolean))
  const marks = {
    delimiter: choice({label: "Delimiter", options: DELIMITERS}),
    decimal: choice({label: "Decimal mark", options: DECIMALS}),
    date_order: choice({label: "Dates", options: DATES}),
    timezone: field({label: "Time zone", placeholder: "UTC", size: 14}),
  }
  const symbols = files.map((file) => field({label: `Symbol of ${file.name}`, placeholder: "as found", size: 10}))
  const roles = ROLES.map((role) => [role, choice({label: role, options: [["", `as found${understood.columns[role] == null ? "" : `: ${understood.columns[role]}`}`], ...heads]})])
  const read = () => {
    const columns = Object.fromEntries(roles.map(([role, each]) => [role, each.value]).filter(([, column]) => column))
    const said = Object.fromEntries(Object.entries(marks).map(([name, each]) => [name, each.value]))
    const named = symbols.map((each) => each.value.trim())
    onread({...said, columns: Object.keys(columns).length ? JSON.stringify(columns) : "", symbol: named.some(Boolean) ? named : []})
  }
  return h("details", {class: "o-overrides"}, h("summary", {}, "Something is wrong? Say which column is which"),
    h("div", {class: "o-filters"}, ...[...roles.map(([, each]) => each), ...Object.values(marks), ...symbols].map((each) => each.element), h("button", {type: "button", class: "o-button", onclick: read}, "Read again")))
}
