// What is wrong, in plain words, with what to do: one line above the page, absent while all is well.

import {get} from "./api.js"
import {h, setText} from "./dom.js"
import {clock} from "./format.js"
import {editPair} from "./pair_dialog.js"
import {streamOf} from "./stream.js"
import {inWords, watchlistOf} from "./watchlist.js"

const ASK_EVERY_MS = 10_000 // how often an API that is up but not right is asked why

/** The line for a state of the stream, the readiness answer and the last health report; "" is all well. */
export function noticeOf(state, {base, retryAtMs, ready, health, nowMs}) {
  if (state.name === "down") {
    const seconds = retryAtMs === null ? 0 : Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))
    const next = retryAtMs === null ? "Trying now." : `Next try in ${seconds} s.`
    return `The API at ${base} does not answer: start it with “oddlot up” or “oddlot demo”, or set ODDLOT_API_URL to where it is. ${next}`
  }
  const wrong = Object.entries(ready?.checks ?? {}).filter(([, check]) => !check.ok)
  if (state.name === "stale") {
    const why = health && !health.connected ? ` ${health.feed}: ${health.detail}.` : ""
    return `Stale since ${clock(state.sinceMs)}: the API is there, but no bars arrive.${why}${why ? "" : reasons(wrong)}`
  }
  if (health && !health.connected) return `${health.feed} is not connected: ${health.detail}`
  return wrong.length ? `The system is not ready.${reasons(wrong)}` : ""
}

/** The newest report of a feed that the desk cannot do without; forums and news have pages of their own. */
export function neededOf(reports) {
  return reports.findLast((report) => !report.optional) ?? null
}

function reasons(wrong) {
  return wrong.map(([name, check]) => ` ${name}: ${check.detail}.`).join("")
}

/** What the address asks for and the system does not do, and what would: {message, label, how}. */
export function askedFor({mode, pair, window}, list) {
  if (mode === "upload" || !list.loaded) return null
  const watched = list.of(pair)
  if (!watched) {
    return {
      message: `${inWords(pair)} is not among the ${list.pairs.size} pairs that are watched: choose another one, or add it.`,
      label: "Watch it", how: window ? {window} : {},
    }
  }
  if (!window || window === watched.window) return null
  return {
    message: `${inWords(pair)} is watched over ${watched.window} bars, which is what you see; the address asks for ${window}. A pair has one window for everybody: another one changes its figures and alerts on every page.`,
    label: "Change it for everybody…", how: {window}, other: `Keep ${watched.window}`,
  }
}

export function mount(box, model) {
  const stream = streamOf(model.api)
  const list = watchlistOf(model.api)
  const text = h("span")
  const retry = h("button", {type: "button", class: "o-button", onclick: () => stream.retry()}, "Retry now")
  const act = h("button", {type: "button", class: "o-button", onclick: () => editPair(model.pair, wanted.how)})
  const keep = h("button", {type: "button", class: "o-button", onclick: () => { model.window = 0 }})
  const line = h("div", {class: "o-line", role: "status", hidden: true}, text, h("span", {class: "o-actions"}, retry, keep, act))
  box.append(line)
  let [ready, health, askedMs, wanted] = [null, null, 0, null]

  const ask = (nowMs) => {
    const well = stream.state.name === "live" && ready?.status === "ready"
    if (stream.phase !== "open" || well || nowMs - askedMs < ASK_EVERY_MS) return
    askedMs = nowMs
    get(model.api, "/readyz", {allow: [503]}).then((answer) => { ready = answer }, () => { ready = null })
  }
  const draw = () => {
    const nowMs = Date.now()
    ask(nowMs)
    const {state} = stream
    const wrong = noticeOf(state, {base: model.api, retryAtMs: stream.retryAtMs, ready, health, nowMs})
    wanted = state.name === "down" ? null : askedFor(model, list)
    const message = wanted?.message ?? wrong
    line.hidden = message === ""
    retry.hidden = state.name !== "down"
    act.hidden = !wanted
    keep.hidden = !wanted?.other
    setText(act, wanted?.label ?? "")
    setText(keep, wanted?.other ?? "")
    line.dataset.state = wanted ? "asked" : state.name
    setText(text, message)
  }
  const ends = [
    stream.watch(draw),
    stream.subscribe("health", (kind, reports) => { health = neededOf(reports) ?? health }),
    list.watch(draw),
  ]
  model.on(["pair", "window", "mode"], draw)
  return () => ends.forEach((end) => end())
}
