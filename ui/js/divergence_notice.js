// What is wrong with the scans that are shown, and what to do; nothing while all is well.

import {h, setText} from "./dom.js"
import {follow} from "./divergence.js"
import {ago} from "./divergence_rows.js"
import {noticeOf} from "./notice.js"
import {streamOf} from "./stream.js"

/** The line for what is shown; "" while all is well. */
export function wordsOf(shown, nowMs) {
  if (shown.wrong) return shown.wrong
  if (shown.scanError) return `${shown.scanError.message}. Below is the last result.`
  const failed = shown.groups.filter((group) => shown.errors.has(group))
  if (!failed.length || shown.isFetching) return ""
  const old = failed.map((group) => (shown.views.has(group) ? `${group} is ${ago(nowMs - shown.views.get(group).takenMs).replace(" ago", " old")}` : `${group} is missing`))
  return `${shown.errors.get(failed[0]).message}. ${old.join(", ")}.`
}

export function mount(box, model) {
  const stream = streamOf(model.api)
  const text = h("span")
  const again = h("button", {type: "button", class: "o-button", onclick: () => (stream.phase === "down" ? stream.retry() : followed.shown.scan())}, "Try again")
  const line = h("div", {class: "o-line", role: "status", hidden: true}, text, h("span", {class: "o-actions"}, again))
  box.append(line)
  const draw = () => {
    const nowMs = Date.now()
    const down = noticeOf(stream.state, {base: model.api, retryAtMs: stream.retryAtMs, ready: null, health: null, nowMs})
    const words = stream.phase === "down" ? down : followed ? wordsOf(followed.shown, nowMs) : ""
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
