// The bar over the page: live or upload, which pair, which interval, over how many bars; edit, export.

import {choice, field, segmented} from "./controls.js"
import {h, setText} from "./dom.js"
import {moment, number} from "./format.js"
import {exportMenu} from "./exports.js"
import {HEDGES, hedgeName} from "./hedges.js"
import {groupOf} from "./linked.js"
import {isLong, stretchOf, UPLOAD_ROWS, uploadIntervalMs, uploadOf} from "./source.js"
import {pairDialog} from "./pair_dialog.js"
import {pairPicker} from "./picker.js"
import {DEFAULTS, watchlistOf} from "./watchlist.js"

const INTERVALS = [["1s", "1s"], ["1m", "1m"], ["5m", "5m"]]

const DETAILS = [["whole", "Whole range"], ["every", "Every bar"]]

/** Of a long upload: all of it, drawn coarser, or every bar up to where the charts are. */
function detailControls(model) {
  let about = null
  const every = () => {
    const [, lastMs] = stretchOf(about, model.pair)
    const endMs = lastMs + uploadIntervalMs(about, model.pair)
    const {range, following} = groupOf(model.group)
    return following || !range ? endMs : Math.max(1, Math.min(endMs, Math.ceil(range.toMs)))
  }
  const detail = segmented({label: "Detail", options: DETAILS, onchange: (value) => {
    model.until = value === "whole" ? 0 : every()
    if (!model.until) groupOf(model.group).live()
  }})
  const words = h("span", {class: "o-how"})
  const element = h("div", {class: "o-group", hidden: true}, detail.element, words)
  const draw = (asked) => {
    about = asked
    element.hidden = !about || !isLong(about, model.pair)
    if (element.hidden) return
    detail.set(model.until ? "every" : "whole")
    setText(words, model.until ? `${number(UPLOAD_ROWS, 0)} bars up to ${moment(model.until)} UTC; pan back for more` : "extremes are kept; zoom in, then “Every bar”")
  }
  return {element, draw}
}

function uploadControls(model) {
  const legs = ["y", "x"].map((leg, i) => choice({
    label: `Leg ${leg}`,
    onchange: (symbol) => {
      const pair = model.pair.split("~")
      if (pair[1 - i] === symbol) pair[1 - i] = pair[i] // the same twice means the other way round
      pair[i] = symbol
      model.pair = pair.join("~")
    },
  }))
  const window = field({label: "Window, bars", type: "number", min: 10, max: 5000, step: 1, required: true, onchange: (value) => { model.window = Number(value) }})
  const prices = choice({label: "Prices", options: [["level", "level"], ["log", "log"]], onchange: (value) => { model.prices = value }})
  const hedge = choice({label: "Hedge ratio", options: HEDGES, onchange: (value) => { model.hedge = value }})
  const detail = detailControls(model)
  const element = h("div", {class: "o-group"}, ...[...legs, window, prices, hedge, detail].map((each) => each.element))
  const draw = async () => {
    element.hidden = model.mode !== "upload" || !model.upload
    window.set(model.window || DEFAULTS.window)
    prices.set(model.prices)
    hedge.set(model.hedge)
    const about = model.upload ? await uploadOf(model.api, model.upload).catch(() => null) : null
    const pair = model.pair.split("~")
    legs.forEach((leg, i) => leg.fill(about?.symbols ?? [], pair[i]))
    detail.draw(about)
  }
  return {element, draw}
}

function liveControls(model, edit) {
  const list = watchlistOf(model.api)
  const picker = pairPicker({pairs: () => [...list.pairs.values()], onpick: (pair) => { model.pair = pair }})
  const interval = segmented({label: "Interval", options: INTERVALS, onchange: (value) => { model.interval = value }})
  const how = h("span", {class: "o-how"})
  const change = h("button", {type: "button", class: "o-button", onclick: () => edit.open(model.pair)}, "Edit")
  const add = h("button", {type: "button", class: "o-button", onclick: () => edit.open(null)}, "Add pair")
  const element = h("div", {class: "o-group"}, picker.element, interval.element, how, change, add)
  const draw = () => {
    element.hidden = model.mode === "upload"
    picker.set(model.pair)
    interval.set(model.interval)
    const watched = list.of(model.pair)
    setText(change, watched || !list.loaded ? "Edit" : "Watch it")
    setText(how, watched ? `${watched.window} bars · ${watched.prices} · ${hedgeName(watched.hedge)} · ±${watched.enter_z}` : list.loaded ? "not watched" : "")
    how.dataset.state = watched || !list.loaded ? "" : "warn"
    // The address says the window that holds; one that was asked for and differs is told by the notice.
    if (watched && model.mode !== "upload" && !model.window) model.window = watched.window
  }
  return {element, draw, picker}
}

function slashFocuses(input) {
  const hear = (event) => {
    const typing = event.composedPath()[0].matches?.("input,select,textarea")
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    input.focus()
  }
  addEventListener("keydown", hear)
  return () => removeEventListener("keydown", hear)
}

export function mount(box, model) {
  const edit = pairDialog(model)
  const live = liveControls(model, edit)
  const upload = uploadControls(model)
  const mode = segmented({label: "Source", options: [["live", "Live"], ["upload", "Upload"]], onchange: (value) => { model.mode = value }})
  const files = exportMenu(model, model.group)
  box.append(h("div", {class: "o-toolbar", role: "toolbar", "aria-label": "What is shown"}, mode.element, live.element, upload.element, h("span", {class: "o-spring"}), files.element), edit.element)
  const draw = () => {
    mode.set(model.mode)
    live.draw()
    upload.draw()
    files.element.hidden = model.mode === "upload" && !model.upload
  }
  draw()
  model.on(["pair", "interval", "mode", "upload", "window", "prices", "hedge", "until"], draw)
  const ends = [watchlistOf(model.api).watch(draw), slashFocuses(live.picker.input), edit.end]
  return () => ends.forEach((end) => end())
}
