// The bar over the page: which groups or symbols, which bars, which threshold; how far the scan is.

import {segmented} from "./controls.js"
import {h, setText} from "./dom.js"
import {follow, WHAT} from "./divergence.js"
import {barsDialog} from "./divergence_dialog.js"
import {editGroup, groupDialog} from "./group_dialog.js"
import {pasteDialog} from "./divergence_paste.js"
import {groupPicker} from "./divergence_picker.js"
import {ago} from "./divergence_rows.js"
import {number} from "./format.js"

const INTERVALS = [["1d", "Daily"], ["1m", "Live 1m"]]
const STREAMING = "binance"
const DRAW_EVERY_MS = 1_000

function threshold(model) {
  const said = h("output", {class: "o-z-value"})
  const input = h("input", {type: "range", min: 1, max: 8, step: 0.1, class: "o-range", "aria-label": "Threshold of |z|", title: "From which |z| a member breaks ranks"})
  input.addEventListener("input", () => setText(said, number(Number(input.value), 1)))
  input.addEventListener("change", () => { model.z = Number(input.value) })
  const reset = h("button", {type: "button", class: "o-button o-reset", title: "The usual threshold", "aria-label": "The usual threshold", onclick: () => { model.z = 0 }}, "↺")
  const element = h("div", {class: "o-field o-threshold"}, h("span", {}, "|z| ≥"), input, said, reset)
  return {
    element,
    set: (z, isUsual) => {
      reset.hidden = isUsual
      if (input.matches(":active")) return
      input.value = z
      setText(said, number(z, 1))
    },
  }
}

/** What the line under the bar says of the scan, and how far it is: {text, done, of, tone}. */
export function progressOf(shown, nowMs) {
  const {progress, scans} = shown
  const age = scans.length ? `last result ${ago(nowMs - Math.min(...scans.map((scan) => scan.takenMs)))}` : ""
  if (!progress) return {text: age, tone: ""}
  const waits = progress.waiting?.length ?? 0
  const text = [progress.text, age].filter(Boolean).join(" · ")
  if (progress.state !== "fetching") return {text, tone: waits ? "warn" : ""}
  return {text, tone: "busy", done: (progress.ready ?? 0) + waits, of: progress.members}
}

function chips(model, shown) {
  const chip = (text, {title, edit, onedit, onremove}) => h("span", {class: "o-chip", title}, text,
    h("button", {type: "button", class: "o-close o-edit", "aria-label": edit, title: edit, onclick: onedit}, "✎"),
    onremove && h("button", {type: "button", class: "o-close", "aria-label": `Do not show ${text}`, onclick: onremove}, "×"))
  if (shown.pasted.length) {
    const like = {benchmark: model.benchmark, members: shown.pasted.map((symbol) => ({symbol, name: ""}))}
    return [chip(`${shown.pasted.length} pasted symbols${model.benchmark ? ` · ${model.benchmark}` : ""}`, {
      title: shown.pasted.join(", "), edit: "Keep them as a group", onedit: () => editGroup(null, like), onremove: () => { model.symbols = model.benchmark = "" },
    })]
  }
  const title = (id) => shown.views.get(id)?.title ?? shown.summary?.groups.find((group) => group.group === id)?.title ?? id
  return shown.groups.map((id) => chip(title(id), {
    title: shown.views.get(id)?.text ?? "", edit: `Edit ${title(id)}`, onedit: () => editGroup(id),
    onremove: shown.groups.length > 1 ? () => { model.groups = shown.groups.filter((each) => each !== id).join(",") } : null,
  }))
}

export function mount(box, model) {
  const choose = (ids) => {
    model.symbols = model.benchmark = ""
    model.groups = ids.join(",")
  }
  const picker = groupPicker({base: model.api, chosen: () => followed?.shown.groups ?? [], onchoose: choose, allowed: (group) => model.interval === "1d" || group.venue === STREAMING})
  const paste = pasteDialog({onscan: ({symbols, benchmark}) => {
    model.interval = "1d"
    model.benchmark = benchmark
    model.symbols = symbols.join(",")
  }})
  const edit = groupDialog({
    base: model.api,
    onsaved: (group, isNew) => {
      if (!isNew) return // whoever shows it hears of it
      if (group.venue !== STREAMING) model.interval = "1d"
      choose([group.id])
    },
    onremoved: (id) => {
      if (followed.shown.groups.includes(id)) choose(followed.shown.groups.filter((each) => each !== id))
    },
  })
  const bars = barsDialog()
  const interval = segmented({label: "Bars", options: INTERVALS, onchange: (value) => {
    const {shown} = followed
    // Live, there are only the groups that stream; the others would be refused.
    if (value === "1m") model.groups = shown.groups.filter((id) => shown.views.get(id)?.venue === STREAMING && !shown.pasted.length).join(",")
    if (value === "1m") model.symbols = model.benchmark = ""
    model.interval = value
  }})
  const z = threshold(model)
  const chosen = h("div", {class: "o-chips"})
  const own = h("button", {type: "button", class: "o-button", onclick: () => paste.open({symbols: followed.shown.pasted, benchmark: model.benchmark})}, "Paste symbols")
  const scan = h("button", {type: "button", class: "o-button o-primary", onclick: () => followed.shown.scan()}, "Scan now")
  const meter = h("progress", {max: 1, value: 0, hidden: true, "aria-label": "Histories that are there"})
  const words = h("span", {class: "o-progress-text", role: "status"})
  box.append(
    h("div", {class: "o-toolbar", role: "toolbar", "aria-label": "What is shown"}, picker.element, chosen, own, h("span", {class: "o-spring"}), interval.element, z.element, scan,
      h("div", {class: "o-progress"}, meter, words)),
    paste.element, edit.element, bars.element)
  const draw = () => {
    if (!followed) return
    const {shown} = followed
    const usual = shown.scans[0]?.enter_z
    interval.set(model.interval)
    z.set(model.z || usual || 3.5, !model.z)
    const titles = shown.summary?.groups.map(({group, title}) => [group, title])
    const key = JSON.stringify([shown.groups, [...shown.views.values()].map(({title}) => title), shown.pasted, model.benchmark, titles])
    if (chosen.dataset.of !== key) {
      chosen.dataset.of = key
      chosen.replaceChildren(...chips(model, shown))
      picker.draw()
    }
    const {text, tone, done, of} = progressOf(shown, Date.now())
    scan.disabled = shown.isFetching
    meter.hidden = tone !== "busy"
    words.dataset.state = tone
    setText(words, text)
    if (of) [meter.max, meter.value] = [of, done]
    else meter.removeAttribute("value")
  }
  let followed = null
  followed = follow(model, draw)
  draw()
  model.on(WHAT, draw)
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  ;(window.oddlot ??= {}).divergence = {get shown() { return followed.shown }, get bars() { return bars.plot }}
  return () => {
    clearInterval(ticking)
    bars.end()
    edit.end()
    picker.end()
    followed.end()
  }
}
