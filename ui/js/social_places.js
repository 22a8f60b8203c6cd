// Every place that is read: when last, when next, and where it is not read, why and what to do.

import {ago} from "./divergence_rows.js"
import {inTime} from "./divergence_budgets.js"
import {card} from "./card.js"
import {h, setChildren, setText} from "./dom.js"
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

function placeLine() {
  const [name, last, next] = [h("b"), h("span", {class: "o-sub"}), h("span", {class: "o-sub"})]
  const element = h("li", {class: "o-place"}, h("span", {class: "o-place-dot", "aria-hidden": "true"}), name, last, next)
  return {
    element,
    say: (place, nowMs) => {
      const times = timesOf(place, nowMs)
      if (element.dataset.state !== place.state) element.dataset.state = place.state
      if (element.title !== place.detail) element.title = place.detail
      setText(name, placeName(place))
      setText(last, place.state === "read" ? times.last : `${STATES[place.state]}, ${times.last}`)
      setText(next, times.next)
    },
  }
}

/** One forum: its lines stay while their words change, so that one can scroll through hundreds. */
function forumSection(forum) {
  const said = h("span", {class: "o-sub"})
  const reasons = h("div")
  const list = h("ul", {class: "o-places", tabindex: "0", "aria-label": `Places of ${forumName(forum)}`})
  const lines = new Map()
  return {
    element: h("section", {class: "o-forum", "data-forum": forum}, h("h3", {}, `${forumName(forum)} `, said), reasons, list),
    say: ({words, places}, nowMs) => {
      setText(said, words)
      const why = reasonsOf(places)
      if (why.join("\n") !== [...reasons.children].map((each) => each.textContent).join("\n")) reasons.replaceChildren(...why.map((reason) => h("p", {class: "o-warn"}, reason)))
      setChildren(list, places.map((place) => {
        if (!lines.has(place.place)) lines.set(place.place, placeLine())
        lines.get(place.place).say(place, nowMs)
        return lines.get(place.place).element
      }))
    },
  }
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
  const sections = new Map()
  frame.body.append(words, list)
  const draw = () => {
    const nowMs = Date.now()
    const scans = followed?.shown.view?.scans ?? []
    words.hidden = scans.length > 0
    words.textContent = followed?.shown.view ? "No place has been read yet: “oddlot up” starts the producers; docs/forums.md says which forums they read, and with which keys." : "Waiting for the places…"
    const forums = placesOf(scans)
    for (const each of forums) {
      if (!sections.has(each.forum)) sections.set(each.forum, forumSection(each.forum))
      sections.get(each.forum).say(each, nowMs)
    }
    setChildren(list, forums.map(({forum}) => sections.get(forum).element))
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
