// The line above results: what is wrong with them, and a button to try again; nothing while all is well.

import {h, setText} from "./dom.js"
import {noticeOf} from "./notice.js"
import {streamOf} from "./stream.js"

/** Keep the line right for what follow(model, draw) shows: words(shown, nowMs) is "" while all is well. */
export function mountNotice(box, model, {follow, words, again}) {
  const stream = streamOf(model.api)
  const text = h("span")
  const button = h("button", {type: "button", class: "o-button", onclick: () => (stream.phase === "down" ? stream.retry() : again(followed.shown))}, "Try again")
  const line = h("div", {class: "o-line", role: "status", hidden: true}, text, h("span", {class: "o-actions"}, button))
  box.append(line)
  const draw = () => {
    const nowMs = Date.now()
    const isDown = stream.phase === "down"
    const down = noticeOf(stream.state, {base: model.api, retryAtMs: stream.retryAtMs, ready: null, health: null, nowMs})
    const said = isDown ? down : followed ? words(followed.shown, nowMs) : ""
    line.hidden = said === ""
    line.dataset.state = isDown ? "down" : "wrong"
    setText(text, said)
  }
  let followed = null
  followed = follow(model, draw)
  const unwatch = stream.watch(draw)
  return () => {
    unwatch()
    followed.end()
  }
}
