// The bar over the page: which forum, which hour, which words; files of what is shown.

import {segmented} from "./controls.js"
import {withQuery} from "./api.js"
import {h, setText} from "./dom.js"
import {fileMenu} from "./file_menu.js"
import {follow, WHAT} from "./social.js"
import {forumName, HOUR_MS, hourMs, hourName, hourWords} from "./social_rows.js"

const FORUMS = [["all", "All"], ["reddit", "Reddit"], ["stocktwits", "Stocktwits"]]
const TYPING_MS = 350 // how long somebody who types is let type

/** The hour that is so many hours from the one shown; "" for the newest one. */
export function stepped(view, hour, step) {
  const shownMs = hour ? hourMs(hour) : view?.hour_ms
  if (shownMs == null) return hour
  const ms = shownMs + step * HOUR_MS
  return view?.newest_hour_ms != null && ms >= view.newest_hour_ms ? "" : hourName(ms)
}

/** What can be had of the page: [name, path without format]. */
export function filesOf({forum, symbol, q}, view) {
  const of = forum === "all" ? null : forum
  const stretch = view?.hour_ms == null ? {} : {from: view.hour_ms, to: view.hour_ms + HOUR_MS}
  return [
    ["The ranking of this hour", withQuery("/buzz", {forum, hour_ms: view?.hour_ms})],
    ...(symbol ? [[`Every hour of ${symbol}`, withQuery(`/buzz/${encodeURIComponent(symbol)}`, {forum})]] : []),
    [`Posts of this hour${symbol ? ` about ${symbol}` : ""}`, withQuery("/posts", {forum: of, symbol, ...stretch})],
    [`All posts${symbol ? ` about ${symbol}` : ""}${q ? ` with “${q}”` : ""}`, withQuery("/posts", {forum: of, symbol, q})],
  ]
}

function searchBox(model) {
  const input = h("input", {class: "o-input o-search", type: "search", placeholder: "Search the posts", "aria-label": "Search the posts", maxlength: 100, autocomplete: "off", spellcheck: "false"})
  let typing = null
  const say = () => {
    clearTimeout(typing)
    model.q = input.value.trim()
  }
  input.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(say, TYPING_MS)
  })
  input.addEventListener("change", say)
  return {input, end: () => clearTimeout(typing), set: (q) => { if (input.value.trim() !== q && !input.matches(":focus")) input.value = q }}
}

export function mount(box, model) {
  const forum = segmented({label: "Forum", options: FORUMS, onchange: (value) => { model.forum = value }})
  const step = (by) => { model.hour = stepped(followed.shown.view, model.hour, by) }
  const back = h("button", {type: "button", class: "o-button", "aria-label": "The hour before", title: "The hour before", onclick: () => step(-1)}, "‹")
  const on = h("button", {type: "button", class: "o-button", "aria-label": "The hour after", title: "The hour after", onclick: () => step(1)}, "›")
  const now = h("button", {type: "button", class: "o-button", onclick: () => { model.hour = "" }}, "Now")
  const words = h("span", {class: "o-hour", role: "status"})
  const search = searchBox(model)
  const files = fileMenu({base: model.api, label: "Files of what is shown", files: () => filesOf(model, followed.shown.view)})
  box.append(h("div", {class: "o-toolbar", role: "toolbar", "aria-label": "What is shown"},
    forum.element, h("div", {class: "o-group o-hours-nav"}, back, words, on, now), h("span", {class: "o-spring"}), search.input, files.element))
  const draw = () => {
    if (!followed) return
    const {view} = followed.shown
    const shownMs = model.hour ? hourMs(model.hour) : view?.hour_ms
    forum.set(model.forum)
    search.set(model.q)
    back.disabled = shownMs == null
    on.disabled = now.disabled = !model.hour
    setText(words, shownMs == null ? `${forumName(model.forum)}: nothing yet` : `${hourWords(shownMs, Date.now())} UTC`)
  }
  let followed = null
  followed = follow(model, draw)
  draw()
  model.on(WHAT, draw)
  ;(window.oddlot ??= {}).social = {get shown() { return followed.shown }}
  return () => {
    search.end()
    followed.end()
  }
}
