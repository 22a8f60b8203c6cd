// What is wrong with the headlines, and what to do; nothing while all is well.

import {h, setText} from "./dom.js"
import {follow} from "./news.js"
import {isKeyless} from "./news_sources.js"
import {noticeOf} from "./notice.js"
import {streamOf} from "./stream.js"

/** The line for what is shown; "" while all is well. A source or two that fail are said beside the list. */
export function wordsOf({error, headlines, sources}) {
  if (error) return headlines.length ? `${error.message}. Below is what was there before.` : error.message
  const read = [...sources.values()].filter((source) => !isKeyless(source))
  if (!read.length || read.some((source) => source.state === "read")) return ""
  const [first] = read
  return `None of the ${read.length} sources can be read. ${first.source} ${first.detail}.`
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
