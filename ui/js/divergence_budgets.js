// What the providers of closes still give, and which symbols of the scan wait for it, and why.

import {get} from "./api.js"
import {card} from "./card.js"
import {h} from "./dom.js"
import {follow} from "./divergence.js"
import {fileMenu} from "./file_menu.js"
import {number} from "./format.js"
import {streamOf} from "./stream.js"

const DRAW_EVERY_MS = 1_000
const SCARCE = 0.15 // of a limit left
const FEW_WAITS = 60 // shown at once; a scan may have a thousand

/** 93000 -> "in 2 min". */
export function inTime(ms) {
  if (ms <= 1_000) return "now"
  const [length, unit] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1_000, "s"]].find(([each]) => ms >= each)
  return `in ${number(ms / length, ms / length < 10 && unit !== "s" ? 1 : 0)} ${unit}`
}

/** What is to be said of a provider beyond its figures. */
export function stateOf(budget, nowMs) {
  if (!budget.has_key) return {words: budget.detail || "no key: not asked", tone: "o-quiet"}
  if (budget.blocked_until_ms != null && budget.blocked_until_ms > nowMs) return {words: `left alone, again ${inTime(budget.blocked_until_ms - nowMs)}${budget.detail ? `: ${budget.detail}` : ""}`, tone: "o-warn"}
  if (budget.detail) return {words: budget.detail, tone: "o-warn"}
  return {words: `${number(budget.fetched_total, 0)} delivered, ${number(budget.rejected_total, 0)} turned down`, tone: budget.rejected_total ? "o-warn" : "o-sub"}
}

function meter(window, unit, nowMs) {
  const share = window.limit ? window.used / window.limit : 0
  const resets = window.resets_ms == null ? "" : `more ${inTime(window.resets_ms - nowMs)}`
  return h("div", {class: "o-meter", title: `${number(window.used, 0)} of ${number(window.limit, 0)} ${unit} a ${window.window} are spent`},
    h("span", {}, `a ${window.window}`),
    h("span", {class: "o-meter-bar", role: "img", "aria-label": `${Math.round(share * 100)} % spent`},
      h("span", {"data-scarce": window.left <= window.limit * SCARCE, style: `width:${Math.min(100, share * 100).toFixed(1)}%`})),
    h("span", {}, `${number(window.left, 0)} of ${number(window.limit, 0)} left`),
    h("span", {class: "o-sub"}, resets))
}

function provider(budget, nowMs) {
  const {words, tone} = stateOf(budget, nowMs)
  return h("section", {class: "o-provider", "data-provider": budget.provider, "data-off": !budget.has_key},
    h("h3", {}, budget.title, h("span", {class: "o-sub"}, ` ${budget.unit}`)), ...(budget.has_key ? budget.windows.map((window) => meter(window, budget.unit, nowMs)) : []), h("p", {class: tone}, words))
}

function wait({symbol, state, reason, until_ms: untilMs}, nowMs) {
  const until = untilMs == null ? "" : ` · ${state === "refused" ? "asked again" : "again"} ${inTime(untilMs - nowMs)}`
  return h("li", {"data-state": state}, h("b", {}, symbol), ` ${reason || (state === "refused" ? "cannot be had" : "waits for a quota")}${until}`)
}

export function mount(box, model) {
  const frame = card(box, {title: "Budgets of the providers"}, fileMenu({base: model.api, label: "Files of the budgets", files: () => [["Budgets", "/budgets"]]}).element)
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the budgets…")
  const list = h("div", {class: "o-providers"})
  const waits = h("ul", {class: "o-waits", "aria-label": "Symbols that wait"})
  const heading = h("p", {class: "o-empty"})
  frame.body.append(h("div", {class: "o-scroll", "data-size": "log", tabindex: "0", role: "region", "aria-label": "Budgets"}, words, list, heading, waits))
  const budgets = new Map()
  let [wrong, waiting, text] = [null, [], ""]
  const draw = () => {
    const nowMs = Date.now()
    const known = [...budgets.values()].sort((a, b) => a.title.localeCompare(b.title))
    words.hidden = known.length > 0
    words.textContent = wrong ? `The budgets could not be had: ${wrong.message}` : text
    list.replaceChildren(...known.map((each) => provider(each, nowMs)))
    heading.hidden = !waiting.length
    heading.textContent = `${waiting.length} of the scan ${waiting.length === 1 ? "waits" : "wait"} or cannot be had:`
    waits.replaceChildren(...waiting.slice(0, FEW_WAITS).map((each) => wait(each, nowMs)),
      ...(waiting.length > FEW_WAITS ? [h("li", {}, `and ${waiting.length - FEW_WAITS} more`)] : []))
  }
  const take = (messages) => {
    for (const budget of messages) if ((budgets.get(budget.provider)?.sent_ms ?? -1) <= budget.sent_ms) budgets.set(budget.provider, budget)
    draw()
  }
  const load = () => get(model.api, "/budgets").then(({providers}) => {
    wrong = null
    text = "No provider has said what it gives: the producer of closes has not been started."
    take(providers)
  }, (error) => {
    wrong = error
    draw()
  })
  const followed = follow(model, (shown) => {
    waiting = shown.progress?.waiting ?? []
    draw()
  })
  const stream = streamOf(model.api)
  let phase = stream.phase
  const ends = [
    stream.subscribe("budgets", (kind, messages) => (kind === "gap" ? load() : take(messages))),
    stream.watch((now) => {
      if (now.phase === "open" && phase === "down") load()
      phase = now.phase
    }),
    followed.end,
  ]
  load()
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  return () => {
    clearInterval(ticking)
    ends.forEach((end) => end())
  }
}
