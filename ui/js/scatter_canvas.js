// Rows with closes of both legs -> pixels of a scatter. Log prices get logarithmic axes, so that the
// regression is a straight line either way.

import {decimalsFor, number} from "./format.js"
import {token} from "./plot.js"

const MARGIN = {left: 8, right: 66, top: 26, bottom: 22}
const ROOM = 0.06 // of the range, on each side
const MOST_TICKS = {x: 5, y: 6}
const REACH_PX = 24 // of the cursor
const TAU = 2 * Math.PI
const STEPS = [1, 2, 2.5, 5, 10]

function rangeOf(values) {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = (high - low) * ROOM || Math.abs(high) * 1e-4 || 1
  return [low - room, high + room]
}

/** The scales: price <-> pixel of each axis. */
export function axesOf(box, {shown, line}) {
  const isLog = (line ?? shown.at(-1))?.prices === "log"
  const of = isLog ? Math.log : (price) => price
  const price = isLog ? Math.exp : (value) => value
  const [x0, x1] = rangeOf(shown.map((row) => of(row.x_close)))
  const [y0, y1] = rangeOf(shown.map((row) => of(row.y_close)))
  const width = box.clientWidth - MARGIN.left - MARGIN.right
  const height = box.clientHeight - MARGIN.top - MARGIN.bottom
  return {
    of, price, x0, x1, y0, y1, width, height,
    px: (value) => MARGIN.left + ((value - x0) / (x1 - x0)) * width,
    py: (value) => MARGIN.top + (1 - (value - y0) / (y1 - y0)) * height,
  }
}

/** Round prices between two. */
export function ticksOf(low, high, most) {
  const raw = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = STEPS.map((each) => each * power).find((each) => each >= raw)
  const first = Math.ceil(low / step) * step
  return {step, ticks: Array.from({length: Math.floor((high - first) / step) + 1}, (_, i) => first + i * step)}
}

/** The row under the cursor, or null. */
export function nearest(shown, axes, event) {
  let [best, least] = [null, REACH_PX ** 2]
  for (const row of shown) {
    const away = (axes.px(axes.of(row.x_close)) - event.offsetX) ** 2 + (axes.py(axes.of(row.y_close)) - event.offsetY) ** 2
    if (away < least) [best, least] = [row, away]
  }
  return best
}

function drawGrid(context, axes) {
  const right = MARGIN.left + axes.width
  const bottom = MARGIN.top + axes.height
  context.strokeStyle = token("grid")
  context.fillStyle = token("t2")
  context.lineWidth = 1
  context.beginPath()
  const xs = ticksOf(axes.price(axes.x0), axes.price(axes.x1), MOST_TICKS.x)
  context.textAlign = "center"
  for (const tick of xs.ticks) {
    const at = Math.round(axes.px(axes.of(tick))) + 0.5
    context.moveTo(at, MARGIN.top)
    context.lineTo(at, bottom)
    if (at > MARGIN.left + 16 && at < right - 8) context.fillText(number(tick, decimalsFor(xs.step, 1)), at, bottom + 15)
  }
  const ys = ticksOf(axes.price(axes.y0), axes.price(axes.y1), MOST_TICKS.y)
  context.textAlign = "left"
  for (const tick of ys.ticks) {
    const at = Math.round(axes.py(axes.of(tick))) + 0.5
    context.moveTo(MARGIN.left, at)
    context.lineTo(right, at)
    context.fillText(number(tick, decimalsFor(ys.step, 1)), right + 8, at + 4)
  }
  context.stroke()
}

function drawLine(context, axes, line) {
  const y = (x) => line.intercept + line.hedge_ratio * x
  context.save()
  context.beginPath()
  context.rect(MARGIN.left, MARGIN.top, axes.width, axes.height)
  context.clip()
  context.strokeStyle = token("accent")
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(axes.px(axes.x0), axes.py(y(axes.x0)))
  context.lineTo(axes.px(axes.x1), axes.py(y(axes.x1)))
  context.stroke()
  context.restore()
}

function drawPoint(context, axes, row, {radius, colour}) {
  context.fillStyle = colour
  context.beginPath()
  context.arc(axes.px(axes.of(row.x_close)), axes.py(axes.of(row.y_close)), radius, 0, TAU)
  context.fill()
}

/** Draw the points, the line, the newest point and the one under the cursor. */
export function drawScatter(canvas, box, {shown, line, at}) {
  const scale = devicePixelRatio || 1
  const [width, height] = [box.clientWidth, box.clientHeight]
  if (!width || !height || shown.length < 2) return
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale)
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale)
  const context = canvas.getContext("2d")
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = "11px Roboto, sans-serif"
  const axes = axesOf(box, {shown, line})
  drawGrid(context, axes)
  const colour = token("violet")
  shown.forEach((row, i) => {
    context.globalAlpha = 0.15 + 0.65 * (i / shown.length) ** 2
    drawPoint(context, axes, row, {radius: 2.4, colour})
  })
  context.globalAlpha = 1
  if (line) drawLine(context, axes, line)
  drawPoint(context, axes, shown.at(-1), {radius: 4.5, colour: token("ground")})
  drawPoint(context, axes, shown.at(-1), {radius: 3.5, colour: token("warn")})
  if (at) drawPoint(context, axes, at, {radius: 4, colour: token("t1")})
}
