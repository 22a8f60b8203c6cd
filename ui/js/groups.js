// The peer groups that the API has: one list a tab, fetched when somebody looks, kept current by the stream.

import {get, send} from "./api.js"
import {streamOf} from "./stream.js"

const RELOAD_AFTER_MS = 200 // several changes at once are one
const CHANNEL = "peer-groups"

const lists = new Map()

/** The tab's list of the groups of the API at `base`. */
export function groupsOf(base) {
  if (!lists.has(base)) lists.set(base, new Groups(base))
  return lists.get(base)
}

const pathOf = (id) => `/peer-groups/${encodeURIComponent(id)}`

class Groups {
  constructor(base) {
    this.base = base
    this.all = []
    this.loaded = false
    this.listeners = new Set()
    this.stopHearing = null
  }

  /** Hear of every change, and at once if the list is there. */
  watch(listener) {
    this.listeners.add(listener)
    // After a gap, and after the line was cut, which a new snapshot tells, anything may have changed.
    this.stopHearing ??= streamOf(this.base).subscribe(CHANNEL, () => this.#reloadSoon())
    if (this.loaded) listener(this)
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size) return
      this.stopHearing()
      this.stopHearing = null
      this.loaded = false
    }
  }

  /** A group as the list has it, or null. */
  of(id) {
    return this.all.find((group) => group.id === id) ?? null
  }

  get sectors() {
    return [...new Set(this.all.map((group) => group.sector))].sort()
  }

  /** What each symbol is called in the groups. */
  get names() {
    return new Map(this.all.flatMap((group) => group.members.map(({symbol, name}) => [symbol, name])))
  }

  async load() {
    const {groups} = await get(this.base, "/peer-groups")
    this.all = groups
    this.loaded = true
    this.#tell()
  }

  /** A group as its file is now; null where there is none. */
  async fetch(id) {
    const answer = await get(this.base, pathOf(id), {allow: [404]})
    return answer.id ? answer : null
  }

  /** Save a group over the revision its editor has seen; null where there must be none yet. */
  async put(group, revision) {
    const headers = revision === null ? {"if-none-match": "*"} : {"if-match": `"${revision}"`}
    const saved = await send(this.base, "PUT", pathOf(group.id), group, headers)
    this.all = [...this.all.filter(({id}) => id !== saved.id), saved].sort((a, b) => (a.id < b.id ? -1 : 1))
    this.#tell()
    return saved
  }

  async remove(id, revision) {
    await send(this.base, "DELETE", pathOf(id), null, {"if-match": `"${revision}"`})
    this.all = this.all.filter((group) => group.id !== id)
    this.#tell()
  }

  #reloadSoon() {
    if (!this.loaded) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.load().catch(() => {}), RELOAD_AFTER_MS) // the next change asks again
  }

  #tell() {
    for (const listener of this.listeners) listener(this)
  }
}
