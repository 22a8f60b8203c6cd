// What is wrong with what is shown, and what to do; nothing while all is well.

import {h, setText} from "./dom.js"
import {noticeOf} from "./notice.js"
import {follow} from "./social.js"
import {forumName} from "./social_rows.js"
import {streamOf} from "./stream.js"

/** The line for what is shown; "" while all is well. */
export function wordsOf({view, error}) {
  if (error) return view ? `${error.message}. Below is the last result.` : error.message
  if (!view) return ""
  if (view.detail) return `${view.detail}. Below is the last result.`
  const forums = [...new Set(view.scans.map((place) => place.forum))]
  const refused = forums.filter((forum) => view.scans.every((place) => place.forum !== forum || place.state === "unavailable"))
  return refused.map((forum) => `${forumName(forum)} is not read. ${view.scans.find((place) => place.forum === forum).detail}`).join(" ")
}

export function mount(box, model) {
  const stream = streamOf(model.api)
  const text = h("span")
  const again = h("button", {type: "button", class: "o-button", onclick: () => (stream.phase === "down" ? stream.retry() : followed.shown.load())}, "Try again")
  const line = h("div", {class: "o-line", role: "status", hidden: true}, text, h("span", {class: "o-actions"}, again))
  box.append(line)
  const draw = () => {
    const down = noticeOf(stream.state, {base: model.api, retryAtMs: stream.retryAtMs, ready: null, health: null, nowMs: Date.now()})
    const words = stream.phase === "down" ? down : followed ? wordsOf(followed.shown) : ""
    line.hidden = words === ""
    line.dataset.state = stream.phase === "down" ? "down" : "wrong"
    setText(text, words)
  }
  let followed = null
  followed = follow(model, draw)
  const unwatch = stream.watch(draw)
  return () => {
    unwatch()
    followed.end()
  }
}
