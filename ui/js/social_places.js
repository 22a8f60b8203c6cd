// Every place that is read: when last, when next, and where it is not read, why and what to do.

import {ago} from "./divergence_rows.js"
import {inTime} from "./divergence_budgets.js"
import {card} from "./card.js"
import {h} from "./dom.js"
import {follow} from "./social.js"
import {forumName, placeName} from "./social_rows.js"

const DRAW_EVERY_MS = 1_000
const STATES = {read: "read", limited: "waits", unavailable: "not read"}
const ORDER = ["unavailable", "limited", "read"]

/** Places by forum, what is wrong first: [{forum, words, places}]. */
export function placesOf(scans) {
  const forums = [...new Set(scans.map((place) => place.forum))].sort()
  return forums.map((forum) => {
    const places = scans.filter((place) => place.forum === forum)
    const counts = ORDER.toReversed().map((state) => [places.filter((place) => place.state === state).length, STATES[state]])
    return {
      forum,
      words: counts.filter(([count]) => count).map(([count, name]) => `${count} ${name}`).join(", "),
      places: places.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.place.localeCompare(b.place)),
    }
  })
}

/** When it was read, and when it is read next. */
export function timesOf(place, nowMs) {
  const last = place.read_ms == null ? "never read" : `read ${ago(nowMs - place.read_ms)}`
  const next = place.next_ms == null ? "next: not known" : nowMs - place.next_ms > 60_000 ? `overdue since ${ago(nowMs - place.next_ms).replace(" ago", "")}` : `next ${inTime(place.next_ms - nowMs)}`
  return {last, next}
}

function line(place, nowMs) {
  const {last, next} = timesOf(place, nowMs)
  return h("li", {class: "o-place", "data-state": place.state, title: place.detail || false},
    h("span", {class: "o-place-dot", "aria-hidden": "true"}), h("b", {}, placeName(place)),
    h("span", {class: "o-sub"}, place.state === "read" ? last : `${STATES[place.state]}, ${last}`), h("span", {class: "o-sub"}, next))
}

/** Reasons, each once, with how many places have it. */
export function reasonsOf(places) {
  const reasons = new Map()
  for (const place of places) if (place.detail && place.state !== "read") reasons.set(place.detail, [...(reasons.get(place.detail) ?? []), placeName(place)])
  return [...reasons].map(([detail, names]) => `${names.length === places.length && names.length > 1 ? "All" : names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "")}: ${detail}`)
}

export function mount(box, model) {
  const frame = card(box, {title: "Where it is read"})
  const words = h("p", {class: "o-empty", role: "status"})
  const list = h("div", {class: "o-forums"})
  frame.body.append(words, list)
  const draw = () => {
    const nowMs = Date.now()
    const scans = followed?.shown.view?.scans ?? []
    words.hidden = scans.length > 0
    words.textContent = followed?.shown.view ? "No place has been read yet: “oddlot up” starts the producers; docs/forums.md says which forums they read, and with which keys." : "Waiting for the places…"
    list.replaceChildren(...placesOf(scans).map(({forum, words: said, places}) => h("section", {class: "o-forum", "data-forum": forum},
      h("h3", {}, forumName(forum), h("span", {class: "o-sub"}, ` ${said}`)),
      ...reasonsOf(places).map((reason) => h("p", {class: "o-warn"}, reason)),
      h("ul", {class: "o-places"}, ...places.map((place) => line(place, nowMs))))))
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
