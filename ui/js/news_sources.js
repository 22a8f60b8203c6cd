// Every source of headlines: when it was read, when it is read next, and if it is not, why and what to do.

import {card} from "./card.js"
import {inTime} from "./divergence_budgets.js"
import {ago} from "./divergence_rows.js"
import {h, setText} from "./dom.js"
import {follow} from "./news.js"
import {number} from "./format.js"

const DRAW_EVERY_MS = 1_000
const OVERDUE_MS = 60_000 // reading takes a while, and so does the way here
const STATES = {read: "read", limited: "waits", unavailable: "not read"}
const ORDER = ["unavailable", "limited", "read"]

/** Whether a source only lacks a key: nothing is wrong with it. */
export const isKeyless = (source) => source.state === "unavailable" && source.next_ms == null

/** Sources in the order that they are shown in: what is wrong first, what only lacks a key last. */
export function listed(sources) {
  const rank = (source) => (isKeyless(source) ? ORDER.length : ORDER.indexOf(source.state))
  return [...sources].sort((a, b) => rank(a) - rank(b) || a.source.localeCompare(b.source))
}

/** When it was read, and when it is read next. */
export function timesOf(source, nowMs) {
  const last = source.read_ms == null ? "never read" : `read ${ago(nowMs - source.read_ms)}`
  if (source.next_ms == null) return {last, next: ""}
  const lateMs = nowMs - source.next_ms
  return {last, next: lateMs > OVERDUE_MS ? `overdue since ${ago(lateMs).replace(" ago", "")}` : `next ${inTime(-lateMs)}`}
}

function row(source, model, nowMs) {
  const {last, next} = timesOf(source, nowMs)
  const isChosen = model.source === source.source
  const isOff = isKeyless(source)
  return h("li", {class: "o-news-source", "data-state": isOff ? "off" : source.state, "data-source": source.source},
    h("span", {class: "o-news-dot", "aria-hidden": "true"}),
    isOff ? h("b", {}, source.source) : h("button", {type: "button", class: "o-source", "aria-pressed": String(isChosen), title: isChosen ? "Show all sources" : `Only headlines of ${source.source}`, onclick: () => { model.source = isChosen ? "" : source.source }}, source.source),
    h("span", {class: "o-sub o-news-times"}, isOff ? "" : [source.state === "read" ? "" : STATES[source.state], last, next].filter(Boolean).join(" · ")),
    h("span", {class: "o-news-count", title: "New since the producer started"}, isOff ? "" : number(source.headlines, 0)),
    source.detail ? h("p", {class: isOff ? "o-sub" : "o-warn"}, source.detail) : null)
}

export function mount(box, model) {
  const frame = card(box, {title: "Sources"})
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the sources…")
  const list = h("ul", {class: "o-news-sources", "aria-label": "Sources of headlines"})
  frame.body.append(words, list)
  const draw = () => {
    if (!followed) return
    const {shown} = followed
    const nowMs = Date.now()
    const sources = listed(shown.sources.values())
    const active = sources.filter((source) => !isKeyless(source))
    words.hidden = sources.length > 0
    setText(words, shown.loaded ? "No source has reported: “oddlot up” starts the producers, which read them." : "Waiting for the sources…")
    if (!list.matches(":hover, :focus-within")) list.replaceChildren(...sources.map((source) => row(source, model, nowMs)))
    const read = active.filter((source) => source.state === "read").length
    frame.note(active.length ? `${read} of ${active.length} read` : "")
  }
  let followed = null
  followed = follow(model, draw)
  draw()
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  return () => {
    clearInterval(ticking)
    followed.end()
  }
}
