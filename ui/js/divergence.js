// What a divergence page shows -> the newest scan of each of its groups, how old it is, and how far the
// next one has come. One for all parts of a page; what was there stays until something newer comes.

import {get, send, withQuery} from "./api.js"
import {worthALook} from "./divergence_rows.js"
import {Kept, keeper} from "./kept.js"

export const WHAT = ["groups", "interval", "z", "symbols", "benchmark"]
const SUMMARY_EVERY_MS = 60_000
const ASK_EVERY_MS = 5_000 // how far a scan is, in case its channel says nothing
const HISTORY_ROWS = 200

const listOf = (text) => text.split(",").filter(Boolean)

/** Hear of every change of what `model` shows, by draw(shown); what it shows may change, too. */
export const follow = keeper(WHAT, {
  keyOf: (model) => WHAT.filter((name) => name !== "z").map((name) => model[name]),
  make: (model) => new Shown(model),
  changed: (shown, {z}) => shown.judge(z),
})

class Shown extends Kept {
  constructor({api, groups, interval, symbols, benchmark, z}) {
    super(api)
    Object.assign(this, {interval, benchmark, z, summary: null, followed: new Set(), turns: new Map()})
    this.pasted = listOf(symbols)
    this.groups = this.pasted.length ? [] : listOf(groups)
    this.views = new Map() // group -> its newest scan
    this.errors = new Map() // group -> why there is none
    this.histories = new Map()
    this.progress = null // of the scan that goes on
    this.scanError = null
    this.followStream({back: () => this.#again()})
    this.hear("peer-groups", (kind, changes) => this.#regroup(kind, changes))
    this.every(SUMMARY_EVERY_MS, () => this.loadSummary())
    this.#start()
  }

  /** The scans that are there, in the order asked for. */
  get scans() {
    return this.groups.map((group) => this.views.get(group)).filter(Boolean)
  }

  /** Why there is nothing to show, in words; "" while there is, or while it is on its way. */
  get wrong() {
    if (this.scans.length) return ""
    const errors = [this.scanError, this.summaryError, ...this.errors.values()].filter(Boolean)
    return errors.length && !this.isFetching ? errors[0].message : ""
  }

  get isFetching() {
    return this.progress?.state === "fetching"
  }

  stop() {
    super.stop()
    clearTimeout(this.asking)
    this.unscan?.()
  }

  /** Have the server judge by another threshold. */
  judge(z) {
    if (z === this.z) return
    this.z = z
    this.groups.forEach((group) => this.load(group))
  }

  /** Ask for a scan; asked again while it goes on, it is the same one. */
  async scan() {
    const body = this.pasted.length ? {symbols: this.pasted, ...(this.benchmark && {benchmark: this.benchmark})} : {groups: this.groups}
    if (this.interval !== "1d" && !this.pasted.length) return this.groups.forEach((group) => this.load(group))
    try {
      const accepted = await send(this.base, "POST", "/divergence/scans", body)
      if (this.stopped) return
      this.scanError = null
      if (this.pasted.length) this.#show([accepted.scan])
      this.#hearProgress({...accepted, waiting: [], groups: []})
      this.#followScan(accepted.scan)
    } catch (error) {
      this.scanError = error
    }
    this.tell()
  }

  /** Fetch the newest scan of a group. */
  async load(group) {
    const turn = (this.turns.get(group) ?? 0) + 1 // a later one makes this one's answer worthless
    this.turns.set(group, turn)
    const interval = this.pasted.length ? "1d" : this.interval
    try {
      const view = await get(this.base, withQuery(`/divergence/${encodeURIComponent(group)}`, {interval, z: this.z || null}))
      if (turn !== this.turns.get(group)) return
      this.views.set(group, {...view, takenMs: Date.now() - (view.age_ms ?? 0)})
      this.errors.delete(group)
    } catch (error) {
      if (turn !== this.turns.get(group)) return
      this.errors.set(group, error) // what was there stays, with its age
      if (error.status === 404) this.views.delete(group) // but of a group that is gone
    }
    this.tell()
  }

  async loadSummary() {
    try {
      this.summary = await get(this.base, `/divergence?interval=${this.interval}`)
      this.summaryError = null
    } catch (error) {
      this.summaryError = error
    }
    this.tell()
  }

  async loadHistory(group) {
    try {
      const body = await get(this.base, withQuery(`/divergence/${encodeURIComponent(group)}/history`, {interval: this.interval, limit: HISTORY_ROWS}))
      this.histories.set(group, body.divergers)
    } catch (error) {
      this.histories.set(group, this.histories.get(group) ?? [])
      this.historyError = error
    }
    this.tell()
  }

  async #start() {
    const summary = this.loadSummary()
    if (this.pasted.length) return this.scan()
    if (!this.groups.length) {
      await summary
      const best = this.summary && worthALook(this.summary.groups)
      if (!best || this.stopped) return
      this.groups = [best.group]
    }
    this.#show(this.groups)
    if (this.interval === "1d") this.scan()
  }

  /** Show these groups: the last result first. */
  #show(groups) {
    this.groups = groups
    for (const group of groups) {
      if (this.pasted.length) continue // its result is there once its scan says so
      this.load(group)
      this.loadHistory(group)
      if (this.followed.has(group)) continue
      this.followed.add(group)
      this.hear(`divergence:${group}:${this.interval}`, (kind, scans) => this.#hear(group, kind, scans))
    }
  }

  #hear(group, kind, scans) {
    const known = this.views.get(group)?.computed_ms ?? -1
    if (kind !== "gap" && !scans.some((scan) => scan.computed_ms > known)) return
    this.load(group)
    this.loadHistory(group)
    this.loadSummary()
  }

  /** Groups were added, changed or removed, here or elsewhere. */
  #regroup(kind, changes) {
    if (kind === "snapshot") return // older than what was fetched
    this.loadSummary()
    const changed = this.groups.filter((group) => kind === "gap" || changes.some((change) => change.group === group))
    changed.forEach((group) => this.load(group))
    if (this.interval === "1d" && changes.some(({group, revision}) => revision && changed.includes(group))) this.scan()
  }

  #followScan(scan) {
    this.unscan?.()
    this.unscan = this.stream.subscribe(`scans:${scan}`, (kind, said) => (said.length ? this.#hearProgress(said.at(-1)) : this.#ask(scan)))
    this.#ask(scan)
  }

  async #ask(scan) {
    clearTimeout(this.asking)
    try {
      this.#hearProgress(await get(this.base, `/divergence/scans/${encodeURIComponent(scan)}`))
    } catch (error) {
      if (!this.scans.length) this.scanError = error
    }
    if (!this.stopped && this.isFetching) this.asking = setTimeout(() => this.#ask(scan), ASK_EVERY_MS)
    this.tell()
  }

  #hearProgress(said) {
    if (this.stopped || (this.progress?.scan === said.scan && (said.said_ms ?? 0) < (this.progress.said_ms ?? 0))) return
    this.progress = said
    for (const {group, computed_ms: computedMs} of said.groups ?? []) {
      if (computedMs != null && computedMs > (this.views.get(group)?.computed_ms ?? -1)) this.load(group)
    }
    this.tell()
  }

  /** The API is there again: everything may be newer. */
  #again() {
    if (!this.groups.length && !this.pasted.length) return this.#start()
    this.#show(this.groups)
    this.loadSummary()
    this.scan()
  }

  tell() {
    if (this.stopped) return
    this.telling ??= setTimeout(() => { // several answers at once are one change
      this.telling = null
      super.tell()
    })
  }
}
