// CSV files -> an upload at the API: dropped or chosen, read there, shown as understood, then used.

import {send} from "./api.js"
import {card} from "./card.js"
import {h, setText} from "./dom.js"
import {compact} from "./format.js"
import {rememberUpload, uploadOf} from "./source.js"
import {badRows, overrides, summaryOf, understoodTable} from "./upload_view.js"

const MOST_BYTES = 200 * 1024 * 1024 // the API's own limit; said before the wait, not after it
const SHORT_ROWS = 1_200 // fewer: a window of 300 would leave little to see
const WINDOWS = {short: 60, long: 300}

/** Why these files cannot be sent; "" if they can. */
export function refusalOf(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0)
  if (!files.length) return "Expected one file or more, was none."
  if (bytes > MOST_BYTES) return `Expected at most 200 MB, was ${compact(bytes / 1e6)} MB: cut the files, or send a shorter stretch.`
  return ""
}

function formOf(files, options) {
  const form = new FormData()
  for (const file of files) form.append("files", file, file.name)
  for (const [name, value] of Object.entries(options)) {
    if (Array.isArray(value)) value.forEach((each) => form.append(name, each)) // one a file, empty ones too
    else if (value) form.append(name, value)
  }
  return form
}

function dropZone(onfiles) {
  const input = h("input", {type: "file", multiple: true, accept: ".csv,.txt,.tsv,.gz,.zip,text/csv", class: "o-unseen", onchange: () => { onfiles([...input.files]); input.value = "" }})
  const zone = h("label", {class: "o-drop"}, input,
    h("b", {}, "Drop CSV files here, or choose them"),
    h("span", {class: "o-sub"}, "One file with a symbol column, or one for each leg. Binance dumps, Yahoo, TradingView, Excel; delimiter, decimal comma and times are found out. At most 200 MB, five million rows; forgotten after a while."))
  const over = (is) => (event) => {
    event.preventDefault()
    zone.dataset.over = String(is)
    if (event.type === "drop") onfiles([...event.dataTransfer.files])
  }
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, over(true))
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, over(false))
  return zone
}

/** What the page shows of a new upload: its first two symbols, over a window that fits. */
export function firstView(about) {
  const rows = Math.max(...about.understood.files.map((file) => file.rows))
  return {pair: about.symbols.slice(0, 2).join("~"), window: rows < SHORT_ROWS ? WINDOWS.short : WINDOWS.long}
}

export function mount(box, model) {
  const frame = card(box, {title: "Upload"})
  const status = h("p", {class: "o-empty", role: "status"})
  const progress = h("progress", {hidden: true, "aria-label": "Reading"})
  const shown = h("div", {class: "o-understood"})
  const zone = dropZone((given) => read([...lonely, ...given]))
  frame.body.append(zone, progress, status, shown)
  let [files, lonely, turn] = [[], [], 0] // lonely: files that have one leg only

  const use = (about) => {
    rememberUpload(model.api, about)
    const first = firstView(about)
    model.window = first.window
    model.pair = first.pair
    model.upload = about.upload
  }
  const button = (text, onclick, more = {}) => h("button", {type: "button", class: "o-button", onclick, ...more}, text)
  const draw = (about, {used}) => {
    const lacksLeg = about.symbols.length < 2
    lonely = lacksLeg ? files : []
    frame.retitle(used ? "Uploaded" : "What was understood")
    frame.note(used ? summaryOf(about) : "")
    zone.hidden = used
    setText(status, lacksLeg ? `Expected two symbols or more, was ${about.symbols.join(", ") || "none"}: drop the file of the other leg, too.` : "")
    const understood = understoodTable(about)
    if (used) {
      frame.tools.replaceChildren(button("Another file", () => { zone.hidden = false }), button("Remove this upload", () => forget(about)))
      return shown.replaceChildren(h("details", {}, h("summary", {}, "What was understood"), understood), badRows(about))
    }
    frame.tools.replaceChildren()
    const again = files.length ? [overrides(about, files, (options) => read(files, options))] : []
    const act = h("div", {class: "o-filters"},
      button("Compute", () => use(about), {class: "o-button o-primary", disabled: lacksLeg}), button("Discard", () => forget(about)))
    return shown.replaceChildren(understood, badRows(about), ...again, act)
  }
  const read = async (given, options = {}) => {
    const mine = ++turn
    const refusal = refusalOf(given)
    setText(status, refusal || `Reading ${given.map((file) => file.name).join(", ")}…`)
    if (refusal) return
    files = given
    progress.hidden = false
    try {
      const about = await send(model.api, "POST", "/uploads", formOf(files, options))
      if (mine === turn) draw(about, {used: false})
    } catch (error) {
      if (mine !== turn) return
      const parts = (error.errors ?? []).map((each) => `${each.where}: expected ${each.expected}, was ${each.was}`)
      setText(status, [error.message, ...parts].join(" · "))
    } finally {
      if (mine === turn) progress.hidden = true
    }
  }
  const forget = async (about) => {
    turn += 1
    await send(model.api, "DELETE", `/uploads/${encodeURIComponent(about.upload)}`).catch(() => {}) // it is forgotten by itself, too
    files = lonely = []
    model.upload = ""
    clear()
  }
  const clear = () => {
    frame.retitle("Upload")
    frame.note("")
    frame.tools.replaceChildren()
    zone.hidden = false
    setText(status, "")
    shown.replaceChildren()
  }
  const follow = async () => {
    if (!model.upload) return
    const mine = ++turn
    try {
      const about = await uploadOf(model.api, model.upload)
      if (mine === turn) draw(about, {used: true})
    } catch (error) {
      clear()
      setText(status, error.status === 404 ? "This upload is gone: uploads are kept for a while only. Drop the files again." : error.message)
    }
  }
  follow()
  model.on("upload", follow)
  return () => { turn += 1 }
}
