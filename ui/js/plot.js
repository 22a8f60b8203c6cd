// One lightweight-charts chart: rows in, pixels out; linked to its group, driven by mouse, touch and keys.

import {Axis} from "./axis.js"
import {h} from "./dom.js"
import {groupOf} from "./linked.js"
import {isGap} from "./stretches.js"

const LIBRARY = "charts/lightweight-charts.standalone.production.mjs"
const HOME_PX_PER_SLOT = 5
const HOME_SLOTS = {least: 50, most: 160}
const DAY_MS = 86_400_000
const NEAR_SLOTS = 20 // as few left of the oldest ones in view: time to fetch older ones
const INVISIBLE = "transparent"
const FONT = 'Roboto, "Segoe UI", system-ui, sans-serif'

let loading = null

/** The chart library; it is brought by the build and may be missing. */
export function library() {
  if (!loading) {
    loading = import(new URL(LIBRARY, document.baseURI).href)
    loading.catch(() => { loading = null })
  }
  return loading
}

/** A design token of the page, as the charts' canvas needs it. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--o-${name}`).trim()
}

function options() {
  const grid = {color: token("grid")}
  const line = {color: token("t3"), labelBackgroundColor: token("bg3")}
  return {
    autoSize: true,
    layout: {
      background: {color: "transparent"}, textColor: token("t2"), fontFamily: FONT, fontSize: 11,
      panes: {separatorColor: token("line"), separatorHoverColor: token("bg3")},
      attributionLogo: true, // asked for by the library's licence notice
    },
    grid: {vertLines: grid, horzLines: grid},
    crosshair: {mode: 0, vertLine: line, horzLine: line},
    rightPriceScale: {borderVisible: false, minimumWidth: 72, entireTextOnly: true},
    timeScale: {
      borderVisible: false, timeVisible: true, minBarSpacing: 0.2,
      shiftVisibleRangeOnNewBar: false, // the group follows the newest bar, for all its charts at once
    },
    handleScroll: {vertTouchDrag: false}, // a finger moving up or down scrolls the page
    handleScale: {axisDoubleClickReset: {time: false, price: true}},
  }
}

export class Plot {
  /** `isWhole`: its rows stand for all there are, unevenly; home is all of them. */
  constructor(lib, box, {intervalMs, group, hasSessions = false, isWhole = false}) {
    this.box = box
    this.isWhole = isWhole
    this.axis = new Axis(intervalMs, {hasSessions, isUneven: isWhole})
    this.series = []
    this.rows = new Map() // open_ms -> row
    this.pointed = () => {} // told of the row under the cursor, or null
    this.nearStart = () => {} // told when the oldest rows come into view
    this.changed = () => {} // told when other rows are there than before
    this.cursorMs = null
    this.settling = null // the frame until which moves are the chart's own
    this.chart = lib.createChart(box, options())
    this.chart.timeScale().applyOptions({secondsVisible: intervalMs < 60_000, timeVisible: intervalMs < DAY_MS})
    this.group = groupOf(group)
    this.leave = this.group.join(this)
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.#moved(range))
    this.chart.timeScale().subscribeSizeChange(() => this.#resized())
    // Also fired when a chart slides under a resting cursor, hence no look at the event's source.
    this.chart.subscribeCrosshairMove((event) => this.group.leader === this && this.#crossed(event))
    const lead = () => { this.group.leader = this }
    for (const type of ["pointerenter", "pointerdown", "touchstart", "wheel", "focusin"]) {
      box.addEventListener(type, lead, {passive: true, capture: true})
    }
    box.addEventListener("keydown", (event) => this.#key(event))
    box.addEventListener("dblclick", () => this.group.live())
  }

  /** Add a series; `shape(row)` gives its point without the time, or null where it has none. */
  add(kind, seriesOptions, shape, {pane = 0, isLine = false} = {}) {
    const series = this.chart.addSeries(kind, seriesOptions, pane)
    this.series.push({series, shape, isLine})
    return series
  }

  get homeSlots() {
    return Math.max(HOME_SLOTS.least, Math.min(HOME_SLOTS.most, this.box.clientWidth / HOME_PX_PER_SLOT))
  }

  get newest() {
    return this.axis.lastMs === null ? null : this.rows.get(this.axis.lastMs)
  }

  /** Show these rows instead of what was there. */
  reset(rows) {
    const slots = this.axis.span(rows)
    this.rows = new Map(slots.filter(Boolean).map((row) => [row.open_ms, row]))
    for (const {series, shape, isLine} of this.series) {
      const items = slots.map((row, i) => this.#item(this.axis.timeOf(i), row, shape))
      if (isLine) breakLines(items, this.axis)
      series.setData(items)
    }
    this.group.grown(this)
    this.changed()
    this.#tell()
  }

  /** Add or replace one row in place. */
  update(row) {
    const {lastMs, firstMs, intervalMs} = this.axis
    if (firstMs === null || this.axis.isFull || row.open_ms < firstMs) {
      this.rows.set(row.open_ms, row)
      this.reset([...this.rows.values()].sort((a, b) => a.open_ms - b.open_ms))
      return
    }
    this.rows.set(row.open_ms, row)
    for (const {series, shape, isLine} of this.series) {
      const ends = isLine && isGap(this.axis, lastMs, row.open_ms) && this.#item(lastMs, this.rows.get(lastMs), shape)
      if (ends && ends.value !== undefined) series.update({...ends, color: INVISIBLE})
      for (let ms = lastMs + intervalMs; ms < row.open_ms; ms += intervalMs) series.update(this.#item(ms, null, shape))
      series.update(this.#item(row.open_ms, row, shape), row.open_ms < lastMs)
    }
    this.axis.lastMs = Math.max(lastMs, row.open_ms)
    this.group.grown(this)
    this.changed()
    this.#tell()
  }

  /** Show this stretch of time. */
  show({fromMs, toMs}) {
    if (this.axis.firstMs === null || !this.box.clientWidth) return
    this.chart.timeScale().setVisibleLogicalRange({from: this.axis.logicalOf(fromMs), to: this.axis.logicalOf(toMs)})
    // A crosshair that was put there stays at its pixel while the bars move on.
    if (this.group.pointedMs !== null && this.group.leader !== this) requestAnimationFrame(() => this.gone || this.point(this.group.pointedMs))
  }

  /** Put the crosshair at this time, or away (null). */
  point(ms) {
    if (!this.series.length) return
    const slotMs = ms === null || this.axis.firstMs === null ? null : Math.round(this.axis.timeOf(Math.floor(this.axis.logicalOf(ms) + 1e-6)))
    const {series, shape} = this.series[0]
    const row = this.rows.get(slotMs)
    const point = row && shape(row)
    if (point) this.chart.setCrosshairPosition(point.close ?? point.value, slotMs / 1000, series)
    else this.chart.clearCrosshairPosition()
    this.cursorMs = point ? slotMs : null
    this.#tell()
  }

  destroy() {
    this.gone = true
    this.leave()
    this.chart.remove()
  }

  #item(ms, row, shape) {
    return {time: ms / 1000, ...(row && shape(row))}
  }

  /** Keep the stretch of time. The library keeps the width of a bar, and says a frame later what it shows now: nobody panned. */
  #resized() {
    const show = () => this.gone || (this.group.range && this.show(this.group.range))
    cancelAnimationFrame(this.settling)
    this.settling = requestAnimationFrame(() => {
      this.settling = requestAnimationFrame(() => {
        this.settling = null
        show()
      })
    })
    show()
  }

  #moved(range) {
    if (!range || this.axis.firstMs === null) return
    if (range.from < NEAR_SLOTS) this.nearStart()
    if (this.settling !== null) return
    this.group.moved(this, {fromMs: this.axis.timeOf(range.from), toMs: this.axis.timeOf(range.to)})
  }

  #crossed(event) {
    this.cursorMs = event.time === undefined || !event.point ? null : event.time * 1000
    this.#tell()
    this.group.point(this, this.cursorMs)
  }

  #tell() {
    this.pointed(this.rows.get(this.cursorMs) ?? null)
  }

  #key(event) {
    const range = this.chart.timeScale().getVisibleLogicalRange()
    if (!range) return
    const width = range.to - range.from
    const steps = {ArrowLeft: [-0.1, -0.1], ArrowRight: [0.1, 0.1], "+": [0.1, 0], "=": [0.1, 0], "-": [-0.1, 0]}
    if (event.key === "End") this.group.live()
    else if (steps[event.key]) {
      const [from, to] = steps[event.key]
      this.chart.timeScale().setVisibleLogicalRange({from: range.from + from * width, to: range.to + to * width})
    } else return
    event.preventDefault()
  }
}

/** Let no line go on over a gap, nor over rows that have no value: each point's colour is that of the way to the next. */
export function breakLines(items, axis) {
  let before = null
  items.forEach((item, i) => {
    if (item.value === undefined) return
    const apart = before !== null && isGap(axis, items[before].time * 1000, item.time * 1000)
    if (apart) items[before] = {...items[before], color: INVISIBLE}
    before = i
  })
}

/** The button that leads back to the newest bar, shown only while another stretch is in view. */
export function liveButton(group) {
  const button = h("button", {class: "o-live", type: "button", onclick: () => groupOf(group).live()}, "To the newest bar →")
  const unwatch = groupOf(group).watch((following) => { button.hidden = following })
  return {button, unwatch}
}
